"""What a hot statement writes is read back as it was, on both databases."""

from __future__ import annotations

import asyncio
from typing import Any

import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tollhouse import ids
from tollhouse.store.engine import Store
from tollhouse.store.opening import open_store
from tollhouse.store.requests import INSERT, Ending, Skeleton, values_of
from tollhouse.store.statements import Batch
from tollhouse.store.tables import request

NAMES = (*Skeleton.__struct_fields__, *Ending.__struct_fields__)
# PostgreSQL's text has no NUL, and what is no Unicode never gets so far.
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
big = st.integers(-(2**63), 2**63 - 1)
small = st.integers(0, 2**31 - 1)

skeletons = st.builds(
    Skeleton,
    id=st.builds(lambda: ids.new("req")),
    created_at=big,
    **dict.fromkeys(("user_id", "workspace_id", "token_id", "boot_id", "surface"), texts),
    **dict.fromkeys(("asked_model", "ip", "user_agent", "client_request_id", "tag", "run_id"), st.none() | texts),
    stream=st.booleans(),
)
endings = st.builds(
    Ending,
    status=small,
    outcome=texts,
    error_message=st.none() | texts,
    input_tokens=st.none() | small,
    input_cost=st.none() | big,
    response_time_us=big,
    attempts=small,
)


def insert(batch: Batch, rows: list[tuple[Any, ...]]) -> list[None]:
    batch.run(INSERT, rows)
    return [None] * len(rows)


async def write_and_read(store: Store, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    await asyncio.gather(*(store.join(insert, row) for row in rows))
    query = select(*(request.c[name] for name in NAMES)).where(request.c.id.in_([row[0] for row in rows]))
    return await store.read(lambda tx: [tuple(row) for row in tx.execute(query)])


def test_rows_are_read_back_as_they_were_written(database_url: str):
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        store = runner.run(open_store(database_url=database_url, may_migrate=True))

        @settings(max_examples=100, deadline=None)
        @given(st.lists(st.tuples(skeletons, endings), min_size=1, max_size=4))
        def law(pairs: list[tuple[Skeleton, Ending]]) -> None:
            rows = [values_of(skeleton) + values_of(ending) for skeleton, ending in pairs]
            assert sorted(runner.run(write_and_read(store, rows))) == sorted(rows)

        try:
            law()
        finally:
            runner.run(store.aclose())
