"""For how long an answer is kept, and what is no answer any more."""

from __future__ import annotations

from typing import Any, cast

import pytest
from msgspec.structs import replace

from tollhouse.cache.exact import Exact, Keeping
from tollhouse.cache.kept import Kept, keep
from tollhouse.cache.memory import Memory
from tollhouse.cache.wishes import NONE, Wishes
from tollhouse.dialects.chat import Answer, Choice, Message, TextPart
from tollhouse.held import Held
from tollhouse.testing import ManualClock


def kept_at(clock: ManualClock, text: str = "Rome") -> Kept:
    message = Message(role="assistant", parts=(TextPart(text),))
    choice = Choice(index=0, message=message, finish_reason="stop", said="stop")
    known: dict[str, Any] = {"dialect": "openai_chat", "provider": "acme", "model": "acme-1", "lost": (), "cost": 7}
    kept = keep(Answer(id="a", model="m", created=1, choices=(choice,)), at_us=clock.time_ns() // 1_000, **known)
    assert kept is not None
    return kept


def exact_of(clock: ManualClock) -> tuple[Exact, Memory]:
    shelf = Memory(cast(Any, None), Held(1_000_000))
    return Exact(shelf, clock, Held(Keeping(ttl_s=100, answer_bytes=1_000))), shelf


@pytest.mark.parametrize(("wished_s", "lives_s"), [(None, 100), (30, 30), (500, 100)], ids=str)
async def test_it_lives_as_long_as_is_wished_and_no_longer_than_it_may(wished_s: int | None, lives_s: int) -> None:
    clock = ManualClock()
    exact, _ = exact_of(clock)
    assert exact.keep("k", kept_at(clock), user_id="u", tag=None, wishes=Wishes(ttl_s=wished_s))
    clock.advance(seconds=lives_s - 1)
    assert await exact.find("k", NONE) is not None
    assert await exact.find("k", Wishes(max_age_s=lives_s - 2)) is None
    clock.advance(seconds=1)
    assert await exact.find("k", NONE) is None


async def test_what_is_to_live_for_no_time_or_is_too_large_is_not_kept() -> None:
    clock = ManualClock()
    exact, _ = exact_of(clock)
    assert not exact.keep("k", kept_at(clock), user_id="u", tag=None, wishes=Wishes(ttl_s=0))
    assert not exact.keep("k", kept_at(clock, "a" * 1_000), user_id="u", tag=None, wishes=NONE)
    assert await exact.find("k", NONE) is None


async def test_what_another_version_has_kept_otherwise_is_as_good_as_gone() -> None:
    clock = ManualClock()
    exact, shelf = exact_of(clock)
    exact.keep("k", kept_at(clock), user_id="u", tag=None, wishes=NONE)
    row = await shelf.find("k")
    assert row is not None
    shelf.keep(replace(row, answer='{"dialect":"openai_chat"}'))
    assert await exact.find("k", NONE) is None
