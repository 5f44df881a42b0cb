"""One page of a list, as management shows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from tollhouse.admin.desk import Desk
from tollhouse.admin.views import Listing, listing
from tollhouse.store.engine import Reading
from tollhouse.store.paging import Page

V = TypeVar("V")

EVERY: Final = Page(limit=2**31 - 2, descending=False)
"""All there are, oldest first, for who turns no pages. With one more, this is the most that a database takes."""


async def page_of(desk: Desk, page: Page, query: Callable[[Reading, Page], Sequence[V]]) -> Listing[V]:
    """The page of what a query views, which tells whether there is more behind it."""
    views, has_more = page.cut(await desk.store.read(lambda tx: query(tx, page.more)))
    return listing(views, has_more=has_more)
