"""How search asks the index: what it reads must not grow with what others have said, nor with what is found."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import insert, text
from sqlalchemy.dialects import postgresql, sqlite

from houses import make_person
from tollhouse.app import House
from tollhouse.store import searching
from tollhouse.store.conversation_tables import BLOCK_BITS, conversation, searchable
from tollhouse.store.engine import Writing
from tollhouse.store.opening import open_store

BLOCKS = 40
"""More than are asked in steps, so that some are left."""


async def test_sqlite_walks_the_index_newest_first_and_sorts_nothing(tmp_path: Path) -> None:
    store = await open_store(database_url=f"sqlite:///{tmp_path}/tollhouse.db", may_migrate=True)
    asked = searching.sqlite_statement("usr_ada", ["boiled", "egg"], 1_000_000).limit(51)
    sql = str(asked.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
    plan = await store.read(lambda tx: tx.execute(text(f"EXPLAIN QUERY PLAN {sql}")).all())
    await store.aclose()
    steps = [step for *_, step in plan]
    assert steps[0].startswith("SCAN search_text VIRTUAL TABLE")
    assert [step for step in steps if "TEMP B-TREE" in step or step.startswith("SCAN")] == steps[:1]


@pytest.mark.parametrize("words", [["boiled", "egg"], ["京都"], ["猫", "egg"]], ids=" ".join)
async def test_postgres_asks_its_two_indexes_and_walks_no_table(postgres_url: str, words: list[str]) -> None:
    store = await open_store(database_url=postgres_url, may_migrate=True)
    asked = searching.postgres_statement("usr_ada", ["usr_ada/0"], words, 1_000_000).limit(51)
    sql = str(asked.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}))

    def work(tx: Writing) -> str:
        tx.execute(text("ALTER TABLE searchable DISABLE TRIGGER ALL"))
        tx.execute(
            text(
                "INSERT INTO searchable (subject_id, conversation_id, user_id, text, pieces)"
                " SELECT 'msg_' || n, 'conv_1', 'usr_ada', n || ' egg 京都', CASE n % 9 WHEN 0 THEN '京都 都' END"
                " FROM generate_series(1, 20000) AS n"
            )
        )
        tx.execute(text("ANALYZE searchable"))
        tx.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
        return "\n".join(tx.exec_driver_sql(f"EXPLAIN {sql}").scalars())

    plan = await store.write(work)
    await store.aclose()
    assert "Bitmap Index Scan on search_document" in plan
    assert "Bitmap Index Scan on search_pieces" in plan
    assert "Scan on searchable" not in plan.replace("Bitmap Heap Scan on searchable", "")


@pytest.mark.parametrize(("limit", "place"), [(1, 0), (3, 0), (10, 3), (100, 0), (100, 30), (100, BLOCKS)])
async def test_what_is_found_lies_in_any_block_and_comes_newest_first(stored_house: House, limit: int, place: int):
    ada, bob = await make_person(stored_house), await make_person(stored_house, "bob")

    def work(tx: Writing) -> None:
        for person in (ada, bob):
            tx.execute(insert(conversation).values(**_conversation(person.id, person.workspace, stored_house)))
        tx.execute(
            insert(searchable), [*_texts(ada.id, 0, "egg"), *_texts(bob.id, 1, "egg"), *_texts(ada.id, 2, "ham")]
        )

    await stored_house.store.write(work)
    after = f"{ada.id}-egg-{BLOCKS - place}" if place else None
    found = await stored_house.store.read(lambda tx: searching.search(tx, ada.id, "egg", limit=limit, after=after))
    expected = [f"egg {block}" for block in reversed(range(BLOCKS))]
    assert [row["text"] for row in found] == expected[place : place + limit]


def _texts(user_id: str, place: int, word: str) -> list[dict[str, object]]:
    """One in each block."""
    return [
        {
            "id": (block << BLOCK_BITS) + place + 1,
            "subject_id": f"{user_id}-{word}-{block}",
            "conversation_id": f"conv_{user_id}",
            "user_id": user_id,
            "text": f"{word} {block}",
        }
        for block in range(BLOCKS)
    ]


def _conversation(user_id: str, workspace_id: str, house: House) -> dict[str, object]:
    now = house.clock.now()
    known = {"id": f"conv_{user_id}", "user_id": user_id, "workspace_id": workspace_id, "pinned": False}
    return {**known, "settings": {}, "metadata": {}, "created_at": now, "active_at": now}
