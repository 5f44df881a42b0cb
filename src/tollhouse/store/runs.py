"""Runs: the execution of turns. A run goes from state to state by comparing and setting, so that it ends once.

The runs of a conversation that was deleted are not there, as long as it is not restored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, insert, select, update

from tollhouse.store.conversation_tables import conversation, message, run, run_attempt
from tollhouse.store.engine import Reading, Writing
from tollhouse.store.paging import Page
from tollhouse.store.tables import process

STOPPED = {"status": "cancelled", "error": None, "next_try_at": None}
"""Of a run that is stopped by others than who executes it, if anybody does."""

LOST = {
    "code": "gateway_stopped",
    "message": "The gateway stopped while this run was under way. It can be tried again.",
    "type": "server_error",
    "status": 503,
    "retryable": True,
}
"""Why the run of a dead process failed."""


def add(tx: Writing, row: Mapping[str, Any]) -> None:
    tx.execute(insert(run).values(**row))


def begin_attempt(tx: Writing, row: Mapping[str, Any], request_id: str) -> None:
    """Note that an attempt of a run, as its row now says, begins with a request of this id."""
    values = {"run_id": row["id"], "number": row["attempt"], "request_id": request_id}
    tx.execute(insert(run_attempt).values(boot_id=row["boot_id"], started_at=row["started_at"], **values))


def attempts(tx: Reading, run_id: str) -> list[Any]:
    """Every attempt of a run, oldest first: each names the request that tells what it cost."""
    query = select(run_attempt).where(run_attempt.c.run_id == run_id)
    return list(tx.execute(query.order_by(run_attempt.c.number)).mappings())


def find(tx: Reading, user_id: str, run_id: str, *, even_deleted: bool = False) -> Any | None:
    """A run of the user's; `even_deleted`: whatever has become of its conversation."""
    mine = select(run).where(run.c.id == run_id, run.c.user_id == user_id)
    return tx.execute(mine if even_deleted else _there(mine)).mappings().first()


def by_key(tx: Reading, token_id: str, conversation_id: str, key: str) -> Any | None:
    """The run that was asked for under an idempotency key."""
    query = select(run).where(
        run.c.token_id == token_id, run.c.conversation_id == conversation_id, run.c.idempotency_key == key
    )
    return tx.execute(_there(query)).mappings().first()


def listed(
    tx: Reading, user_id: str, page: Page, *, status: str | None = None, conversation_id: str | None = None
) -> list[Any]:
    """A page of a user's runs, by age."""
    query = _there(select(run).where(run.c.user_id == user_id))
    if status is not None:
        query = query.where(run.c.status == status)
    if conversation_id is not None:
        query = query.where(run.c.conversation_id == conversation_id)
    return list(tx.execute(page.of(query, run.c.id)).mappings())


def answer_of(tx: Reading, run_id: str) -> Any | None:
    """The assistant's message that a run wrote."""
    return tx.execute(select(message).where(message.c.run_id == run_id)).mappings().first()


def answers_of(tx: Reading, run_ids: Sequence[str]) -> dict[str, Any]:
    """The messages that some runs wrote, by run."""
    rows = tx.execute(select(message).where(message.c.run_id.in_(run_ids))).mappings()
    return {row["run_id"]: row for row in rows}


def move(tx: Writing, run_id: str, *, since: Sequence[str], attempt: int | None, values: Mapping[str, Any]) -> bool:
    """Change a run if it is in one of these states, and in this attempt when one is named; tells whether it was."""
    query = update(run).where(run.c.id == run_id, run.c.status.in_(since))
    if attempt is not None:
        query = query.where(run.c.attempt == attempt)
    return tx.execute(query.values(**values)).rowcount == 1


def cancel(tx: Writing, run_id: str, now: datetime) -> bool:
    """End a run that waits; tells whether it did."""
    return move(tx, run_id, since=("queued", "retrying"), attempt=None, values={**STOPPED, "finished_at": now})


def stop(tx: Writing, run_id: str) -> bool:
    """Let a run be ended that is under way, by who executes it and knows what was said; tells whether it is."""
    return move(tx, run_id, since=("running",), attempt=None, values=STOPPED)


def account(tx: Writing, run_id: str, attempt: int, values: Mapping[str, Any]) -> bool:
    """The end of an attempt that was stopped by others while it was under way; tells whether it was."""
    stopped = (run.c.status == "cancelled", run.c.attempt == attempt, run.c.request_id.is_(None))
    return tx.execute(update(run).where(run.c.id == run_id, *stopped).values(**values)).rowcount == 1


def cancelled(tx: Reading, run_ids: Sequence[str]) -> list[str]:
    """Those of the runs that somebody has cancelled."""
    return list(tx.execute(select(run.c.id).where(run.c.id.in_(run_ids), run.c.status == "cancelled")).scalars())


def fail_forsaken(tx: Writing, now: datetime) -> int:
    """End the runs in the foreground of processes that are no more; gives how many there were."""
    alive = select(process.c.boot_id)
    forsaken = update(run).where(run.c.finished_at.is_(None), ~run.c.background, run.c.boot_id.not_in(alive))
    lost = forsaken.where(run.c.status == "running").values(status="failed", error=LOST, finished_at=now)
    stopped = forsaken.where(run.c.status == "cancelled").values(finished_at=now)
    return tx.execute(lost).rowcount + tx.execute(stopped).rowcount


def forget_response(tx: Writing, run_id: str) -> None:
    """Keep how a run was asked for as a response no longer; the run stays."""
    tx.execute(update(run).where(run.c.id == run_id).values(response=None))


def has_responses(tx: Reading, conversation_id: str) -> bool:
    """Whether runs of a conversation are kept as responses."""
    query = select(run.c.id).where(run.c.conversation_id == conversation_id, run.c.response.is_not(None)).limit(1)
    return tx.execute(query).first() is not None


def _there(query: Select[Any]) -> Select[Any]:
    """Of some runs, those of conversations that are not deleted."""
    of_run = conversation.c.id == run.c.conversation_id
    return query.join(conversation, of_run).where(conversation.c.deleted_at.is_(None))
