"""The request log, looked through: a page of what is asked for, and how much of it is new."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from tollhouse.admin.access import find_token, whose
from tollhouse.admin.desk import Desk
from tollhouse.admin.reports import request_view
from tollhouse.admin.views import Listing, RequestView, listing
from tollhouse.store import request_log as sql
from tollhouse.store.engine import Reading
from tollhouse.store.paging import Page

NEW_MOST = 1_000
"""More new ones are not counted: nobody looks through them one by one."""


class NewRequestsView(msgspec.Struct, frozen=True, kw_only=True):
    """How many requests came since. With `has_more` there may be more: then it is at least so many."""

    requests: int
    has_more: bool


async def list_requests(
    desk: Desk,
    page: Page | None = None,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    **filters: Any,
) -> Listing[RequestView]:
    """A page of the request log, newest first; from an instant on and before another, and like the filters of `named`.

    A page that has looked at enough ends there, with fewer requests than were asked for, or none. There is more behind
    its last id then, which is where it has looked to.
    """
    page = page or Page()
    looked = await desk.store.read(
        lambda tx: sql.look(tx, page, since=since, until=until, **named(tx, **filters)),
    )
    rows, has_more = page.cut(looked.rows)
    views = listing([request_view(row) for row in rows], has_more=has_more)
    if looked.end is None:
        return views
    end = {"first_id": looked.end} if page.is_back else {"last_id": looked.end}
    return msgspec.structs.replace(views, has_more=True, **end)


async def find_requests(desk: Desk, limit: int, **filters: Any) -> Listing[RequestView]:
    """The newest that are like that, however far back they lie: for who can wait for all pages in between."""
    page, found = Page(limit=limit), listing(())
    while True:
        part = await list_requests(desk, page, **filters)
        found = listing((*found.data, *part.data), has_more=part.has_more)
        if not part.has_more or len(found) == limit:
            return found
        page = Page(limit=limit - len(found), after=part.last_id)


async def count_new(
    desk: Desk,
    newer_than: str | None,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    **filters: Any,
) -> NewRequestsView:
    """How many requests of a list, as `list_requests` has them, are newer than one that it showed; without one, all."""
    page = Page(limit=NEW_MOST, after=newer_than, descending=False)
    number, is_more = await desk.store.read(
        lambda tx: sql.count(tx, page, since=since, until=until, **named(tx, **filters))
    )
    return NewRequestsView(requests=number, has_more=is_more)


def named(
    tx: Reading, *, user: str | None = None, workspace: str | None = None, token: str | None = None, **filters: Any
) -> dict[str, Any]:
    """Filters as the log has them (`store.request_log.matching`), of a user by id, name or address, of a workspace, and
    of a token with whose it is. Raises NotFound, for a token of another user too."""
    said = {**filters, **whose(tx, user=user, workspace=workspace)}
    if token is None:
        return said
    row = find_token(tx, token, said["user_id"])
    return {**said, "user_id": row["user_id"], "token_id": row["id"]}
