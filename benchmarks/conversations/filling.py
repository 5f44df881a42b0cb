"""Fills a store with conversations, as years of talking would: they grow side by side, not one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from benchmarks.conversations.bulk import Bulk, Row
from benchmarks.conversations.speech import Speech
from tollhouse.conversations.messages.history import estimate_tokens
from tollhouse.conversations.messages.parts import Text, dump
from tollhouse.store.conversation_tables import conversation, message, run, searchable
from tollhouse.store.types import to_micros

SIDE_BY_SIDE = 100
"""Conversations that are under way at the same time."""
MODEL = "bench/bench-1"
USAGE = {"input_tokens": 900, "output_tokens": 90, "total_tokens": 990}
TURN = timedelta(seconds=20)

CONVERSATION = (
    *("id", "user_id", "workspace_id", "title", "title_source", "model", "settings", "metadata", "tip_id", "pinned"),
    *("created_at", "active_at"),
)
MESSAGE = (
    *("id", "conversation_id", "user_id", "seq", "parent_id", "run_id", "role", "model"),
    *("parts", "tokens", "tokens_estimated", "pinned", "created_at"),
)
SEARCHABLE = ("subject_id", "conversation_id", "user_id", "text")
ENDED: dict[str, Any] = {
    "status": "succeeded",
    "attempt": 1,
    "failures": 0,
    "losses": 0,
    "background": False,
    "origin": "{}",
    "priority": 5,
    "model": MODEL,
    "settings": "{}",
    "usage": msgspec.json.encode(USAGE).decode(),
    "cost": 3_150_000,
}
RUN = (
    *("id", "conversation_id", "user_id", "workspace_id", "token_id", "message_id", *ENDED),
    *("created_at", "started_at", "finished_at"),
)
RUN_ENDED = tuple(ENDED.values())


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """Whose conversations they are."""

    user_id: str
    workspace_id: str
    token_id: str


def conversation_id(number: int) -> str:
    """As long as a true one, and sorted before all of them."""
    return f"conv_{'0' * 16}{number + 10**9}"


async def fill(
    bulk: Bulk, owners: Sequence[Owner], messages: int, speech: Speech, now: datetime, tell: Callable[[int], None]
) -> None:
    """Write a conversation of so many messages, until now, for each owner in the list.

    Args:
        tell: hears how many messages there are.
    """
    started = now - len(owners) * messages / SIDE_BY_SIDE * TURN
    done = 0
    for first in range(0, len(owners), SIDE_BY_SIDE):
        some = range(first, min(first + SIDE_BY_SIDE, len(owners)))
        talks = [_conversation(number, owners[number], messages, started) for number in some]
        await bulk.add(conversation, CONVERSATION, talks)
        said: list[Row] = []
        found: list[Row] = []
        runs: list[Row] = []
        for turn in range(messages // 2):
            at = to_micros(started + turn * TURN)
            for number in some:
                _turn(number, owners[number], messages, turn, at, speech, said, found, runs)
        await bulk.add(message, MESSAGE, said)
        await bulk.add(run, RUN, runs)
        await bulk.add(searchable, SEARCHABLE, found)
        done += len(said)
        tell(done)
        started += messages // 2 * TURN


def _turn(
    number: int,
    owner: Owner,
    messages: int,
    turn: int,
    at: int,
    speech: Speech,
    said: list[Row],
    found: list[Row],
    runs: list[Row],
) -> None:
    """A question, its answer, its run, and what of them is found."""
    seq = 2 * turn + 1
    before = number * messages + seq
    talk, user_id = conversation_id(number), owner.user_id
    question, answer, run_id = _id("msg", before), _id("msg", before + 1), _id("run", before)
    asked, told = speech.message(before), speech.message(before + 1)
    parent = _id("msg", before - 1) if turn else None
    said.append((question, talk, user_id, seq, parent, None, "user", None, *_words(asked), at))
    said.append((answer, talk, user_id, seq + 1, question, run_id, "assistant", MODEL, *_words(told), at))
    found.append((question, talk, user_id, asked))
    found.append((answer, talk, user_id, told))
    runs.append((run_id, talk, user_id, owner.workspace_id, owner.token_id, question, *RUN_ENDED, at, at, at))


def _words(text: str) -> tuple[str, int, bool, bool]:
    return dump((Text(text),)), estimate_tokens(text), False, False


def _conversation(number: int, owner: Owner, messages: int, started: datetime) -> Row:
    # Each ends a moment after the one before, as no two do at the same.
    active = started + messages // 2 * TURN + timedelta(milliseconds=number % SIDE_BY_SIDE)
    owned = (conversation_id(number), owner.user_id, owner.workspace_id)
    told = (f"Conversation {number}", "user", MODEL, "{}", "{}", _id("msg", (number + 1) * messages))
    return (*owned, *told, number % 100 == 0, to_micros(started), to_micros(active))


def _id(prefix: str, number: int) -> str:
    return f"{prefix}_{'0' * 16}{number + 10**9}"
