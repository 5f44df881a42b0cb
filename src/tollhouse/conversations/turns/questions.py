"""Ask: the question and its run are written in one transaction, before anything is called; then the run begins.

In the background that row, `queued`, is all there is to do: a worker finds it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from tollhouse import ids
from tollhouse.conversations.conversing import Conversing
from tollhouse.conversations.keeping.appending import go_on
from tollhouse.conversations.keeping.index import index_message
from tollhouse.conversations.keeping.records import found, found_message, locked
from tollhouse.conversations.messages.asking import checked_settings
from tollhouse.conversations.messages.history import Kept, estimate_parts
from tollhouse.conversations.messages.parts import AnyPart, Role, dump, read_asked, words_of
from tollhouse.conversations.messages.views import MessageView, message_view, run_view
from tollhouse.conversations.runs.under_way import Running
from tollhouse.conversations.turns import composing
from tollhouse.conversations.turns.beginning import (
    FRESH,
    QUEUED,
    Asked,
    Ended,
    How,
    Queued,
    Wanted,
    add_run,
    start,
    started,
)
from tollhouse.conversations.turns.take import Origin
from tollhouse.errors import Conflict, NotFound, Unprocessable
from tollhouse.gateway.identify import Caller
from tollhouse.store import conversations as sql
from tollhouse.store import runs
from tollhouse.store.engine import Reading, Writing

QUESTIONS = ("user", "tool")


async def ask(
    conversing: Conversing, caller: Caller, conversation_id: str, said: Any, how: How, *, parent: str | None = None
) -> Asked:
    """Say something, and let it be answered.

    Args:
        said: as `parts.read_asked` takes it.
        parent: the message to go on from; the conversation's tip unless said.

    Raises:
        NotFound: no such conversation, or no such parent in it.
        InvalidRequest, Unprocessable: what is wrong with the message, the model or the settings.
        TooLarge: it does not fit into what the model reads.
        Conflict: it is being answered at this moment, under the same key.
    """
    role, parts = read_said(conversing, said)
    known = await _repeated(conversing, caller, conversation_id, parts, how)
    if known is not None:
        return known

    def query(tx: Reading) -> tuple[Any, list[Any]]:
        row = found(tx, caller, conversation_id)
        before = row["tip_id"] if parent is None else found_message(tx, caller, conversation_id, parent)["id"]
        return row, sql.path(tx, caller.user_id, conversation_id, before)

    row, before = await conversing.store.read(query)
    new = Kept(role=role, parts=parts, tokens=estimate_parts(parts))
    wanted = await _checked(conversing, caller, row, how, [*map(composing.kept, before), new])
    question = _question(conversing, row, new)

    def work(tx: Writing) -> tuple[Any, bool]:
        now = locked(tx, caller, conversation_id)
        is_same = parent is not None or now["tip_id"] == row["tip_id"]
        run = _write(tx, conversing, caller, row, {**question, "parent_id": parent or now["tip_id"]}, wanted, how)
        return run, is_same

    run, is_same = await conversing.store.write(work)
    return start(conversing, caller, run, how, told=wanted.told if is_same else None)


async def edit(
    conversing: Conversing, caller: Caller, conversation_id: str, message_id: str, said: Any, how: How
) -> Asked:
    """Say it otherwise: a new message beside the old one begins a branch, and is answered. Raises as `ask`."""
    role, parts = read_said(conversing, said)

    def query(tx: Reading) -> tuple[Any, Any, list[Any]]:
        row = found(tx, caller, conversation_id)
        old = found_message(tx, caller, conversation_id, message_id)
        return row, old, sql.path(tx, caller.user_id, conversation_id, old["parent_id"])

    row, old, before = await conversing.store.read(query)
    if old["role"] not in QUESTIONS:
        raise Unprocessable("Only what you said can be said otherwise; give `answer: false` to keep an edited answer.")
    new = Kept(role=role, parts=parts, tokens=estimate_parts(parts))
    wanted = await _checked(conversing, caller, row, how, [*map(composing.kept, before), new])
    question = {**_question(conversing, row, new), "parent_id": old["parent_id"]}

    def work(tx: Writing) -> Any:
        locked(tx, caller, conversation_id)
        return _write(tx, conversing, caller, row, question, wanted, how)

    return start(conversing, caller, await conversing.store.write(work), how, told=wanted.told)


async def rewrite(
    conversing: Conversing, caller: Caller, conversation_id: str, message_id: str, said: Any
) -> MessageView:
    """Keep other words beside a message, the user's own or a model's, and go on from them. Nobody is asked.

    Raises NotFound, InvalidRequest, Unprocessable.
    """
    _, parts = read_said(conversing, said)

    def work(tx: Writing) -> MessageView:
        row = locked(tx, caller, conversation_id)
        old = found_message(tx, caller, conversation_id, message_id)
        new = Kept(role=old["role"], parts=parts, tokens=estimate_parts(parts))
        written = {**_question(conversing, row, new), "parent_id": old["parent_id"]}
        _say(tx, conversing, row, written, new)
        return message_view(sql.find_message(tx, caller.user_id, conversation_id, written["id"]) or {})

    return await conversing.store.write(work)


async def regenerate(conversing: Conversing, caller: Caller, conversation_id: str, message_id: str, how: How) -> Asked:
    """Answer again: a question, or the question of an answer. The new answer begins a branch beside the old one.

    The conversation goes on from the new answer once it is there, unless it has gone on elsewhere by then.

    Raises as `ask`.
    """

    def query(tx: Reading) -> tuple[Any, Any, list[Any]]:
        row = found(tx, caller, conversation_id)
        question = found_message(tx, caller, conversation_id, message_id)
        if question["role"] not in QUESTIONS and question["parent_id"] is not None:
            question = found_message(tx, caller, conversation_id, question["parent_id"])
        return row, question, sql.path(tx, caller.user_id, conversation_id, question["id"])

    row, question, branch = await conversing.store.read(query)
    if question["role"] not in QUESTIONS:
        raise Unprocessable("There is no question before this message.")
    wanted = await _checked(conversing, caller, row, how, [*map(composing.kept, branch)])

    def work(tx: Writing) -> Any:
        tip = locked(tx, caller, conversation_id)["tip_id"]
        return add_run(tx, conversing, caller, question, wanted, how, tip=tip)

    return start(conversing, caller, await conversing.store.write(work), how, told=wanted.told)


async def retry(
    conversing: Conversing,
    caller: Caller,
    run_id: str,
    origin: Origin,
    *,
    stream: bool = False,
    background: bool | None = None,
) -> Running | Queued:
    """Try a run again that failed or was cancelled: another attempt at the same question.

    Args:
        background: where; None for where it was executed before.

    Raises:
        NotFound: no such run.
        Conflict: it is under way, or has succeeded.
    """
    row = await conversing.store.read(lambda tx: runs.find(tx, caller.user_id, run_id))
    if row is None:
        raise NotFound("There is no such run.")
    caller.require("inference")
    is_later = row["background"] if background is None else background
    again = {"background": is_later, "token_id": caller.token_id, "origin": msgspec.to_builtins(origin)}
    values = {**again, **(QUEUED if is_later else started(conversing, row["attempt"] + 1)), **FRESH}

    def work(tx: Writing) -> bool:
        found(tx, caller, row["conversation_id"])
        moved = runs.move(tx, run_id, since=("failed", "cancelled"), attempt=row["attempt"], values=values)
        if moved and not is_later:
            runs.begin_attempt(tx, {**row, **values}, origin.request_id)
        return moved

    if row["finished_at"] is None or not await conversing.store.write(work):
        raise Conflict(f"The run is {row['status']}; only one that failed or was cancelled can be tried again.")
    return start(conversing, caller, {**row, **values}, How(origin=origin, stream=stream, background=is_later))


def read_said(conversing: Conversing, said: Any) -> tuple[Role, tuple[AnyPart, ...]]:
    """The message, as long as the operator lets it be. Raises InvalidRequest, Unprocessable."""
    role, parts = read_asked(said)
    most, chars = conversing.habits.max_message_chars, len(words_of(parts))
    if most is not None and chars > most:
        raise Unprocessable(
            f"The message has {chars:,} characters; at most {most:,} are taken here.",
            code="message_too_long",
            param="message",
            details={"characters": chars, "max_characters": most},
        )
    return role, parts


# --- what is checked, and what is written ----------------------------------------------------------------------------


async def _checked(conversing: Conversing, caller: Caller, row: Any, how: How, branch: list[Kept]) -> Wanted:
    """Refuse what cannot be answered before anything is written."""
    caller.require("inference")
    model = how.model or row["model"]
    if model is None:
        raise Unprocessable("Say which model answers: here, or as the conversation's own.", param="model")
    settings = {**row["settings"], **checked_settings(how.settings)}
    system = row["system"]
    fitted = await composing.compose(conversing, caller, model=model, settings=settings, system=system, branch=branch)
    return Wanted(model=model, settings=settings, priority=how.priority, key=how.key, told=fitted.messages)


async def _repeated(
    conversing: Conversing, caller: Caller, conversation_id: str, parts: tuple[AnyPart, ...], how: How
) -> Asked | None:
    """What was asked under this key before: its end, or another attempt at it; None for what is new.

    Raises:
        Conflict: it is under way.
        Unprocessable: it was something else.
    """
    key = how.key
    if key is None:
        return None

    def query(tx: Reading) -> tuple[Any, Any, Any] | None:
        run = runs.by_key(tx, caller.token_id, conversation_id, key)
        if run is None:
            return None
        question = sql.find_message(tx, caller.user_id, conversation_id, run["message_id"])
        return run, question, runs.answer_of(tx, run["id"])

    known = await conversing.store.read(query)
    if known is None:
        return None
    run, question, answer = known
    if question["parts"] != dump(parts) or not _is_asked_alike(run, how):
        raise Unprocessable(
            "Something else was asked with this Idempotency-Key; use a new one.", code="idempotency_key_reused"
        )
    if run["finished_at"] is None and how.background:
        return Queued(run_view(run, None))
    if run["finished_at"] is None:
        raise Conflict(
            "The message with this Idempotency-Key is being answered; ask again in a moment.",
            code="idempotency_key_in_use",
            retry_after_s=1.0,
        )
    if run["status"] != "succeeded":
        return await retry(conversing, caller, run["id"], how.origin, stream=how.stream, background=how.background)
    if how.background:
        return Queued(run_view(run, answer))
    return Ended(run=run_view(run, answer), message=message_view(question))


def _is_asked_alike(run: Any, how: How) -> bool:
    """Whether a run has the model and the settings that are asked for.

    What is not said was the conversation's own, which may have others by now.
    """
    settings = how.settings or {}
    return how.model in (None, run["model"]) and settings.items() <= run["settings"].items()


def _question(conversing: Conversing, row: Any, new: Kept) -> dict[str, Any]:
    return {
        "id": ids.new("msg"),
        "conversation_id": row["id"],
        "user_id": row["user_id"],
        "role": new.role,
        "parts": dump(new.parts),
        "tokens": new.tokens,
        "tokens_estimated": True,
        "pinned": False,
        "created_at": conversing.clock.now(),
    }


def _write(
    tx: Writing, conversing: Conversing, caller: Caller, row: Any, question: Any, wanted: Wanted, how: How
) -> Any:
    """The question, its run, and the conversation that goes on with it."""
    _say(tx, conversing, row, question, composing.kept(question))
    return add_run(tx, conversing, caller, question, wanted, how)


def _say(tx: Writing, conversing: Conversing, row: Any, message: Any, new: Kept) -> None:
    words = words_of(new.parts)
    sql.add_message(tx, message)
    index_message(tx, message, message["id"], words)
    go_on(tx, row, message["id"], words=words, now=conversing.clock.now())
