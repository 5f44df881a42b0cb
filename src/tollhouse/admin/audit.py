"""Who changed what, for people. Nothing ever deletes it."""

from __future__ import annotations

from tollhouse.admin.desk import Desk
from tollhouse.admin.lists import page_of
from tollhouse.admin.views import DeedView, Listing
from tollhouse.store import machinery
from tollhouse.store.engine import Reading
from tollhouse.store.paging import Page


async def list_deeds(desk: Desk, page: Page) -> Listing[DeedView]:
    """A page of the audit, newest first unless the page says otherwise."""

    def query(tx: Reading, page: Page) -> list[DeedView]:
        return [DeedView(**row) for row in machinery.deeds(tx, page)]

    return await page_of(desk, page, query)
