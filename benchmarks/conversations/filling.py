"""Fills a store with conversations, as years of talking would: they grow side by side, not one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import msgspec
from sqlalchemy import insert

from benchmarks.conversations.speech import Speech
from tollhouse.app import House
from tollhouse.conversations.history import estimate_tokens
from tollhouse.conversations.parts import Text, dump
from tollhouse.store.conversation_tables import conversation, message, run, searchable
from tollhouse.store.engine import Writing

SIDE_BY_SIDE = 100
"""Conversations that are under way at the same time."""
ROWS_AT_ONCE = 2_000
"""A statement must end well within the store's patience."""
MODEL = "bench/bench-1"
USAGE = {"input_tokens": 900, "output_tokens": 90, "total_tokens": 990}
TURN = timedelta(seconds=20)


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """Whose conversations they are."""

    user_id: str
    workspace_id: str
    token_id: str


def conversation_id(number: int) -> str:
    """As long as a true one, and sorted before all of them."""
    return f"conv_{'0' * 16}{number + 10**9}"


async def fill(
    house: House, owners: Sequence[Owner], messages: int, speech: Speech, tell: Callable[[int], None]
) -> None:
    """Write a conversation of so many messages for each owner in the list; `tell` hears how many messages there are."""
    started = house.clock.now() - len(owners) * messages / SIDE_BY_SIDE * TURN
    done = 0
    for first in range(0, len(owners), SIDE_BY_SIDE):
        some = range(first, min(first + SIDE_BY_SIDE, len(owners)))
        rows = [_conversation(number, owners[number], messages, started) for number in some]
        await house.store.write(lambda tx, rows=rows: tx.execute(insert(conversation), rows))  # type: ignore[misc]
        turns = _turns(some, owners, messages, started, speech)
        while batch := [*islice(turns, ROWS_AT_ONCE // 2)]:
            await house.store.write(lambda tx, batch=batch: _add(tx, batch))  # type: ignore[misc]
            done += 2 * len(batch)
            tell(done)
        started += messages // 2 * TURN


Turn = tuple[dict[str, Any], dict[str, Any], dict[str, Any], list[dict[str, Any]]]
"""Question, run, answer, and what of them is found."""


def _add(tx: Writing, turns: Sequence[Turn]) -> None:
    tx.execute(insert(message), [row for question, _, answer, _ in turns for row in (question, answer)])
    tx.execute(insert(run), [row for _, row, _, _ in turns])
    tx.execute(insert(searchable), [row for *_, rows in turns for row in rows])


def _turns(numbers: range, owners: Sequence[Owner], messages: int, started: datetime, speech: Speech) -> Iterator[Turn]:
    for turn in range(messages // 2):
        at = started + turn * TURN
        for number in numbers:
            yield _turn(number, owners[number], messages, turn, at, speech)


def _turn(number: int, owner: Owner, messages: int, turn: int, at: datetime, speech: Speech) -> Turn:
    seq = 2 * turn + 1
    before = number * messages + seq
    owned = {"conversation_id": conversation_id(number), "user_id": owner.user_id}
    parent_id = _id("msg", before - 1) if turn else None
    question, run_id = _id("msg", before), _id("run", before)
    texts = [speech.message(before), speech.message(before + 1)]
    rows = [
        {**owned, **_message(before + place, seq + place, text, at), "role": role, **more}
        for place, (role, text, more) in enumerate(
            [
                ("user", texts[0], {"parent_id": parent_id, "run_id": None, "model": None}),
                ("assistant", texts[1], {"parent_id": question, "run_id": run_id, "model": MODEL}),
            ]
        )
    ]
    found = [{**owned, "subject_id": row["id"], "text": text} for row, text in zip(rows, texts, strict=True)]
    return rows[0], _run(run_id, owned, owner, question, at), rows[1], found


def _message(number: int, seq: int, text: str, at: datetime) -> dict[str, Any]:
    return {
        "id": _id("msg", number),
        "seq": seq,
        "parts": dump((Text(text),)),
        "tokens": estimate_tokens(text),
        "tokens_estimated": False,
        "pinned": False,
        "created_at": at,
    }


def _run(run_id: str, owned: dict[str, Any], owner: Owner, question: str, at: datetime) -> dict[str, Any]:
    return {
        **owned,
        "id": run_id,
        "workspace_id": owner.workspace_id,
        "token_id": owner.token_id,
        "message_id": question,
        "status": "succeeded",
        "attempt": 1,
        "failures": 0,
        "losses": 0,
        "background": False,
        "origin": {},
        "priority": 5,
        "model": MODEL,
        "settings": {},
        "usage": USAGE,
        "cost": 3_150_000,
        "created_at": at,
        "started_at": at,
        "finished_at": at,
    }


def _conversation(number: int, owner: Owner, messages: int, started: datetime) -> dict[str, Any]:
    return {
        "id": conversation_id(number),
        "user_id": owner.user_id,
        "workspace_id": owner.workspace_id,
        "title": f"Conversation {number}",
        "title_source": "user",
        "model": MODEL,
        "settings": {},
        "metadata": {},
        "tip_id": _id("msg", (number + 1) * messages),
        "pinned": number % 100 == 0,
        "created_at": started,
        # Each ends a moment after the one before, as no two do at the same.
        "active_at": started + messages // 2 * TURN + timedelta(milliseconds=number % SIDE_BY_SIDE),
    }


def _id(prefix: str, number: int) -> str:
    return f"{prefix}_{'0' * 16}{number + 10**9}"
