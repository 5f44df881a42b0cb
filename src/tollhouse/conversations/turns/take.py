"""One turn: load and compose (`composing`), answer, append (`concluding`).

The question is written once, with its run, before anything is asked; the answer once, with the end of the run, after
everything was said. In between no transaction is open. Whoever executes a run calls `take`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any

import msgspec

from tollhouse.cache import wishes
from tollhouse.conversations.conversing import Conversing
from tollhouse.conversations.keeping import titles
from tollhouse.conversations.messages.asking import write_request
from tollhouse.conversations.runs.under_way import Outcome, Running
from tollhouse.conversations.turns import composing
from tollhouse.conversations.turns.concluding import conclude
from tollhouse.conversations.turns.endings import ending_of, error_view, going_on
from tollhouse.conversations.turns.hearing import Heard
from tollhouse.dialects import chat, openai_chat, openai_responses
from tollhouse.errors import TollhouseError, UpstreamTimeout
from tollhouse.gateway.answer import answer
from tollhouse.gateway.exchange import Exchange
from tollhouse.gateway.identify import Caller
from tollhouse.telemetry import Event, log

SURFACE = "conversations"
RESPONSES = "responses"


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a turn was asked for: what row and trace of the request tell. `request_id` is the first attempt's own."""

    request_id: str
    ip: str | None = None
    user_agent: str | None = None
    client_request_id: str | None = None
    tag: str | None = None
    traceparent: bytes | None = None


async def take(
    run: Mapping[str, Any],
    caller: Caller,
    origin: Origin,
    running: Running,
    conversing: Conversing,
    *,
    stream: bool,
    told: Sequence[chat.Message] | None = None,
) -> Outcome:
    """Execute one attempt of a run, whose row says `running`, and write how it ended.

    Being cancelled is one of the ways to end: who stops us waits until that is written.

    Args:
        told: the question with what fits of its history, when somebody knows it already.
    """
    if run["attempt"] > 1:
        running.tell("run.reset", {"run": run["id"], "attempt": run["attempt"]})
    running.tell(
        "run.started", {"run": run["id"], "conversation": run["conversation_id"], "message": run["message_id"]}
    )
    exchange = _exchange(run, caller, origin, conversing)
    running.exchange = exchange
    exchange.put = lambda handler, item: running.owed.append((handler, item))
    try:
        outcome, error = await _attempt(run, caller, exchange, running, conversing, stream=stream, told=told)
    finally:
        for handler, item in running.owed:
            conversing.store.put(handler, item)
    if outcome.run.status == "succeeded" and conversing.habits.title_model is not None:
        titled = titles.make(conversing, caller, run["conversation_id"], run["message_id"], origin.tag)
        conversing.under_way.afterwards(titled)
    if isinstance(error, Exception):
        return msgspec.structs.replace(outcome, error=error)
    return outcome


async def _attempt(
    run: Mapping[str, Any],
    caller: Caller,
    exchange: Exchange,
    running: Running,
    conversing: Conversing,
    *,
    stream: bool,
    told: Sequence[chat.Message] | None,
) -> tuple[Outcome, BaseException | None]:
    """Ask, hear, and write what came of it: the answer with its settlement, or neither."""
    heard = Heard(running.tell, exchange.dialect, is_streamed=stream)
    error: BaseException | None = None
    try:
        if told is None:
            exchange.body, exchange.request = await composing.question(run, caller, conversing, stream=stream)
        else:
            exchange.body = write_request(run["model"], told, run["settings"], stream=stream)
        async with aclosing(answer(exchange, None, conversing.steps)) as pieces:
            async for piece in pieces:
                heard.add(piece)
        ending = ending_of(exchange, *heard.answer())
    except BaseException as caught:
        error = too_late() if running.is_late else caught
        if not isinstance(caught, TollhouseError | asyncio.CancelledError):
            log.error(Event.REQUEST_FAILED, request=exchange.id, exc_info=caught)
        ending = ending_of(exchange, heard.so_far(), error=error, is_late=running.is_late)
    if run["background"]:
        ending = going_on(ending, run, error, now=conversing.clock.now(), chance=conversing.chance())
    try:
        outcome = await conclude(run, ending, running, conversing)
    except TollhouseError as trouble:
        running.tell("run.failed", {"id": run["id"], "status": "failed", "error": error_view(trouble)})
        raise
    return outcome, error


def _exchange(run: Mapping[str, Any], caller: Caller, origin: Origin, conversing: Conversing) -> Exchange:
    clock = conversing.clock
    exchange = Exchange(
        request_id=origin.request_id,
        surface=SURFACE if run["response"] is None else RESPONSES,
        dialect=openai_chat if run["response"] is None else openai_responses,
        body=b"",
        began_s=clock.monotonic(),
        began_us=clock.time_ns() // 1_000,
    )
    exchange.caller = caller
    exchange.ip = origin.ip
    exchange.user_agent = origin.user_agent
    exchange.client_request_id = origin.client_request_id
    exchange.tag = origin.tag
    exchange.traceparent = origin.traceparent
    exchange.run_id = run["id"]
    if run["tip_id"] is not None:
        exchange.wishes = wishes.ANOTHER
    # In the background we try again ourselves, and later.
    exchange.may_repeat = not run["background"]
    return exchange


def too_late() -> UpstreamTimeout:
    """Why a run failed whose deadline passed while it was under way."""
    return UpstreamTimeout("The run's deadline passed before it was answered.", code="deadline_exceeded")
