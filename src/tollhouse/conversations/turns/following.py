"""Look at runs, wait for them, stop them."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Literal, TypeAlias

import msgspec

from tollhouse.conversations.conversing import Conversing
from tollhouse.conversations.keeping.records import found, found_message
from tollhouse.conversations.messages.views import MessageView, RunView, message_view, run_view
from tollhouse.errors import Conflict, NotFound
from tollhouse.gateway.identify import Caller
from tollhouse.notify import runs as notify
from tollhouse.store import conversations as sql
from tollhouse.store import queue, runs
from tollhouse.store.engine import Reading, Writing
from tollhouse.store.paging import Page

LOOK_EVERY_S = 0.5
STOPPED_WITHIN_S = 5.0
POLLED_MOST = 100

Progress: TypeAlias = Literal["active", "processing", "completed", "error"]


class RunProgress(msgspec.Struct, frozen=True, kw_only=True):
    """A run that is under way."""

    id: str
    status: str


class PollView(msgspec.Struct, frozen=True, kw_only=True):
    """What is new.

    Attributes:
        status: `processing` while a run is under way, else how the last one ended; `active` when there was none.
        cursor: what to ask for next.
    """

    status: Progress
    runs: tuple[RunProgress, ...]
    messages: tuple[MessageView, ...]
    cursor: str | None


async def get(conversing: Conversing, caller: Caller, run_id: str, wait_s: float = 0.0) -> RunView:
    """One run; when it is under way, as it is after some seconds, or at its end. Raises NotFound."""
    loop = asyncio.get_running_loop()
    until_s = loop.time() + wait_s
    while True:
        view = await conversing.store.read(lambda tx: view_of(tx, caller, run_id))
        left_s = until_s - loop.time()
        if view.finished_at is not None or left_s <= 0:
            return view
        running = conversing.under_way.find(run_id)
        if running is None:
            await asyncio.sleep(min(left_s, LOOK_EVERY_S))
        else:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(running.outcome(), left_s)


async def listed(
    conversing: Conversing, caller: Caller, page: Page, *, status: str | None, conversation: str | None
) -> tuple[list[RunView], bool]:
    """A page of runs, and whether there are more."""

    def query(tx: Reading) -> list[RunView]:
        rows = runs.listed(tx, caller.user_id, page.more, status=status, conversation_id=conversation)
        answers = runs.answers_of(tx, [row["id"] for row in rows])
        return [run_view(row, answers.get(row["id"])) for row in rows]

    return page.cut(await conversing.store.read(query))


async def cancel(conversing: Conversing, caller: Caller, run_id: str) -> RunView:
    """Stop a run: what was said so far is kept. One that has ended stays as it is. Raises NotFound.

    One that is executed in another process is ended there; it is waited for, unless that process is silent.
    """
    running = conversing.under_way.find(run_id)
    view = await get(conversing, caller, run_id)
    if running is not None and view.finished_at is None:
        running.stop()
        return (await running.outcome()).run
    now = conversing.clock.now()

    def work(tx: Writing) -> None:
        row = runs.find(tx, caller.user_id, run_id)
        if row is not None and runs.cancel(tx, run_id, now):
            notify.note_end(tx, row, "cancelled", error=None, now=now, channels=conversing.heard_by.now)
        elif row is not None:
            runs.stop(tx, run_id)

    await conversing.store.write(work)
    return await get(conversing, caller, run_id, STOPPED_WITHIN_S)


async def prioritize(conversing: Conversing, caller: Caller, run_id: str, priority: int) -> RunView:
    """Let a run that waits overtake others, or be overtaken: 9 is the most urgent.

    Raises:
        NotFound: no such run.
        Conflict: it does not wait for a worker.
    """

    def work(tx: Writing) -> RunView:
        view = view_of(tx, caller, run_id)
        if not queue.prioritize(tx, run_id, priority):
            raise Conflict(f"The run is {view.status}; only one that waits in the background can overtake others.")
        return view_of(tx, caller, run_id)

    return await conversing.store.write(work)


async def poll(conversing: Conversing, caller: Caller, conversation_id: str, after: str | None) -> PollView:
    """The runs that are under way, and the messages of all branches after one. Raises NotFound."""

    def query(tx: Reading) -> tuple[list[Any], list[Any]]:
        found(tx, caller, conversation_id)
        if after is not None:
            found_message(tx, caller, conversation_id, after)
        recent = runs.listed(tx, caller.user_id, Page(limit=POLLED_MOST), conversation_id=conversation_id)
        page = Page(after=after, descending=False, limit=POLLED_MOST)
        return recent, sql.messages(tx, caller.user_id, conversation_id, page)

    recent, new = await conversing.store.read(query)
    under_way = tuple([RunProgress(id=row["id"], status=row["status"]) for row in recent if row["finished_at"] is None])
    return PollView(
        status=progress(recent),
        runs=under_way,
        messages=tuple([message_view(row) for row in new]),
        cursor=new[-1]["id"] if new else after,
    )


def progress(recent: list[Any]) -> Progress:
    """One word for a conversation, from its runs, newest first: no word of it is kept."""
    if any(row["finished_at"] is None for row in recent):
        return "processing"
    if not recent:
        return "active"
    return "error" if recent[0]["status"] == "failed" else "completed"


def view_of(tx: Reading, caller: Caller, run_id: str, *, even_deleted: bool = False) -> RunView:
    """The caller's run, as `runs.find` finds it. Raises NotFound, for one that is another's too."""
    row = runs.find(tx, caller.user_id, run_id, even_deleted=even_deleted)
    if row is None:
        raise NotFound("There is no such run.")
    return run_view(row, runs.answer_of(tx, run_id))
