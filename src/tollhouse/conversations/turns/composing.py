"""What a model is told of a conversation: the question, after what of its history fits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tollhouse.conversations.conversing import Conversing
from tollhouse.conversations.messages.asking import cap_of, response_request, write_request
from tollhouse.conversations.messages.history import Fitted, Kept, fit, whole
from tollhouse.conversations.messages.parts import load
from tollhouse.dialects import chat, openai_responses
from tollhouse.gateway import route
from tollhouse.gateway.identify import Caller
from tollhouse.store import conversations as sql
from tollhouse.store.engine import Reading

ANSWER_TOKENS = 4_096
"""Kept free for the answer when neither the settings nor the model say how long it may be."""

ANSWER_SHARE = 4
"""But no more than one part in so many of the model's window."""


async def question(
    run: Mapping[str, Any], caller: Caller, conversing: Conversing, *, stream: bool
) -> tuple[bytes, chat.ChatRequest | None]:
    """The question with its history: as a chat completion, or as the response it was asked for.

    Of a response, what other dialects are told comes with it: its body has no room for all they may hear again.
    """

    def query(tx: Reading) -> tuple[Any, list[Any]]:
        conversation = sql.find(tx, caller.user_id, run["conversation_id"], is_deleted=None)
        return conversation, sql.path(tx, caller.user_id, run["conversation_id"], run["message_id"])

    conversation, rows = await conversing.store.read(query)
    model, branch, response = run["model"], [kept(row) for row in rows], run["response"]
    if response is not None and response["fields"].get("truncation") != "auto":
        told = whole(branch)
    else:
        settings = run["settings"] if response is None else response["fields"]
        system = conversation["system"] if response is None else None
        fitted = await compose(conversing, caller, model=model, settings=settings, system=system, branch=branch)
        told = fitted.messages
    if response is None:
        return write_request(model, told, run["settings"], stream=stream), None
    asked = response_request(response["fields"], model, told, stream=stream, system=conversation["system"])
    return openai_responses.write_request(asked), asked


async def compose(
    conversing: Conversing,
    caller: Caller,
    *,
    model: str,
    settings: Mapping[str, Any],
    system: str | None,
    branch: list[Kept],
) -> Fitted:
    """What of a branch is told to a model.

    Raises:
        ModelNotFound, NoCredential: nobody can answer.
        TooLarge: what is asked now does not fit.
    """
    steps = conversing.steps
    found = route.candidates(model, caller, steps.reachable)
    # Where the route's strategy chooses, it must fit into each of them.
    asked_first = found[:1] if found[0].strategy == "fallback" else found
    terms = [await steps.calling.pricebook.terms(one.provider, one.model) for one in asked_first]
    context_tokens = min(each.context_tokens or conversing.habits.unknown_context_tokens for each in terms)
    most = min(
        *(each.max_output_tokens or ANSWER_TOKENS for each in terms), ANSWER_TOKENS, context_tokens // ANSWER_SHARE
    )
    return fit(branch, system=system, context_tokens=context_tokens, answer_tokens=cap_of(settings) or most)


def kept(row: Mapping[str, Any]) -> Kept:
    """A message's row as history sees it."""
    return Kept(role=row["role"], parts=load(row["parts"]), tokens=row["tokens"], pinned=row["pinned"])
