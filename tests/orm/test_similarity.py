"""Ranking by likeness, in SQL, on whatever keeps the vectors."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, func, select, text, update
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, aliased, mapped_column

from blogs import Blog, Post, Scripted, sync_url
from tollhouse.columns import words
from tollhouse.columns.vectors import Misfit, likeness, pack, unit, unpack
from tollhouse.orm import AIModel, embedded, similar
from tollhouse.testing import ManualClock

DIMS = 8


class ArrayBase(DeclarativeBase):
    pass


class VectorBase(DeclarativeBase):
    pass


class Plain(AIModel, ArrayBase):
    __tablename__ = "things"
    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[int]
    text: Mapped[str]
    vec: Mapped[Any] = embedded(("text",), "m", DIMS, pgvector=False)


class Indexed(AIModel, VectorBase):
    __tablename__ = "things"
    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[int]
    text: Mapped[str]
    vec: Mapped[Any] = embedded(("text",), "m", DIMS)


@pytest.fixture(params=["sqlite", "arrays", "pgvector"])
def things(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Session, Any]]:
    """A session, and the class of rows: forty of two tenants, every tenth without a vector."""
    kind = Indexed if request.param == "pgvector" else Plain
    url = f"sqlite:///{tmp_path}/things.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    engine = create_engine(sync_url(url))
    if request.param == "pgvector":
        with engine.connect() as on:
            available = on.execute(text("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'")).scalar()
        if not available:
            pytest.skip("this PostgreSQL has no pgvector")
    kind.metadata.create_all(engine)
    chance = random.Random(7)
    with Session(engine) as session:
        for number in range(40):
            vector = unit([chance.gauss(0, 1) for _ in range(DIMS)], DIMS)
            vec = None if number % 10 == 0 else vector
            session.add(kind(id=number, tenant=number % 2, text=f"Thing {number}", vec=vec))
        session.commit()
        yield session, kind
    engine.dispose()


QUESTION = [1.0, 2.0, 0.0, 0.0, -1.0, 0.0, 0.5, 0.0]


def brute_force(rows: list[Any]) -> list[tuple[int, float]]:
    """(id, cosine), the most alike first."""
    length = math.hypot(*QUESTION)
    scored = [
        (row.id, sum(a * b for a, b in zip(row.vec, QUESTION, strict=True)) / length)
        for row in rows
        if row.vec is not None
    ]
    return sorted(scored, key=lambda one: -one[1])


def test_ranks_as_whoever_compares_each_row_would(things: tuple[Session, Any]):
    session, kind = things
    closest = similar(kind.vec, to=QUESTION)
    found = session.execute(closest.rank(select(kind.id, closest.score))).all()
    expected = brute_force(list(session.scalars(select(kind))))
    assert [row[0] for row in found] == [one for one, _ in expected]
    assert [row[1] for row in found] == pytest.approx([score for _, score in expected], abs=1e-5)


def test_a_tenant_finds_its_own_however_much_nearer_others_are(things: tuple[Session, Any]):
    session, kind = things
    session.execute(update(kind).where(kind.tenant == 0, kind.vec.is_not(None)).values(vec=unit(QUESTION, DIMS)))
    mine = similar(kind.vec, to=QUESTION).rank(select(kind).where(kind.tenant == 1)).limit(5)
    found = list(session.scalars(mine))
    assert [row.tenant for row in found] == [1] * 5
    assert [row.id for row in found] == [
        one for one, _ in brute_force(list(session.scalars(select(kind).where(kind.tenant == 1))))
    ][:5]


def test_pages_are_the_whole_without_overlap_also_among_equals(things: tuple[Session, Any]):
    session, kind = things
    session.execute(update(kind).where(kind.vec.is_not(None)).values(vec=unit(QUESTION, DIMS)))
    ranked = similar(kind.vec, to=QUESTION).rank(select(kind.id))
    pages = [list(session.scalars(ranked.limit(7).offset(start))) for start in range(0, 42, 7)]
    assert [one for page in pages for one in page] == [number for number in range(40) if number % 10]


def test_it_composes_as_any_expression(things: tuple[Session, Any]):
    session, kind = things
    closest = similar(kind.vec, to=QUESTION)
    best = brute_force(list(session.scalars(select(kind))))
    middle = (best[10][1] + best[11][1]) / 2
    assert len(list(session.scalars(closest.rank(select(kind), min_score=middle)))) == 11
    per_tenant = select(kind.tenant, func.max(closest.score)).group_by(kind.tenant).order_by(kind.tenant)
    assert [round(row[1], 4) for row in session.execute(per_tenant)] == [
        round(max(score for one, score in best if one % 2 == tenant), 4) for tenant in (0, 1)
    ]
    ranked = closest.rank(select(kind.id)).limit(3).subquery()
    other = aliased(kind)
    assert len(list(session.scalars(select(other).join(ranked, other.id == ranked.c.id)))) == 3
    assert session.execute(select(closest.score).where(kind.id == 0)).scalar() is None


def test_a_vector_is_read_as_it_was_written_at_length_one(things: tuple[Session, Any]):
    session, kind = things
    wanted = unit(QUESTION, DIMS)
    session.execute(update(kind).where(kind.id == 1).values(vec=[3 * number for number in wanted]))
    assert session.scalars(select(kind.vec).where(kind.id == 1)).one() == pytest.approx(wanted, abs=1e-6)
    with pytest.raises(StatementError, match="the column is for 8"):
        session.execute(update(kind).where(kind.id == 1).values(vec=(1.0, 0.0)))


async def test_a_text_is_embedded_once_for_all_pages(tmp_path: Path):
    sender = Scripted()
    blog = Blog(f"sqlite:///{tmp_path}/blog.db", sender, ManualClock())
    first = await blog.kit.similar(Post.vec, "cats")
    again = await blog.kit.similar(Post.vec, "cats")
    assert len(sender.asked) == 1
    with blog.sessions() as session:
        assert list(session.scalars(first.rank(select(Post)))) == list(session.scalars(again.rank(select(Post)))) == []


def test_only_an_embedded_column_can_be_asked():
    with pytest.raises(TypeError, match="not embedded"):
        similar(Plain.text, to=QUESTION)
    with pytest.raises(Misfit, match="the column is for 8"):
        similar(Plain.vec, to=[1.0])


numbers = st.floats(-1e3, 1e3, width=32)


@given(st.lists(numbers, min_size=3, max_size=3), st.lists(numbers, min_size=3, max_size=3))
def test_likeness_is_the_cosine_of_what_was_packed(one: list[float], other: list[float]):
    if math.hypot(*one) < 1e-3 or math.hypot(*other) < 1e-3:
        return
    cosine = sum(a * b for a, b in zip(one, other, strict=True)) / math.hypot(*one) / math.hypot(*other)
    told = likeness(pack(unit(one, 3)), pack(unit(other, 3)))
    assert told == pytest.approx(cosine, abs=1e-5)
    assert likeness(pack(unit(one, 3)), None) is None
    assert json.loads(json.dumps(unpack(pack(unit(one, 3))))) == pytest.approx(unit(one, 3), abs=1e-6)


@pytest.mark.parametrize("numbers", [[0.0, 0.0], [math.nan, 1.0], [math.inf, 1.0]])
def test_a_vector_without_a_direction_is_none(numbers: list[float]):
    with pytest.raises(Misfit):
        unit(numbers, 2)


def test_words_count_beside_the_vector_where_that_is_wanted(things: tuple[Session, Any]):
    session, kind = things
    vector = [1.0] * DIMS
    question = similar(kind.vec, to=vector, text="thing No. 7, 27 and 1234")
    plain = dict(session.execute(question.rank(select(kind.id, question.score))).all())
    hybrid = question.hybrid(kind.text, weight=0.4)
    found = session.execute(hybrid.rank(select(kind.id, hybrid.score.label("score")))).all()
    assert {row.id for row in found} == plain.keys(), "a row without a vector is left out as ever"
    assert [row.score for row in found] == sorted((row.score for row in found), reverse=True)
    for number, score in found:
        # Of the six words it has `thing`, and 7 and 27 have one more.
        words = 2 / 6 if number in (7, 27) else 1 / 6
        assert score == pytest.approx(0.6 * plain[number] + 0.4 * words, abs=1e-5)
    words_only = question.hybrid(kind.text, weight=1)
    assert set(session.scalars(words_only.rank(select(kind.id)).limit(2))) == {7, 27}
    mine = words_only.rank(select(kind.id).where(kind.tenant == 0), min_score=2 / 6)
    assert session.scalars(mine).all() == []


def test_words_are_looked_for_in_several_columns_and_in_none_that_are_missing(blog: Blog):
    blog.add(Post(id=1, body=None, summary="Mine"), Post(id=2, body="Café 日本 'x' AND (y", summary="Mine"))
    with blog.sessions.begin() as session:
        session.execute(update(Post).values(vec=[1.0] * 256))
    with blog.sessions() as session:
        question = similar(Post.vec, to=[1.0] * 256, text="CAFÉ 日本 x AND ( ' & mine:* !")
        score = question.hybrid(Post.body, Post.summary, weight=1).score
        found = dict(session.execute(select(Post.id, score)).all())
    assert found[1] == pytest.approx(1 / 5)
    assert found[2] == pytest.approx(1)


def test_a_question_without_words_has_none_to_look_for():
    asked = similar(Post.vec, to=[1.0] * 256)
    with pytest.raises(ValueError, match="in words"):
        asked.hybrid(Post.body)
    said = similar(Post.vec, to=[1.0] * 256, text="x")
    with pytest.raises(ValueError, match="in columns"):
        said.hybrid()
    with pytest.raises(ValueError, match="between 0"):
        said.hybrid(Post.body, weight=1.5)


def test_a_word_is_the_same_on_both_databases(postgres_url: str):
    chance = random.Random(3)
    # But for powers of ten in the middle of a word, such as 1e5x.
    marks = [*"aAb3 0-_./:@'\"<>&;+=~#%?!()[]{}*|\\\n\té日", "a1", "www.x.de", "a@b.de", "<b>", "&amp;", "1a5", "-2.5"]
    texts = ["".join(chance.choices(marks, k=chance.randrange(30))) for _ in range(2_000)]
    pairs = list(pairwise(texts))
    share = words.on_postgres("pair.one", "pair.other")
    query = text(f"SELECT {share} FROM unnest((:ones)::text[], (:others)::text[]) AS pair(one, other)")
    engine = create_engine(sync_url(postgres_url))
    with engine.connect() as on:
        counted = on.execute(query, {"ones": texts[:-1], "others": texts[1:]}).scalars().all()
    engine.dispose()
    wrong = [(pair, found) for pair, found in zip(pairs, counted, strict=True) if found != words.share(*pair)]
    assert wrong == []
