"""How search asks the index: what it reads must not grow with what others have said, nor with what is found."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text
from sqlalchemy.dialects import sqlite

from tollhouse.store import searching
from tollhouse.store.opening import open_store


async def test_sqlite_walks_the_index_newest_first_and_sorts_nothing(tmp_path: Path) -> None:
    store = await open_store(database_url=f"sqlite:///{tmp_path}/tollhouse.db", may_migrate=True)
    asked = searching.statement("sqlite", "usr_ada", ["boiled", "egg"]).limit(51)
    sql = str(asked.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
    plan = await store.read(lambda tx: tx.execute(text(f"EXPLAIN QUERY PLAN {sql}")).all())
    await store.aclose()
    steps = [step for *_, step in plan]
    assert steps[0].startswith("SCAN search_text VIRTUAL TABLE")
    assert [step for step in steps if "TEMP B-TREE" in step or step.startswith("SCAN")] == steps[:1]
