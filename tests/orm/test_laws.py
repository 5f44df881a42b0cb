"""Whatever order people, statements and workers come in: in the end each value is of what its row is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from blogs import Blog, Post, Scripted
from tollhouse.client import NotReached
from tollhouse.testing import ManualClock

bodies = st.sampled_from(["one", "two", "three", " "])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("save"), bodies),
        st.tuples(st.just("statement"), bodies),
        st.tuples(st.just("edit"), st.sampled_from(["mine", "yours"])),
        st.tuples(st.just("empty"), st.just("")),
        st.tuples(st.just("work"), st.just("")),
        st.tuples(st.sampled_from(["work while it is saved", "work while a statement runs"]), bodies),
        st.tuples(st.just("fail"), st.just("")),
        st.tuples(st.just("die"), st.just("")),
    ),
    max_size=8,
)


@settings(max_examples=60)
@example([("die", "")] * 5)
@given(steps)
def test_every_value_is_of_what_its_row_is_or_a_persons_own(taken: list[tuple[str, str]]):
    with TemporaryDirectory() as folder:
        asyncio.run(follow(Path(folder), taken))


async def follow(folder: Path, taken: list[tuple[str, str]]) -> None:
    sender, clock = Scripted(), ManualClock()
    blog = Blog(f"sqlite:///{folder}/blog.db", sender, clock)
    blog.add(Post(id=1, body="one"))
    own = None
    for step, word in taken:
        match step:
            case "save":
                save(blog, word)
            case "statement":
                state(blog, word)
            case "work while it is saved" | "work while a statement runs":
                sender.meanwhile = once(blog, save if "saved" in step else state, word)
                await blog.worker().drain()
                sender.meanwhile = None
            case "edit" | "empty":
                had = blog.get(Post, 1).summary
                with blog.sessions.begin() as session:
                    session.get_one(Post, 1).summary = word or None
                own = word or (None if had is not None else own)
            case "fail":
                sender.said = [NotReached("No.")]
                await blog.worker().drain()
                sender.said = []
            case "die":
                now = clock.now()
                await blog.worker().shelf.take(now=now, until=now.replace(year=2027), lease="dead", limit=9)
                clock.advance(days=366)
            case _:
                await blog.worker().drain()
    clock.advance(days=1)
    for _ in range(2):
        await blog.worker().drain()
        # What too many have died over is on the failed list only now.
        await blog.kit.retry(await blog.kit.failed())
        await blog.kit.backfill(Post)
        await blog.worker().drain()
    post = blog.get(Post, 1)
    made = f"[Sum up: {post.body}]" if post.body.strip() else None
    assert post.summary == (own or made)
    assert {*blog.rows().values()} <= {"fresh", "edited"}
    with blog.sessions() as session:
        vec = session.get_one(Post, 1).vec
    assert (vec is None) == (post.summary is None)
    if vec is not None:
        assert round(vec[0] / vec[1]) == len(post.summary)
    blog.engine.dispose()


def save(blog: Blog, body: str) -> None:
    with blog.sessions.begin() as session:
        session.get_one(Post, 1).body = body


def state(blog: Blog, body: str) -> None:
    with blog.sessions.begin() as session:
        session.execute(update(Post).values(body=body))


def once(blog: Blog, change: Callable[[Blog, str], None], body: str) -> Callable[[], Awaitable[None]]:
    async def meanwhile() -> None:
        blog.sender.meanwhile = None
        change(blog, body)

    return meanwhile
