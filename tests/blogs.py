"""An application for the tests: a blog, whose posts have columns that a model fills."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import msgspec
from sqlalchemy import Engine, create_engine, make_url, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from tollhouse.client import Answer, Embed, Generate, Vectors
from tollhouse.orm import AIModel, Event, Kit, Worker, embedded, generated
from tollhouse.orm.capture import CLOCK
from tollhouse.orm.states import state_table
from tollhouse.testing import ManualClock


class Base(DeclarativeBase):
    pass


class Post(AIModel, Base):
    """Its vector is made of its summary, which is made of its body."""

    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[int] = mapped_column(default=1)
    body: Mapped[str | None]
    summary: Mapped[str | None] = generated(("body",), "Sum up: {body}", "demo/echo", max_chars=60)
    vec: Mapped[Any] = embedded(("summary",), "demo/embed", 256, pgvector=False)


class Letter(AIModel, Base):
    """Its summary comes from a provider that a test plays."""

    __tablename__ = "letters"
    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str]
    summary: Mapped[str | None] = generated(("body",), "Sum up: {body}", "acme/acme-1")


class Book(AIModel, Base):
    """Too long for a vector by itself."""

    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    vec: Mapped[Any] = embedded(("text",), "demo/embed", 256, chunk_chars=1_000, pgvector=False)


class Page(AIModel, Base):
    """Named by its address."""

    __tablename__ = "pages"
    address: Mapped[str] = mapped_column(primary_key=True)
    summary: Mapped[str | None] = generated(("address",), "Guess from {address}", "demo/echo")


class Card(AIModel, Base):
    """Named by two columns; its tags are a list, which a person's own do not stop."""

    __tablename__ = "cards"
    box: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    tags: Mapped[list[str] | None] = generated(
        ("text",),
        lambda row: f"Tags of {row['text']}",
        "acme/acme-1",
        version="1",
        returns=Annotated[list[str], msgspec.Meta(min_length=1, max_length=3)],
        on_edit="regenerate",
        debounce_s=10,
    )


class Scripted:
    """Answers as it is told, and remembers what it was asked: instead of a Tollhouse."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.keys: list[str | None] = []
        self.said: list[str | Answer | Exception] = []
        self.meanwhile: Callable[[], Awaitable[None]] | None = None

    async def send(self, call: Any, *, idempotency_key: str | None = None, tag: str | None = None) -> Any:
        self.asked.append(call)
        self.keys.append(idempotency_key)
        if self.meanwhile is not None:
            await self.meanwhile()
        said = self.said.pop(0) if self.said else None
        if isinstance(said, Exception):
            raise said
        common = {"model": call.model, "input_tokens": 1, "cost_usd": "0.000000010", "request_id": "req_1"}
        if isinstance(said, Answer):
            return said
        if isinstance(call, Generate):
            return Answer(text=said or f"[{call.prompt}]", finish_reason="stop", output_tokens=1, **common)
        assert isinstance(call, Embed)
        return Vectors(vectors=tuple((float(len(text)), *[1.0] * 255) for text in call.texts), **common)


class Blog:
    """A database with the blog's tables, and a kit that asks whoever a test says."""

    def __init__(self, url: str, sender: Any, clock: ManualClock, base: type[DeclarativeBase] = Base) -> None:
        self.url = sync_url(url)
        self.engine: Engine = create_engine(self.url)
        base.metadata.create_all(self.engine)
        self.clock, self.sender = clock, sender
        self.sessions = sessionmaker(self.engine, info={CLOCK: clock})
        self.events: list[Event] = []
        self.kit = Kit(base, self.sessions, sender, clock=clock, chance=lambda: 0.0, listener=self.events.append)
        self.states = state_table(base.metadata)

    @property
    def session(self) -> Session:
        return self.sessions.begin()  # type: ignore[return-value]

    def worker(self, **options: Any) -> Worker:
        return self.kit.worker(**options)

    def add(self, *rows: Any) -> None:
        with self.sessions.begin() as session:
            session.add_all(rows)

    def get(self, kind: type[Any], key: Any) -> Any:
        with self.sessions() as session:
            return session.get(kind, key)

    def rows(self) -> dict[tuple[str, str], str]:
        """(primary key, column) -> status."""
        with self.engine.connect() as on:
            query = select(self.states.c.pk, self.states.c.field, self.states.c.status)
            return {(pk, field): status for pk, field, status in on.execute(query)}

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]


def sync_url(url: str) -> str:
    """The URL for a driver that blocks."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed.render_as_string(hide_password=False)
