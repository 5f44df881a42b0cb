"""The same with sessions that are awaited, on PostgreSQL through asyncpg, with vectors in pgvector."""

from __future__ import annotations

from typing import Any

from sqlalchemy import make_url, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from blogs import Scripted
from tollhouse.client import Vectors
from tollhouse.orm import AIModel, Kit, embedded, generated


class Base(DeclarativeBase):
    pass


class Note(AIModel, Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    title: Mapped[str | None] = generated(("text",), "A title for: {text}", "demo/echo")
    vec: Mapped[Any] = embedded(("text",), "demo/embed", 3)


class Counting(Scripted):
    """Embeds texts by how often they say `a`, `b` and `c`."""

    async def send(self, call: Any, *, idempotency_key: str | None = None, tag: str | None = None) -> Any:
        answer = await super().send(call, idempotency_key=idempotency_key, tag=tag)
        if not isinstance(answer, Vectors):
            return answer
        vectors = tuple(tuple(float(text.count(letter)) for letter in "abc") for text in call.texts)
        return Vectors(vectors=vectors, model="m", input_tokens=1, cost_usd=None, request_id=None)


async def test_rows_are_filled_found_and_ranked(postgres_url: str):
    engine = create_async_engine(make_url(postgres_url).set(drivername="postgresql+asyncpg"))
    async with engine.begin() as on:
        await on.run_sync(Base.metadata.create_all)
    sessions = async_sessionmaker(engine)
    kit = Kit(Base, sessions, Counting())
    async with sessions.begin() as session:
        session.add_all([Note(id=1, text="aab"), Note(id=2, text="bbc"), Note(id=3, text="ccc")])
    await kit.worker().drain()
    closest = await kit.similar(Note.vec, "b")
    async with sessions() as session:
        found = (await session.execute(closest.rank(select(Note.id, closest.score), min_score=0.1))).all()
        note = await session.get_one(Note, 1)
        assert await session.scalar(select(Note.vec).where(Note.id == 3)) == (0.0, 0.0, 1.0)
    assert [row[0] for row in found] == [2, 1]
    assert note.title == "[A title for: aab]"
    state = await kit.state(note, "title")
    assert state is not None
    assert state.status == "fresh"
    await engine.dispose()
