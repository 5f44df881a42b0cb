"""Finding what no session saw, and what it would cost."""

from __future__ import annotations

import uuid

from sqlalchemy import delete, insert, select, text

from blogs import Blog, Card, Post
from tollhouse.columns.estimate import Price

PRICE = Price(input_usd_per_million="2.50", output_usd_per_million="10.00")


async def test_a_dry_run_counts_and_prices_and_changes_nothing(blog: Blog):
    with blog.sessions.begin() as session:
        session.execute(insert(Post), [{"id": number, "tenant": 1, "body": "x" * 100} for number in range(1200)])
    found = await blog.kit.backfill(Post.summary, dry_run=True, price=PRICE)
    assert (found.missing, found.stale, found.fresh) == (1200, 0, 0)
    assert found.input_tokens == 1200 * 27  # "Sum up: " and a hundred letters, at four bytes a token
    assert found.output_tokens == 1200 * 15  # sixty characters at most
    assert found.cost == 1200 * (27 * 2_500 + 15 * 10_000)
    assert blog.rows() == {}


async def test_what_is_found_is_filled(blog: Blog):
    with blog.sessions.begin() as session:
        session.execute(insert(Post), [{"id": number, "tenant": 1, "body": f"Body {number}"} for number in range(9)])
        session.execute(insert(Post), [{"id": 99, "tenant": 1, "body": "Old", "summary": "By hand"}])
    found = await blog.kit.backfill(Post)
    assert (found.missing, found.kept) == (9 + 1, 1)
    await blog.worker().drain()
    assert blog.get(Post, 99).summary == "By hand"
    with blog.engine.connect() as on:
        assert on.execute(select(Post.id).where(Post.vec.is_(None))).all() == []
    again = await blog.kit.backfill(Post)
    assert (again.missing, again.stale, again.fresh, again.pending) == (0, 0, 19, 0)


async def test_rows_that_are_gone_are_forgotten(blog: Blog):
    blog.add(Post(id=1, body="Long"), Post(id=2, body="Long"))
    await blog.worker().drain()
    with blog.sessions.begin() as session:
        session.execute(delete(Post).where(Post.id == 1))
    assert (await blog.kit.backfill(Post, dry_run=True)).gone == 1
    assert {pk for pk, _ in blog.rows()} == {"[1]", "[2]"}
    assert (await blog.kit.backfill(Post)).gone == 1
    assert {pk for pk, _ in blog.rows()} == {"[2]"}


async def test_vectors_of_another_model_are_taken_away_before_they_mislead(blog: Blog):
    blog.add(Post(id=1, body="Long"))
    await blog.worker().drain()
    with blog.engine.begin() as on:
        on.execute(text("UPDATE ai_field_state SET model = 'older', fingerprint = 'older' WHERE field = 'vec'"))
    assert (await blog.kit.backfill(Post.vec)).stale == 1
    with blog.engine.connect() as on:
        assert on.execute(select(Post.vec)).scalar() is None
    await blog.worker().drain()
    with blog.engine.connect() as on:
        assert on.execute(select(Post.vec)).scalar() is not None


async def test_rows_named_by_several_columns_are_gone_through_too(blog: Blog, monkeypatch):
    monkeypatch.setattr("tollhouse.orm.backfill.ROWS", 3)
    rows = [{"box": uuid.UUID(int=box), "place": place, "text": "Cats"} for box in range(3) for place in range(3)]
    with blog.sessions.begin() as session:
        session.execute(insert(Card), rows)
    assert (await blog.kit.backfill(Card.tags, dry_run=True)).missing == 9
    assert (await blog.kit.backfill(Card.tags)).missing == 9
    assert (await blog.kit.backfill(Card.tags)).pending == 9


async def test_failed_ones_stay_failed(blog: Blog):
    blog.add(Post(id=1, body="Long"))
    with blog.engine.begin() as on:
        on.execute(text("UPDATE ai_field_state SET status = 'failed', error_code = 'lost', error = 'No.'"))
    assert (await blog.kit.backfill(Post.summary)).failed == 1
    assert {*blog.rows().values()} == {"failed"}
