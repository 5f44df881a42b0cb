"""How models say what is filled, and what is refused when a class is made."""

from __future__ import annotations

import pytest
from sqlalchemy import MetaData, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column, sessionmaker
from sqlalchemy.schema import CreateSchema

from blogs import Scripted, sync_url
from tollhouse.orm import AIModel, Kit, embedded, generated


def test_columns_that_are_made_of_one_another_are_refused_with_the_class():
    class Base(DeclarativeBase):
        pass

    with pytest.raises(ValueError, match=r"Bad: columns are made of one another"):

        class Bad(AIModel, Base):
            __tablename__ = "bad"
            id: Mapped[int] = mapped_column(primary_key=True)
            one: Mapped[str | None] = generated(("other",), "{other}", "m")
            other: Mapped[str | None] = generated(("one",), "{one}", "m")

    with pytest.raises(ValueError, match="there is no such column"):

        class Worse(AIModel, Base):
            __tablename__ = "worse"
            id: Mapped[int] = mapped_column(primary_key=True)
            vec: Mapped[object] = embedded(("none",), "m", 3)


def test_a_base_without_such_columns_has_no_kit():
    class Base(DeclarativeBase):
        pass

    class Plain(Base):
        __tablename__ = "plain"
        id: Mapped[int] = mapped_column(primary_key=True)

    with pytest.raises(ValueError, match="mix `AIModel` in"):
        Kit(Base, sessionmaker(), Scripted())


async def test_classes_that_share_a_table_are_filled_each_with_its_own(tmp_path):
    class Base(DeclarativeBase):
        pass

    class Thing(AIModel, Base):
        __tablename__ = "things"
        id: Mapped[int] = mapped_column(primary_key=True)
        kind: Mapped[str]
        body_text: Mapped[str] = mapped_column("body")
        __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "thing"}  # noqa: RUF012

    class Letter(Thing):
        summary: Mapped[str | None] = generated(("body_text",), "Sum up: {body_text}", "m")
        __mapper_args__ = {"polymorphic_identity": "letter"}  # noqa: RUF012

    class Song(Thing):
        title: Mapped[str | None] = generated(("body_text",), "A title for: {body_text}", "m")
        __mapper_args__ = {"polymorphic_identity": "song"}  # noqa: RUF012

    engine = create_engine(f"sqlite:///{tmp_path}/things.db")
    Base.metadata.create_all(engine)
    sessions = sessionmaker(engine)
    kit = Kit(Base, sessions, Scripted())
    with sessions.begin() as session:
        session.add_all([Letter(id=1, body_text="Dear"), Song(id=2, body_text="La"), Thing(id=3, body_text="-")])
    await kit.worker().drain()
    with sessions() as session:
        assert session.scalars(select(Letter)).one().summary == "[Sum up: Dear]"
        assert session.scalars(select(Song)).one().title == "[A title for: La]"
    found = await kit.backfill(Letter)
    assert (found.fresh, found.missing) == (1, 0)
    engine.dispose()


async def test_models_may_stand_in_a_schema_and_be_dataclasses(postgres_url: str):
    class Base(MappedAsDataclass, DeclarativeBase):
        metadata = MetaData(schema="app")

    class One(AIModel, Base):
        __tablename__ = "one"
        id: Mapped[int] = mapped_column(primary_key=True)
        body: Mapped[str]
        summary: Mapped[str | None] = generated(("body",), "Sum up: {body}", "m", init=False)
        vec: Mapped[object] = embedded(("body",), "m", 256, pgvector=False, init=False)

    class Other(AIModel, Base):
        __tablename__ = "other"
        id: Mapped[int] = mapped_column(primary_key=True)
        body: Mapped[str]
        summary: Mapped[str | None] = generated(("body",), "Sum up: {body}", "m", init=False)

    engine = create_engine(sync_url(postgres_url))
    with engine.begin() as on:
        on.execute(CreateSchema("app"))
    Base.metadata.create_all(engine)
    sessions = sessionmaker(engine)
    kit = Kit(Base, sessions, Scripted())
    with sessions.begin() as session:
        session.add_all([One(id=1, body="x"), Other(id=1, body="y")])
    await kit.worker().drain()
    await kit.backfill(One)
    with sessions() as session:
        assert [session.get_one(kind, 1).summary for kind in (One, Other)] == ["[Sum up: x]", "[Sum up: y]"]
        assert session.get_one(One, 1).vec is not None
    engine.dispose()
