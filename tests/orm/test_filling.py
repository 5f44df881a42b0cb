"""What workers do: at least once, one result for each content, and nothing lost."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from blogs import Blog, Book, Card, Letter, Post, Scripted
from tollhouse.client import Answer, Forbidden, Invalid, NotReached, OutOfBudget, TooMany
from tollhouse.columns.vectors import unit
from tollhouse.columns.worker import BATCH_CHARS


def refused(kind, status: int, code: str, **more):
    return kind("No.", status=status, code=code, **more)


def ended(text: str, finish_reason: str) -> Answer:
    """An answer that did not come to its own end."""
    known = {"input_tokens": 1, "output_tokens": 1, "cost_usd": "0.000000010", "request_id": "req_1"}
    return Answer(text=text, model="m", finish_reason=finish_reason, **known)


async def test_columns_are_filled_one_after_another_as_they_are_made_of_one_another(blog: Blog):
    blog.add(Post(id=1, body="Long"), Post(id=2, body="Short"))
    await blog.worker().drain()
    post = blog.get(Post, 1)
    assert post.summary == "[Sum up: Long]"
    assert len(blog.sender.asked) == 3, "two summaries, and both vectors in one call"
    assert {*blog.rows().values()} == {"fresh"}
    with blog.sessions() as session:
        found = session.get_one(Post, 1)
        assert len(found.vec) == 256
        assert found.ai.summary.spent == 10
        assert found.ai.summary.request_id == "req_1"
        assert not found.ai.vec.is_stale
        with pytest.raises(AttributeError):
            _ = found.ai.body


async def test_a_content_that_comes_back_is_not_asked_for_again(blog: Blog):
    blog.add(Post(id=1, body="Long"))
    await blog.worker().drain()
    asked = len(blog.sender.asked)
    for body in ("Other", "Long"):
        with blog.sessions.begin() as session:
            session.get_one(Post, 1).body = body
    assert (await blog.kit.state(blog.get(Post, 1), "summary")).is_stale
    await blog.worker().drain()
    assert len(blog.sender.asked) == asked
    assert (await blog.kit.state(blog.get(Post, 1), "summary")).status == "fresh"


async def test_where_there_is_nothing_to_say_nobody_is_asked(blog: Blog):
    blog.add(Post(id=1, body="  "), Post(id=2, body=None))
    await blog.worker().drain()
    assert blog.sender.asked == []
    assert {*blog.rows().values()} == {"fresh"}


async def test_many_workers_ask_for_each_column_once(blog: Blog):
    blog.add(*(Post(id=number, body=f"Body {number}") for number in range(40)))

    async def slow() -> None:
        await asyncio.sleep(0.002)

    blog.sender.meanwhile = slow
    await asyncio.gather(*(blog.worker().drain() for _ in range(3)))
    prompts = [call.prompt for call in blog.sender.asked if hasattr(call, "prompt")]
    assert sorted(prompts) == sorted(f"Sum up: Body {number}" for number in range(40))
    assert {*blog.rows().values()} == {"fresh"}


async def test_workers_and_whoever_writes_do_not_stand_in_one_anothers_way(blog: Blog):
    blog.add(*(Post(id=number, body=f"Body {number}") for number in range(12)))

    def write() -> None:
        for turn in range(8):
            with blog.sessions.begin() as session:
                for post in session.scalars(select(Post).order_by(Post.id)):
                    post.body = f"Body {post.id} in turn {turn}"

    async def slow() -> None:
        await asyncio.sleep(0.001)

    blog.sender.meanwhile = slow
    writing = asyncio.create_task(asyncio.to_thread(write))
    while not writing.done():
        await asyncio.gather(*(blog.worker().once() for _ in range(3)), blog.kit.backfill(Post))
    await writing
    await blog.worker().drain()
    for number in range(12):
        assert blog.get(Post, number).summary == f"[Sum up: Body {number} in turn 7]"
    assert {*blog.rows().values()} == {"fresh"}


async def test_a_row_that_changes_while_its_value_is_made_gets_the_value_of_what_it_is(blog: Blog):
    blog.add(Post(id=1, body="Old"))

    async def change() -> None:
        blog.sender.meanwhile = None
        with blog.sessions.begin() as session:
            session.get_one(Post, 1).body = "New"

    blog.sender.meanwhile = change
    await blog.worker().drain()
    assert blog.get(Post, 1).summary == "[Sum up: New]"
    assert "outdated" in blog.kinds()
    assert (await blog.kit.state(blog.get(Post, 1), "summary")).spent == 20, "both answers were paid"


async def test_so_does_one_that_a_statement_changes(blog: Blog):
    blog.add(Post(id=1, body="Old"))

    async def change() -> None:
        blog.sender.meanwhile = None
        with blog.sessions.begin() as session:
            session.execute(update(Post).values(body="New"))

    blog.sender.meanwhile = change
    await blog.worker().drain()
    assert blog.get(Post, 1).summary == "[Sum up: New]"


async def test_a_person_who_writes_meanwhile_wins(blog: Blog):
    blog.add(Post(id=1, body="Old"))

    async def write() -> None:
        blog.sender.meanwhile = None
        with blog.sessions.begin() as session:
            session.get_one(Post, 1).summary = "Mine"

    blog.sender.meanwhile = write
    await blog.worker().drain()
    assert blog.get(Post, 1).summary == "Mine"


@pytest.mark.parametrize("by_statement", [False, True])
async def test_a_row_that_is_deleted_meanwhile_leaves_nothing(blog: Blog, by_statement: bool):
    blog.add(Post(id=1, body="Old"))

    async def remove() -> None:
        with blog.sessions.begin() as session:
            if by_statement:
                session.execute(delete(Post))
            else:
                session.delete(session.get_one(Post, 1))

    blog.sender.meanwhile = remove
    await blog.worker().drain()
    assert blog.rows() == {}


async def test_a_row_that_was_deleted_before_is_forgotten(blog: Blog):
    blog.add(Post(id=1, body="Old"))
    with blog.sessions.begin() as session:
        session.execute(delete(Post))
    await blog.worker().drain()
    assert (blog.rows(), blog.sender.asked, blog.kinds()) == ({}, [], ["gone"])


async def test_what_may_pass_is_tried_again_after_a_pause_under_another_tries_key(blog: Blog):
    blog.add(Post(id=1, body="Long"))
    blog.sender.said = [refused(TooMany, 429, "rate_limit_exceeded", retry_after_s=30.0), NotReached("No answer.")]
    assert await blog.worker().drain() == 1
    state = await blog.kit.state(blog.get(Post, 1), "summary")
    assert (state.status, state.error_code, state.attempts) == ("pending", "rate_limit_exceeded", 1)
    assert (state.due_at - blog.clock.now()).total_seconds() == 30
    blog.clock.advance(seconds=30)
    await blog.worker().drain()
    blog.clock.advance(seconds=5)
    await blog.worker().drain()
    assert blog.get(Post, 1).summary == "[Sum up: Long]"
    assert len({*blog.sender.keys[:3]}) == 1, "the same content is asked for under the same key"


async def test_what_is_refused_is_failed_at_once_and_tried_anew_when_that_is_said(blog: Blog):
    blog.add(Post(id=1, body="Long"))
    blog.sender.said = [refused(Invalid, 400, "context_length_exceeded")]
    await blog.worker().drain()
    (failure,) = await blog.kit.failed()
    assert (failure.field, failure.code, failure.pk) == ("summary", "context_length_exceeded", "[1]")
    assert blog.events[-1].kind == "failed"
    assert isinstance(blog.events[-1].cause, Invalid)
    assert await blog.worker().drain() == 0
    assert await blog.kit.retry([failure]) == 1
    await blog.worker().drain()
    assert blog.get(Post, 1).summary == "[Sum up: Long]"
    assert await blog.kit.failed() == []


async def test_what_keeps_failing_ends_on_the_failed_list(blog: Blog):
    blog.add(Post(id=1, body="Long"))
    blog.sender.said = [RuntimeError("Long is secret") for _ in range(5)]
    for _ in range(5):
        await blog.worker().drain()
        blog.clock.advance(hours=1)
    (failure,) = await blog.kit.failed()
    assert failure.code == "unexpected"
    assert "secret" not in failure.message
    assert blog.kinds() == ["delayed"] * 4 + ["failed"]


@pytest.mark.parametrize(
    "error",
    [
        refused(OutOfBudget, 429, "insufficient_quota", retry_after_s=3600.0),
        refused(Forbidden, 403, "insufficient_scope"),
    ],
    ids=["budget", "scope"],
)
async def test_who_waits_for_people_waits_as_long_as_it_takes(blog: Blog, error: Exception):
    blog.add(Post(id=1, body="Long"))
    blog.sender.said = [error] * 9
    for _ in range(9):
        await blog.worker().drain()
        blog.clock.advance(hours=1)
    state = await blog.kit.state(blog.get(Post, 1), "summary")
    assert (state.status, state.attempts) == ("pending", 0)
    await blog.worker().drain()
    assert blog.get(Post, 1).summary == "[Sum up: Long]"


async def test_an_answer_of_no_use_is_told_to_the_model_and_paid(blog: Blog):
    blog.add(Card(box=uuid.UUID(int=1), place=2, text="Cats"))
    blog.sender.said = ["cats, and dogs", '```json\n{"value": ["cats"]}\n```']
    for _ in range(2):
        blog.clock.advance(seconds=10)
        await blog.worker().drain()
    card = blog.get(Card, (uuid.UUID(int=1), 2))
    assert card.tags == ["cats"]
    assert "could not be used" in blog.sender.asked[1].prompt
    assert blog.sender.keys[0] != blog.sender.keys[1]
    assert (await blog.kit.state(card, "tags")).spent == 20


@pytest.mark.parametrize(
    ("text", "ending", "code"),
    [("", "content_filter", "filtered"), ("Half of it", "content_filter", "filtered"), ("", "length", "too_short")],
)
async def test_what_would_end_the_same_again_is_paid_once_and_put_nowhere(
    blog: Blog, text: str, ending: str, code: str
):
    blog.add(Post(id=1, body="Long"))
    blog.sender.said = [ended(text, ending)]
    await blog.worker().drain()
    (failure,) = await blog.kit.failed()
    assert (failure.field, failure.code) == ("summary", code)
    assert blog.get(Post, 1).summary is None
    assert len(blog.sender.asked) == 1
    assert (await blog.kit.state(blog.get(Post, 1), "summary")).spent == 10


async def test_a_value_whose_end_is_missing_is_not_asked_for_again_under_the_same_cap(blog: Blog):
    blog.add(Card(box=uuid.UUID(int=1), place=2, text="Cats"))
    blog.sender.said = [ended('{"value": ["ca', "length")]
    blog.clock.advance(seconds=10)
    await blog.worker().drain()
    (failure,) = await blog.kit.failed()
    assert failure.code == "too_short"
    assert "max_tokens" in failure.message


async def test_a_text_that_was_cut_off_ends_with_its_last_whole_word(blog: Blog):
    blog.add(Letter(id=1, body="Long"))
    blog.sender.said = [ended("Exact about mon", "length")]
    await blog.worker().drain()
    assert blog.get(Letter, 1).summary == "Exact about…"


async def test_one_text_that_is_refused_does_not_keep_others_from_their_vectors(blog: Blog):
    blog.add(*(Post(id=number, body="-", summary=f"Mine {number}") for number in range(3)))
    blog.sender.said = [refused(Invalid, 400, "too_long"), "", refused(Invalid, 400, "too_long"), ""]
    await blog.worker().drain()
    assert sorted(status for (_, field), status in blog.rows().items() if field == "vec") == [
        "failed",
        "fresh",
        "fresh",
    ]


async def test_who_was_lost_with_its_workers_is_not_taken_for_ever(blog: Blog, sender: Scripted):
    blog.add(Post(id=1, body="Long"))
    shelf = blog.worker().shelf
    for number in range(6):
        now = blog.clock.now()
        assert len(await shelf.take(now=now, until=now + timedelta(hours=1), lease=f"lease {number}", limit=9)) == 1
        blog.clock.advance(seconds=3601)
    await blog.worker().drain()
    (failure,) = await blog.kit.failed()
    assert failure.code == "lost"
    assert sender.asked == []


async def test_a_lease_is_held_as_long_as_its_worker_lives(blog: Blog):
    blog.add(Post(id=1, body="Long"))

    async def slow() -> None:
        blog.sender.meanwhile = None
        for _ in range(6):
            blog.clock.advance(seconds=0.1)
            await asyncio.sleep(0.1)
        assert await blog.worker().once() == 0

    blog.sender.meanwhile = slow
    await blog.worker(lease_s=0.3).once()
    assert blog.get(Post, 1).summary == "[Sum up: Long]"


@pytest.mark.parametrize("look_s", [0, 0.05], ids=["while it looks", "while it waits"])
async def test_a_worker_that_runs_fills_what_comes_when_it_is_nudged(blog: Blog, look_s: float):
    worker = blog.worker(idle_s=60)
    running = asyncio.create_task(worker.run())
    await asyncio.sleep(look_s)
    blog.add(Post(id=1, body="Long"))
    worker.nudge()
    async with asyncio.timeout(30):
        while blog.rows().get(("[1]", "vec")) != "fresh":
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_long_text_is_embedded_in_pieces_whose_mean_is_its_vector(blog: Blog):
    long = "a" * 999 + " " + "b" * 500
    blog.add(Book(id=1, text=long), Book(id=2, text="c" * 10))
    await blog.worker().drain()
    (call,) = blog.sender.asked
    assert sorted(call.texts) == sorted(["a" * 999 + " ", "b" * 500, "c" * 10])
    # The sender's vectors are of their texts' lengths, and of ones.
    ones, other = unit([1000.0, *[1.0] * 255], 256), unit([500.0, *[1.0] * 255], 256)
    wanted = unit([1000 * one + 500 * two for one, two in zip(ones, other, strict=True)], 256)
    with blog.sessions() as session:
        assert session.get_one(Book, 1).vec == pytest.approx(wanted, abs=1e-6)
        assert session.get_one(Book, 2).vec == pytest.approx(unit([10.0, *[1.0] * 255], 256), abs=1e-6)


async def test_pieces_that_are_too_much_for_one_call_go_in_several(blog: Blog):
    blog.add(Book(id=1, text="word " * 100_000), Book(id=2, text="short"))
    await blog.worker().drain()
    assert all(sum(map(len, call.texts)) <= BATCH_CHARS for call in blog.sender.asked)
    assert sum(len(text) for call in blog.sender.asked for text in call.texts) == 500_005
    assert {*blog.rows().values()} == {"fresh"}
    spent = [(await blog.kit.state(blog.get(Book, number), "vec")).spent for number in (1, 2)]
    assert sum(spent) == 10 * len(blog.sender.asked)


async def test_of_a_book_that_is_refused_in_its_middle_nothing_is_kept(blog: Blog):
    blog.add(Book(id=1, text="word " * 100_000))
    blog.sender.said = ["", refused(Invalid, 400, "too_long")]
    await blog.worker().drain()
    assert {*blog.rows().values()} == {"failed"}
    with blog.sessions() as session:
        assert session.get_one(Book, 1).vec is None
