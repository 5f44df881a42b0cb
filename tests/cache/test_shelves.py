"""Where answers are kept: in memory up to so many bytes, or in the database, locked."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import delete, func, select, update

from tollhouse.cache.memory import AROUND_BYTES, Memory
from tollhouse.cache.shelf import Shelf
from tollhouse.cache.table import Table
from tollhouse.store import kept_answers
from tollhouse.store.engine import Store, Writing
from tollhouse.store.kept_answers import Row, Sum, Which
from tollhouse.store.tables import kept_answer
from tollhouse.vault.box import Box

ROW = Row(
    id="k1",
    user_id="usr_ada",
    model="acme/acme-1",
    tag="",
    answer='{"said":"a canary"}',
    size_bytes=100,
    cost=7,
    hits=0,
    created_at=1_000,
    expires_at=2_000,
)
MOST_BYTES = 10_000

Make = Callable[[Store], Shelf]

SHELVES: dict[str, Make] = {
    "memory": lambda store: Memory(store, MOST_BYTES),
    "table": lambda store: Table(store, Box(b"k" * 32), MOST_BYTES),
}


@pytest.fixture(params=SHELVES)
def shelf(request: pytest.FixtureRequest, store: Store) -> Shelf:
    return SHELVES[request.param](store)


async def written(store: Store) -> None:
    """What was put before is in the database."""
    await store.join(kept_answers.keep, replace(ROW, id="barrier", expires_at=0))
    await store.write(lambda tx: tx.execute(delete(kept_answer).where(kept_answer.c.id == "barrier")))


async def test_what_is_kept_is_found_at_once_and_later(shelf: Shelf, store: Store) -> None:
    shelf.keep(ROW)
    assert await shelf.find("k1") == ROW
    await written(store)
    assert await shelf.find("k1") == ROW
    assert await shelf.find("k2") is None


async def test_the_last_that_is_kept_by_a_key_is_found(shelf: Shelf, store: Store) -> None:
    shelf.keep(ROW)
    shelf.keep(replace(ROW, answer="{}"))
    for _ in range(2):
        found = await shelf.find("k1")
        assert found is not None
        assert found.answer == "{}"
        await written(store)


async def test_it_tells_how_often_they_were_given_again_and_what_that_saved(shelf: Shelf, store: Store) -> None:
    shelf.keep(ROW)
    shelf.keep(replace(ROW, id="k2", user_id="usr_eve", tag="batch", cost=1))
    await written(store)
    for key in ("k1", "k1", "k2", "gone"):
        shelf.hit(key)
    assert await shelf.summed(Which(), 1_999) == Sum(2, 200, 3, 15)
    assert await shelf.summed(Which(user_id="usr_eve", tag="batch"), 1_999) == Sum(1, 100, 1, 1)
    assert await shelf.summed(Which(), 2_000) == Sum()


@pytest.mark.parametrize(
    "which", [Which(user_id="usr_eve"), Which(model="acme/acme-2"), Which(tag="batch"), Which()], ids=str
)
async def test_only_what_is_named_is_cleared(shelf: Shelf, store: Store, which: Which) -> None:
    rows = [
        ROW,
        replace(ROW, id="k2", user_id="usr_eve"),
        replace(ROW, id="k3", model="acme/acme-2"),
        replace(ROW, id="k4", tag="batch"),
    ]
    for row in rows:
        shelf.keep(row)
    await written(store)
    noted: list[int] = []
    going = [row.id for row in rows if which.fits(row)]
    assert await shelf.clear(which, lambda tx, count: noted.append(count)) == len(going) == noted[0]
    left = [row.id for row in rows if await shelf.find(row.id) is not None]
    assert left == [row.id for row in rows if row.id not in going]


async def test_what_has_expired_is_swept(shelf: Shelf, store: Store) -> None:
    shelf.keep(ROW)
    shelf.keep(replace(ROW, id="k2", expires_at=3_000))
    await written(store)
    await shelf.tidy(2_000)
    assert await shelf.find("k1") is None
    assert await shelf.find("k2") is not None


async def test_the_oldest_go_when_the_table_is_full(store: Store) -> None:
    shelf = Table(store, Box(b"k" * 32), 250)
    for number in range(5):
        shelf.keep(replace(ROW, id=f"k{number}", created_at=1_000 - number))
    await written(store)
    await shelf.tidy(0)
    assert [number for number in range(5) if await shelf.find(f"k{number}")] == [0, 1]


async def test_in_the_database_answers_are_locked_each_in_its_place(store: Store) -> None:
    shelf = Table(store, Box(b"k" * 32), MOST_BYTES)
    shelf.keep(ROW)
    shelf.keep(replace(ROW, id="k2"))
    await written(store)
    found = await store.read(lambda tx: kept_answers.find(tx, "k1"))
    assert found is not None
    assert "canary" not in found.answer

    def moved(tx: Writing) -> None:
        tx.execute(update(kept_answer).where(kept_answer.c.id == "k2").values(answer=found.answer))

    await store.write(moved)
    assert await shelf.find("k1") == ROW
    assert await shelf.find("k2") is None


async def test_what_another_key_has_locked_is_as_good_as_gone(store: Store) -> None:
    Table(store, Box(b"k" * 32), MOST_BYTES).keep(ROW)
    await written(store)
    assert await Table(store, Box(b"j" * 32), MOST_BYTES).find("k1") is None


async def test_hits_outlive_the_process_once_they_are_noted(store: Store) -> None:
    shelf = Table(store, Box(b"k" * 32), MOST_BYTES)
    shelf.keep(ROW)
    await written(store)
    shelf.hit("k1")
    await shelf.tidy(0)
    await shelf.tidy(0)
    assert await store.read(lambda tx: tx.execute(select(func.sum(kept_answer.c.hits))).scalar()) == 1


async def test_in_memory_goes_first_what_was_not_wanted_for_longest() -> None:
    shelf = Memory(None, 3 * (ROW.size_bytes + AROUND_BYTES))  # type: ignore[arg-type]  # nothing is cleared
    for number in range(3):
        shelf.keep(replace(ROW, id=f"k{number}"))
    await shelf.find("k0")
    shelf.keep(replace(ROW, id="k3"))
    assert [number for number in range(4) if await shelf.find(f"k{number}")] == [0, 2, 3]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 9_000))))
def test_memory_never_holds_more_than_it_may(kept: list[tuple[str, int]]) -> None:
    shelf = Memory(None, MOST_BYTES)  # type: ignore[arg-type]  # nothing is cleared
    for key, size_bytes in kept:
        shelf.keep(replace(ROW, id=key, size_bytes=size_bytes))
        held = [row.size_bytes + AROUND_BYTES for row in shelf._rows.values()]
        assert shelf.size_bytes == sum(held) <= MOST_BYTES
