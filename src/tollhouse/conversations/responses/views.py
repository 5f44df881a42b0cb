"""A run as OpenAI's clients see it: the response object, with all its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

import msgspec

from tollhouse.conversations.messages.items import Item, items_of
from tollhouse.conversations.messages.views import MessageView, RunStatus, RunView, TokensView
from tollhouse.conversations.responses.kept_items import CUT_SHORT
from tollhouse.dialects import chat
from tollhouse.dialects.openai_responses.answer import DEFAULT_TIER, incomplete_reason, response
from tollhouse.dialects.openai_responses.repeated import repeat_request
from tollhouse.errors import NotFound

PREFIX: Final = "resp"

STATUSES: Final[Mapping[RunStatus, str]] = {
    "queued": "queued",
    "running": "in_progress",
    "retrying": "in_progress",
    "succeeded": "completed",
    "failed": "failed",
    "cancelled": "cancelled",
}


def response_id(run_id: str) -> str:
    """What the response of a run is called."""
    return f"{PREFIX}_{run_id.partition('_')[2]}"


def run_id(name: str) -> str:
    """The run that a response is. Raises NotFound for what is no response's name."""
    prefix, _, rest = name.partition("_")
    if prefix != PREFIX or not rest:
        raise no_response()
    return f"run_{rest}"


def no_response() -> NotFound:
    """There is no response of that name, or none of the caller's."""
    return NotFound("There is no such response. Only what was asked for with `store` is kept.")


def shown(run: RunView, kept: Mapping[str, Any], include: frozenset[str]) -> dict[str, Any]:
    """The response of a run; `kept` is what the run's row keeps of how it was asked for."""
    why = incomplete_reason(reason_of(run.answer))
    head = {"id": response_id(run.id), "created_at": int(run.created_at.timestamp()), "model": model_of(run)}
    whole = response(head, status_of(run), output_of(run.answer, include), usage_of(run), why)
    return whole | repeated(run, kept)


def repeated(run: RunView, kept: Mapping[str, Any]) -> dict[str, Any]:
    """What a response repeats of its request, and what else is known of it without its answer."""
    said = kept["fields"]
    ended = None if run.finished_at is None or run.status != "succeeded" else int(run.finished_at.timestamp())
    return {
        **repeat_request(msgspec.json.encode(said)),
        "background": run.background,
        "completed_at": ended,
        "conversation": {"id": run.conversation},
        "error": error_of(run),
        "metadata": kept["metadata"],
        "previous_response_id": kept["previous"],
        "service_tier": said.get("service_tier", DEFAULT_TIER),
        "store": True,
    }


def status_of(run: RunView) -> str:
    """The run's state in OpenAI's words."""
    if run.status == "succeeded" and incomplete_reason(reason_of(run.answer)) is not None:
        return "incomplete"
    return STATUSES[run.status]


def output_of(answer: MessageView | None, include: frozenset[str]) -> list[Item]:
    """What was answered, item by item."""
    if answer is None:
        return []
    status = "incomplete" if answer.finish_reason in CUT_SHORT else "completed"
    return items_of(answer.id, "assistant", answer.content, status=status, include=include)


def reason_of(answer: MessageView | None) -> chat.FinishReason:
    """Why the answer ended."""
    return "other" if answer is None else cast("chat.FinishReason", answer.finish_reason)


def model_of(run: RunView) -> str:
    """Who answered; until that is known, who was asked."""
    return (run.answer.model if run.answer is not None else None) or run.model


def usage_of(run: RunView) -> chat.Usage | None:
    """What was counted; of an answer that was given again, when it was first made."""
    usage: TokensView | None = run.usage
    if run.usage is not None and run.usage.kept is not None:
        usage = run.usage.kept
    if usage is None:
        return None
    return chat.Usage(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        input_cached_tokens=usage.input_cached_tokens,
        output_reasoning_tokens=usage.output_reasoning_tokens,
    )


def error_of(run: RunView) -> dict[str, Any] | None:
    """Why it failed: OpenAI has a word for few of the reasons, and the message says the rest."""
    if run.error is None or run.status != "failed":
        return None
    code = "server_error"
    if run.error.status == 429:
        code = "rate_limit_exceeded"
    elif run.error.status < 500:
        code = "invalid_prompt"
    return {"code": code, "message": run.error.message}
