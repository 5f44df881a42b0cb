"""Where answers are kept: in memory up to so many bytes, or locked in the database, or in Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import delete, func, select, update

from redises import RedisServer
from tollhouse.cache import redis
from tollhouse.cache.memory import AROUND_BYTES, Memory
from tollhouse.cache.redis import Redis
from tollhouse.cache.shelf import Shelf
from tollhouse.cache.table import Table
from tollhouse.errors import RedisFailed
from tollhouse.held import Held
from tollhouse.redis.link import Link, open_link
from tollhouse.store import kept_answers
from tollhouse.store.engine import Store, Writing
from tollhouse.store.kept_answers import Row, Sum, Which
from tollhouse.store.tables import kept_answer
from tollhouse.testing import FaultProxy, ManualClock
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
    "memory": lambda store: Memory(store, Held(MOST_BYTES)),
    "table": lambda store: Table(store, Box(b"k" * 32), Held(MOST_BYTES)),
}


@pytest.fixture(params=[*SHELVES, "redis"])
def shelf(request: pytest.FixtureRequest, store: Store) -> Shelf:
    if request.param != "redis":
        return SHELVES[request.param](store)
    return in_redis(request.getfixturevalue("link"), store)


@pytest.fixture
async def link(redis_server: RedisServer) -> AsyncIterator[Link]:
    opened = open_link(redis_server.url, None, "house")
    await opened.look()
    yield opened
    await opened.aclose()


def in_redis(
    link: Link,
    store: Store,
    *,
    key: bytes = b"k" * 32,
    most_bytes: int = MOST_BYTES,
    look_up_s: float = 5.0,
) -> Redis:
    """A shelf on which what expires at 2,000 microseconds does so in an hour; and a slow machine is no miss."""
    clock = ManualClock(datetime(1969, 12, 31, 23, tzinfo=UTC))
    return Redis(link, Box(key), clock, store, Held(most_bytes), look_up_s=look_up_s)


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


@pytest.mark.parametrize("make", SHELVES.values(), ids=SHELVES)
async def test_what_has_expired_is_swept(make: Make, store: Store) -> None:
    shelf = make(store)
    shelf.keep(ROW)
    shelf.keep(replace(ROW, id="k2", expires_at=3_000))
    await written(store)
    await shelf.tidy(2_000)
    assert await shelf.find("k1") is None
    assert await shelf.find("k2") is not None


async def test_the_oldest_go_when_the_table_is_full(store: Store) -> None:
    shelf = Table(store, Box(b"k" * 32), Held(250))
    for number in range(5):
        shelf.keep(replace(ROW, id=f"k{number}", created_at=1_000 - number))
    await written(store)
    await shelf.tidy(0)
    assert [number for number in range(5) if await shelf.find(f"k{number}")] == [0, 1]


async def test_in_the_database_answers_are_locked_each_in_its_place(store: Store) -> None:
    shelf = Table(store, Box(b"k" * 32), Held(MOST_BYTES))
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
    Table(store, Box(b"k" * 32), Held(MOST_BYTES)).keep(ROW)
    await written(store)
    assert await Table(store, Box(b"j" * 32), Held(MOST_BYTES)).find("k1") is None


async def test_hits_outlive_the_process_once_they_are_noted(store: Store) -> None:
    shelf = Table(store, Box(b"k" * 32), Held(MOST_BYTES))
    shelf.keep(ROW)
    await written(store)
    shelf.hit("k1")
    await shelf.tidy(0)
    await shelf.tidy(0)
    assert await store.read(lambda tx: tx.execute(select(func.sum(kept_answer.c.hits))).scalar()) == 1


async def test_in_redis_they_expire_by_themselves(link: Link, redis_server: RedisServer, store: Store) -> None:
    shelf = in_redis(link, store)
    shelf.keep(ROW)
    shelf.keep(replace(ROW, id="k2", expires_at=-3_599_800_000))
    assert await shelf.find("k2") is not None
    assert 3_500_000 < await redis_server.do("PTTL", link.key("answer", "k1")) <= 3_600_002
    await asyncio.sleep(0.25)
    assert await shelf.find("k2") is None
    shelf.hit("k2")
    assert await shelf.summed(Which(), 0) == Sum(1, 100, 0, 0)
    assert await redis_server.do("EXISTS", link.key("answer", "k2")) == 0


async def test_in_redis_answers_are_locked_each_in_its_place_and_with_what_is_said_of_it(
    link: Link, redis_server: RedisServer, store: Store
) -> None:
    shelf = in_redis(link, store)
    names = [link.key("answer", key) for key in ("k1", "k2", "k3")]
    for row in (ROW, replace(ROW, id="k2"), replace(ROW, id="k3")):
        shelf.keep(row)
    assert await shelf.find("k1") == ROW
    about, locked = await redis_server.do("HMGET", names[0], "about", "answer")
    assert b"canary" not in about + locked
    await redis_server.do("HSET", names[1], "answer", locked)
    await redis_server.do("HSET", names[2], "about", about.replace(b'"expires_at":2000', b'"expires_at":9000'))
    assert [await shelf.find(key) for key in ("k1", "k2", "k3")] == [ROW, None, None]
    assert await in_redis(link, store, key=b"j" * 32).find("k1") is None


async def test_the_oldest_go_when_redis_holds_more_than_it_may(link: Link, store: Store) -> None:
    shelves = [in_redis(link, store, most_bytes=250) for _ in range(2)]
    for number in range(5):
        shelves[0].keep(replace(ROW, id=f"k{number}", created_at=1_000 - number))
    for shelf in shelves:
        await shelf.tidy(0)
    assert [number for number in range(5) if await shelves[1].find(f"k{number}")] == [0, 1]


async def test_many_are_counted_and_cleared_page_by_page(link: Link, redis_server: RedisServer, store: Store) -> None:
    shelf = in_redis(link, store)
    await redis_server.do("SET", "somebody:else", "stays")
    for number in range(2_500):
        shelf.keep(replace(ROW, id=f"k{number}"))
    assert await shelf.summed(Which(), 0) == Sum(2_500, 250_000, 0, 0)
    noted: list[int] = []
    assert await shelf.clear(Which(), lambda tx, count: noted.append(count)) == 2_500
    assert noted == [2_500]
    assert await redis_server.do("GET", "somebody:else") == b"stays"
    assert await shelf.summed(Which(), 0) == Sum()


@pytest.mark.parametrize("garbage", [b"", b"{}", b"\xff", b'{"user_id":1}'], ids=repr)
async def test_what_is_not_understood_counts_as_gone(
    link: Link, redis_server: RedisServer, store: Store, garbage: bytes
) -> None:
    shelf = in_redis(link, store)
    await redis_server.do("HSET", link.key("answer", "k1"), "about", garbage, "answer", b"x" * 40)
    await redis_server.do("HSET", link.key("answer", "k2"), "hits", 3)
    assert await shelf.find("k1") is None
    assert await shelf.find("k2") is None
    assert await shelf.summed(Which(), 0) == Sum()


@pytest.mark.parametrize("trouble", ["gone", "slow", "frozen", "full", "wrong"])
async def test_a_redis_in_trouble_costs_a_miss_and_some_milliseconds(
    redis_server: RedisServer, store: Store, trouble: str
) -> None:
    async with FaultProxy(redis_server.port) as proxy:
        link = open_link(f"redis://127.0.0.1:{proxy.port}", None, "house")
        await link.look()
        shelf = in_redis(link, store, look_up_s=redis.LOOK_UP_S)
        match trouble:
            case "gone":
                redis_server.stop()
                await asyncio.sleep(0.05)
            case "slow":
                proxy.delay_s = 0.3
            case "frozen":
                redis_server.freeze()
            case "full":
                await redis_server.do("CONFIG", "SET", "maxmemory", "1")
            case "wrong":
                await redis_server.do("SET", link.key("answer", "k1"), "no hash")
        shelf.keep(ROW)
        began_s = asyncio.get_running_loop().time()
        for _ in range(5):
            assert await shelf.find("k1") is None
        assert asyncio.get_running_loop().time() - began_s < 5 * redis.LOOK_UP_S + 0.1
        await shelf.tidy(0)
        if trouble in ("gone", "frozen"):
            with pytest.raises(RedisFailed):
                await shelf.summed(Which(), 0)
        await link.aclose()


async def test_in_memory_goes_first_what_was_not_wanted_for_longest() -> None:
    shelf = Memory(None, Held(3 * (ROW.size_bytes + AROUND_BYTES)))  # type: ignore[arg-type]  # nothing is cleared
    for number in range(3):
        shelf.keep(replace(ROW, id=f"k{number}"))
    await shelf.find("k0")
    shelf.keep(replace(ROW, id="k3"))
    assert [number for number in range(4) if await shelf.find(f"k{number}")] == [0, 2, 3]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 9_000))))
def test_memory_never_holds_more_than_it_may(kept: list[tuple[str, int]]) -> None:
    shelf = Memory(None, Held(MOST_BYTES))  # type: ignore[arg-type]  # nothing is cleared
    for key, size_bytes in kept:
        shelf.keep(replace(ROW, id=key, size_bytes=size_bytes))
        held = [row.size_bytes + AROUND_BYTES for row in shelf._rows.values()]
        assert shelf.size_bytes == sum(held) <= MOST_BYTES
