"""A store that was filled at once is as one that was talked to: its indices are there, and its words are found."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, func, inspect, select

from benchmarks.conversations.filling import Owner, conversation_id, fill
from benchmarks.conversations.run import bulk_of
from benchmarks.conversations.speech import Speech
from houses import acme_toml, make_person, opened
from tollhouse.store import conversations as sql
from tollhouse.store import searching
from tollhouse.store.conversation_tables import conversation, message, run, searchable
from tollhouse.store.engine import Reading

TABLES = (conversation, message, run, searchable)


def shape(connection: Connection) -> object:
    """Every index, and on SQLite every trigger."""
    indices = {table.name: {one["name"] for one in inspect(connection).get_indexes(table.name)} for table in TABLES}
    if connection.dialect.name == "postgresql":
        return indices, None
    triggers = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
    return indices, [tuple(row) for row in connection.exec_driver_sql(triggers)]


async def test_a_filled_store_is_whole(tmp_path: Path, database_url: str):
    toml = acme_toml("http://localhost", api_key="sk-operator-key", share=True)
    async with opened(tmp_path / "data", toml=toml, database_url=database_url) as house:
        ada = await make_person(house)
        owner = Owner(user_id=ada.id, workspace_id=ada.workspace, token_id=ada.token_id)
        before = await house.store.read(shape)  # type: ignore[arg-type]
        told: list[int] = []
        async with bulk_of(house) as bulk:
            await fill(bulk, [owner] * 3, 8, Speech(), house.clock.now(), told.append)
        assert await house.store.read(shape) == before  # type: ignore[arg-type]
        assert told == [24]

        def look(tx: Reading) -> tuple[list[int], list[str], int]:
            counts = [tx.execute(select(func.count()).select_from(table)).scalar_one() for table in TABLES]
            row = sql.find(tx, ada.id, conversation_id(1))
            assert row is not None
            branch = sql.path(tx, ada.id, row["id"], row["tip_id"])
            text = tx.execute(select(searchable.c.text).where(searchable.c.subject_id == branch[5]["id"])).scalar_one()
            found = searching.search(tx, ada.id, text.split()[0], limit=50)
            return counts, [one["role"] for one in branch], len(found)

        counts, roles, found = await house.store.read(look)
        assert counts == [3, 24, 12, 24]
        assert roles == ["user", "assistant"] * 4
        assert found > 0
