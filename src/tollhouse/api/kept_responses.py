"""/v1/responses/{id}: responses that are kept, fetched, followed, stopped and deleted."""

from __future__ import annotations

from typing import Any

from tollhouse.api.kept import READ, WRITE, KeptRoute, Visit, listing
from tollhouse.api.response_stream import ResponseStream
from tollhouse.conversations.responses import responses
from tollhouse.conversations.telling.feed import Feed
from tollhouse.conversations.telling.response import Telling
from tollhouse.errors import InvalidRequest


async def retrieve(visit: Visit) -> dict[str, Any] | ResponseStream:
    """One response as it is now; with `stream`, as it is told, after the event `starting_after`."""
    (name,) = visit.names
    stream, last = visit.one("stream"), visit.number("starting_after")
    if stream not in (None, "true", "false"):
        raise InvalidRequest("`stream` is `true` or `false`.", param="stream")
    if stream != "true":
        if last is not None:
            raise InvalidRequest("`starting_after` goes with `stream=true`.", param="starting_after")
        return await responses.object_of(visit.conversing, visit.caller, name, visit.include)
    kept = await responses.get(visit.conversing, visit.caller, name)
    feed = Feed(visit.conversing, visit.caller, kept.run.id)
    await feed.open()
    telling = Telling(kept.run, kept.how, visit.include | frozenset(kept.how["include"]))
    return ResponseStream(feed, telling, last, lambda: visit.conversing.under_way.is_leaving)


async def delete(visit: Visit) -> dict[str, Any]:
    """Keep it no longer."""
    (name,) = visit.names
    await responses.delete(visit.conversing, visit.caller, name)
    return {"id": name, "object": "response", "deleted": True}


async def cancel(visit: Visit) -> dict[str, Any]:
    """Stop it; gives it as it is then."""
    return await responses.cancel(visit.conversing, visit.caller, visit.names[0])


async def input_items(visit: Visit) -> dict[str, Any]:
    """A page of what was asked."""
    page, has_more = await responses.input_items(
        visit.conversing, visit.caller, visit.names[0], visit.page, visit.include
    )
    return listing(page, has_more=has_more)


_ONE = "/v1/responses/{response}"

ROUTES = (
    KeptRoute(method="GET", path=_ONE, scope=READ, endpoint=retrieve),
    KeptRoute(method="DELETE", path=_ONE, scope=WRITE, endpoint=delete),
    KeptRoute(method="POST", path=f"{_ONE}/cancel", scope=WRITE, endpoint=cancel),
    KeptRoute(method="GET", path=f"{_ONE}/input_items", scope=READ, endpoint=input_items),
)
