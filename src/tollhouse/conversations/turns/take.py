"""One turn: load, compose, answer, append.

The question is written once, with its run, before anything is asked; the answer once, with the end of the run, after
everything was said. In between no transaction is open. Whoever executes a run calls `take`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from tollhouse.conversations import titles
from tollhouse.conversations.asking import cap_of, write_request
from tollhouse.conversations.conversing import Conversing
from tollhouse.conversations.endings import Ending, ending_of, error_view, going_on
from tollhouse.conversations.hearing import STOPPED, Heard
from tollhouse.conversations.history import Fitted, Kept, fit, whole
from tollhouse.conversations.parts import dump, load, words_of
from tollhouse.conversations.recording import RENDERED, RunEvent, dumped
from tollhouse.conversations.response_asking import request_of
from tollhouse.conversations.under_way import Outcome, Running
from tollhouse.conversations.views import ErrorView, RunStatus, message_view, run_view
from tollhouse.dialects import chat, openai_chat, openai_responses
from tollhouse.errors import TollhouseError, Unavailable, UpstreamTimeout
from tollhouse.gateway import route
from tollhouse.gateway.answer import answer
from tollhouse.gateway.exchange import Exchange
from tollhouse.gateway.identify import Caller
from tollhouse.notify import runs as notify
from tollhouse.store import conversations as sql
from tollhouse.store import run_events, runs, searching
from tollhouse.store.engine import Along, Reading, Writing
from tollhouse.telemetry import Event, log

T = TypeVar("T")

SURFACE = "conversations"
RESPONSES = "responses"

ANSWER_TOKENS = 4_096
"""Kept free for the answer when neither the settings nor the model say how long it may be."""

ANSWER_SHARE = 4
"""But no more than one part in so many of the model's window."""


PAUSES_S = (0.1, 0.5, 2.0, 5.0)
"""When the database cannot take what was paid for, it is asked again after these."""


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a turn was asked for: what the request's row tells of it. `request_id` is the first attempt's own."""

    request_id: str
    ip: str | None = None
    user_agent: str | None = None
    client_request_id: str | None = None
    tag: str | None = None


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
            exchange.body, exchange.request = await _question(run, caller, conversing, stream=stream)
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
        said = heard.so_far() if running.is_stopped else ()
        ending = ending_of(exchange, said, error=error, is_late=running.is_late)
    if run["background"]:
        ending = going_on(ending, run, error, now=conversing.clock.now(), chance=conversing.chance())
    try:
        outcome = await _to_the_end(_conclude(run, ending, running, conversing))
    except TollhouseError as trouble:
        running.tell("run.failed", {"id": run["id"], "status": "failed", "error": error_view(trouble)})
        raise
    return outcome, error


def repeated(outcome: Outcome, attempt: int) -> Running:
    """A run that had succeeded before it was asked for again: it tells its end."""
    running = Running(outcome.run.id, attempt)

    async def tell() -> Outcome:
        running.tell("message.completed", outcome.run.answer)
        running.tell("run.succeeded", outcome.run)
        return outcome

    running.start(tell())
    return running


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
    candidate = route.candidates(model, caller, steps.reachable)[0]
    terms = await steps.calling.pricebook.terms(candidate.provider, candidate.model)
    context_tokens = terms.context_tokens or conversing.habits.unknown_context_tokens
    most = min(terms.max_output_tokens or ANSWER_TOKENS, ANSWER_TOKENS, context_tokens // ANSWER_SHARE)
    return fit(branch, system=system, context_tokens=context_tokens, answer_tokens=cap_of(settings) or most)


def kept(row: Mapping[str, Any]) -> Kept:
    """A message's row as history sees it."""
    return Kept(role=row["role"], parts=load(row["parts"]), tokens=row["tokens"], pinned=row["pinned"])


async def _question(
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
    asked = request_of(response["fields"], model, told, stream=stream, system=conversation["system"])
    return openai_responses.write_request(asked), asked


def too_late() -> UpstreamTimeout:
    """Why a run failed whose deadline passed while it was under way."""
    return UpstreamTimeout("The run's deadline passed before it was answered.", code="deadline_exceeded")


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
    exchange.run_id = run["id"]
    # In the background we try again ourselves, and later.
    exchange.may_repeat = not run["background"]
    return exchange


async def _to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Do it, however often we are cancelled meanwhile: an answer that was paid is written."""
    task = asyncio.create_task(work)
    while not task.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.shield(task)
    return task.result()


async def _conclude(run: Mapping[str, Any], ending: Ending, running: Running, conversing: Conversing) -> Outcome:
    """Write the answer, the end of the attempt, its settlement and what was told of it, together or not at all."""
    rows = [] if running.recorder is None else await running.recorder.close()
    now = conversing.clock.now()

    def work(tx: Writing) -> tuple[Outcome, list[RunEvent]]:
        outcome = _end(tx, run, ending, running, conversing, now)
        last = _last_words(outcome, ending, running) if outcome.run.attempt == run["attempt"] else []
        if running.recorder is not None:
            rendered = [running.recorder.row(event, None) for event in last if event.name in RENDERED]
            told = [running.recorder.row(event, dumped(event.data)) for event in last if event.name not in RENDERED]
            run_events.append(tx, [*rows, *told, *rendered])
        return outcome, last

    outcome, last = await _written(conversing, work, running.owed)
    running.owed.clear()
    for event in last:
        running.say(event)
    if running.recorder is not None:
        running.recorder.announce()
    if run["background"] and outcome.run.finished_at is not None and outcome.run.attempt == run["attempt"]:
        conversing.on_ended(outcome.run.status)
    return outcome


async def _written(conversing: Conversing, work: Callable[[Writing], T], along: Along) -> T:
    for pause_s in PAUSES_S:
        try:
            return await conversing.store.write(work, along)
        except Unavailable:
            await asyncio.sleep(pause_s)
    return await conversing.store.write(work, along)


def _end(
    tx: Writing, run: Mapping[str, Any], ending: Ending, running: Running, conversing: Conversing, now: datetime
) -> Outcome:
    """The end, unless somebody else has ended the run or taken it up; what it cost is kept in any case of ours."""
    user_id, conversation_id = run["user_id"], run["conversation_id"]
    request_id = None if running.exchange is None else running.exchange.id
    conversation = sql.lock(tx, user_id, conversation_id, is_deleted=None)
    # `failed` in the same attempt: we had been taken for dead.
    since, values = ("running", "failed"), {**ending.values(run, now), "request_id": request_id}
    moved = runs.move(tx, run["id"], since=since, attempt=run["attempt"], values=values)
    if moved and run["background"]:
        note_end(tx, conversing, run, ending.status, ending.error, now)
    if not moved and request_id is not None:
        moved = runs.account(tx, run["id"], run["attempt"], {**ending.account, "request_id": request_id})
        if moved:
            ending = msgspec.structs.replace(ending, finish_reason=STOPPED)
    if moved and ending.parts:
        _append(tx, run, ending, conversation, now)
    row = runs.find(tx, user_id, run["id"])
    question = sql.find_message(tx, user_id, conversation_id, run["message_id"])
    if row is None or question is None:
        raise ValueError("a run without a row, or without a question")
    return Outcome(run=run_view(row, runs.answer_of(tx, run["id"])), message=message_view(question))


def _last_words(outcome: Outcome, ending: Ending, running: Running) -> list[RunEvent]:
    """What is told of the end of an attempt."""
    told: list[tuple[str, Any]] = []
    match outcome.run.status:
        case "retrying" if ending.error is not None:
            told.append(("run.retrying", {"next_try_at": ending.next_try_at, "reason": ending.error}))
        case "succeeded" | "failed" | "cancelled" as status:
            if outcome.run.answer is not None:
                told.append(("message.completed", outcome.run.answer))
            told.append((f"run.{status}", outcome.run))
    return [running.upcoming(name, data, ahead) for ahead, (name, data) in enumerate(told, start=1)]


def fail(tx: Writing, conversing: Conversing, run: Mapping[str, Any], error: ErrorView, now: datetime) -> None:
    """End a run that may not begin."""
    values = {"status": "failed", "error": msgspec.to_builtins(error), "next_try_at": None, "finished_at": now}
    runs.move(tx, run["id"], since=(run["status"],), attempt=run["attempt"], values=values)
    note_end(tx, conversing, run, "failed", error, now)


def note_end(
    tx: Writing,
    conversing: Conversing,
    run: Mapping[str, Any],
    status: RunStatus,
    error: ErrorView | None,
    now: datetime,
) -> None:
    """Let those be told who want to hear of it, if a run in the background has ended."""
    if status == "succeeded" or status == "failed" or status == "cancelled":
        code = None if error is None else error.code
        notify.note_end(tx, run, status, error=code, now=now, channels=conversing.channels)


def _append(tx: Writing, run: Mapping[str, Any], ending: Ending, conversation: Any, now: Any) -> None:
    """The answer, after its question; what was said meanwhile comes after the answer."""
    said = {
        "parts": dump(ending.parts),
        "tokens": ending.tokens,
        "tokens_estimated": ending.tokens_estimated,
        "model": ending.model,
        "finish_reason": ending.finish_reason,
    }
    known = runs.answer_of(tx, run["id"])
    if known is not None:
        answer_id = known["id"]
        sql.change_message(tx, run["user_id"], answer_id, said)
    else:
        answer_id = answer_name(run["id"])
        sql.add_message(tx, {**message_row(run, answer_id, now), **said, "role": "assistant", "run_id": run["id"]})
        sql.adopt(tx, run["message_id"], answer_id, since=run["started_at"])
    tip = answer_id if conversation["tip_id"] == run["message_id"] else conversation["tip_id"]
    sql.change(tx, run["user_id"], run["conversation_id"], {"tip_id": tip, "active_at": now})
    index_message(tx, run, answer_id, words_of(ending.parts))


def answer_name(run_id: str) -> str:
    """What the message is called that a run writes: known before there is one, so that its items can be named."""
    return f"msg_{run_id.partition('_')[2]}"


def message_row(run: Mapping[str, Any], message_id: str, now: Any) -> dict[str, Any]:
    """A message that follows a run's question, without what it says."""
    return {
        "id": message_id,
        "conversation_id": run["conversation_id"],
        "user_id": run["user_id"],
        "parent_id": run["message_id"],
        "pinned": False,
        "created_at": now,
    }


def index_message(tx: Writing, owned: Mapping[str, Any], message_id: str, words: str) -> None:
    """Let a message be found."""
    if words:
        searching.index(
            tx,
            subject_id=message_id,
            conversation_id=owned["conversation_id"],
            user_id=owned["user_id"],
            words=words,
        )
