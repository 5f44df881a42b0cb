"""What a flush writes down: in its own transaction, and no more than is to be filled."""

from __future__ import annotations

import uuid

from sqlalchemy import text, update

from blogs import Blog, Card, Page, Post


def test_a_new_row_and_what_it_lacks_are_one_transaction(blog: Blog):
    with blog.sessions() as session:
        session.add(Post(id=1, body="Long"))
        session.flush()
        session.rollback()
    assert blog.rows() == {}
    blog.add(Post(id=1, body="Long"))
    assert blog.rows() == {("[1]", "summary"): "pending"}
    assert blog.sender.asked == []


def test_what_nothing_is_made_of_may_change_without_a_word(blog: Blog):
    blog.add(Post(id=1, body="Long"))
    before = version(blog)
    with blog.sessions.begin() as session:
        session.get_one(Post, 1).tenant = 2
    assert version(blog) == before
    with blog.sessions.begin() as session:
        session.get_one(Post, 1).body = "Longer"
    assert version(blog) == before + 1


async def test_a_persons_own_value_is_kept_until_another_is_wished_for(blog: Blog):
    blog.add(Post(id=1, body="Long", summary="Mine"))
    with blog.sessions.begin() as session:
        session.get_one(Post, 1).body = "Other"
    await blog.worker().drain()
    assert blog.get(Post, 1).summary == "Mine"
    assert blog.rows() == {("[1]", "summary"): "edited", ("[1]", "vec"): "fresh"}
    await blog.kit.refresh(blog.get(Post, 1), "summary")
    await blog.worker().drain()
    assert blog.get(Post, 1).summary == "[Sum up: Other]"


async def test_a_value_that_is_emptied_is_made_anew(blog: Blog):
    blog.add(Post(id=1, body="Long", summary="Mine"))
    with blog.sessions.begin() as session:
        session.get_one(Post, 1).summary = None
    await blog.worker().drain()
    assert blog.get(Post, 1).summary == "[Sum up: Long]"


async def test_where_the_policy_says_so_an_edit_lasts_until_the_sources_change(blog: Blog):
    box = uuid.UUID(int=7)
    blog.add(Card(box=box, place=1, text="Cats", tags=["mine"]))
    blog.clock.advance(seconds=11)
    await blog.worker().drain()
    assert blog.get(Card, (box, 1)).tags == ["mine"]
    blog.sender.said = ['["cat"]']
    with blog.sessions.begin() as session:
        session.get_one(Card, (box, 1)).text = "Dogs"
    await blog.worker().drain()
    assert blog.get(Card, (box, 1)).tags == ["mine"], "it rests for ten seconds first"
    blog.clock.advance(seconds=10)
    await blog.worker().drain()
    assert blog.get(Card, (box, 1)).tags == ["cat"]


def test_a_deleted_row_leaves_nothing(blog: Blog):
    blog.add(Post(id=1, body="Long"))
    with blog.sessions.begin() as session:
        session.delete(session.get_one(Post, 1))
    assert blog.rows() == {}


async def test_a_statement_is_not_seen_but_found_by_the_backfill(blog: Blog):
    blog.add(Post(id=1, body="Long"))
    await blog.worker().drain()
    with blog.sessions.begin() as session:
        session.execute(update(Post).values(body="Other"))
    assert await blog.worker().drain() == 0
    assert (await blog.kit.backfill(Post.summary)).stale == 1
    await blog.worker().drain()
    assert blog.get(Post, 1).summary == "[Sum up: Other]"


def version(blog: Blog) -> int:
    with blog.engine.connect() as on:
        return int(on.execute(text("SELECT version FROM ai_field_state WHERE field = 'summary'")).scalar_one())


async def test_a_row_may_have_a_long_name(blog: Blog):
    address = "https://example.com/" + 'a"é/' * 200
    blog.add(Page(address=address))
    await blog.worker().drain()
    assert blog.get(Page, address).summary == f"[Guess from {address}]"
