"""Pages of a list follow one another without a gap, forward and back."""

from __future__ import annotations

import pytest

from tollhouse.store import machinery
from tollhouse.store.engine import Store
from tollhouse.store.machinery import Note
from tollhouse.store.paging import Page

NAMES = [f"aud_{number}" for number in range(7)]


@pytest.fixture
async def full_store(store: Store) -> Store:
    for name in NAMES:
        await store.write(lambda tx, name=name: machinery.note_deed(tx, Note(name, 0, "test", "test", name, "{}")))
    return store


async def read(store: Store, page: Page) -> tuple[list[str], bool]:
    names = await store.read(lambda tx: [row["id"] for row in machinery.deeds(tx, page.more)])
    return page.cut(names)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
async def test_pages_follow_one_another_in_both_directions(full_store: Store, descending: bool, limit: int):
    in_order = NAMES[::-1] if descending else NAMES
    forward: list[list[str]] = []
    page = Page(limit=limit, descending=descending)
    more = True
    while more:
        names, more = await read(full_store, page)
        forward.append(names)
        page = Page(limit=limit, descending=descending, after=names[-1])
    assert [name for names in forward for name in names] == in_order
    back = [forward[-1]]
    while names := (await read(full_store, Page(limit=limit, descending=descending, before=back[0][0])))[0]:
        back.insert(0, names)
    assert back == forward


async def test_a_page_turned_back_tells_whether_another_is_before_it(full_store: Store):
    assert await read(full_store, Page(limit=2, before="aud_2")) == (["aud_4", "aud_3"], True)
    assert await read(full_store, Page(limit=2, before="aud_4")) == (["aud_6", "aud_5"], False)


async def test_between_two_ids_is_read_from_the_first(full_store: Store):
    page = Page(limit=2, after="aud_5", before="aud_1")
    assert await read(full_store, page) == (["aud_4", "aud_3"], True)
