"""/v1/conversations and their items, as OpenAI's clients know them: the conversations of /api/conversations."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw

from tollhouse.api.kept import READ, WRITE, KeptRoute, Visit, listing
from tollhouse.conversations.keeping import records
from tollhouse.conversations.messages.metadata import checked_metadata
from tollhouse.conversations.messages.views import ConversationView
from tollhouse.conversations.responses import kept_items
from tollhouse.errors import InvalidRequest


class NewConversation(msgspec.Struct, forbid_unknown_fields=True):
    items: list[Raw] | None = None
    metadata: Any = None


class Change(msgspec.Struct, forbid_unknown_fields=True):
    metadata: Any = msgspec.UNSET


class NewItems(msgspec.Struct, forbid_unknown_fields=True):
    items: Annotated[list[Raw], Meta(min_length=1)]


_NEW = msgspec.json.Decoder(NewConversation)
_CHANGE = msgspec.json.Decoder(Change)
_ITEMS = msgspec.json.Decoder(NewItems)


async def create(visit: Visit) -> dict[str, Any]:
    """Make a conversation, perhaps with its first items."""
    asked = visit.read(_NEW)
    metadata = checked_metadata(asked.metadata)
    return shown(await kept_items.create(visit.conversing, visit.caller, asked.items or (), metadata))


async def retrieve(visit: Visit) -> dict[str, Any]:
    """One conversation."""
    return shown(await records.get(visit.conversing, visit.caller, visit.names[0]))


async def update(visit: Visit) -> dict[str, Any]:
    """Note something else of it."""
    asked = visit.read(_CHANGE)
    if asked.metadata is msgspec.UNSET:
        raise InvalidRequest("`metadata` is missing.", param="metadata")
    said = {"metadata": checked_metadata(asked.metadata)}
    return shown(await records.change(visit.conversing, visit.caller, visit.names[0], said))


async def delete(visit: Visit) -> dict[str, Any]:
    """Delete a conversation with all that was said."""
    (name,) = visit.names
    await records.delete(visit.conversing, visit.caller, name)
    return {"id": name, "object": "conversation.deleted", "deleted": True}


async def list_items(visit: Visit) -> dict[str, Any]:
    """A page of items."""
    page, has_more = await kept_items.listed(visit.conversing, visit.caller, visit.names[0], visit.page, visit.include)
    return listing(page, has_more=has_more)


async def add_items(visit: Visit) -> dict[str, Any]:
    """Put items at the end."""
    asked = visit.read(_ITEMS)
    added = await kept_items.add(visit.conversing, visit.caller, visit.names[0], asked.items, visit.include)
    return listing(added, has_more=False)


async def retrieve_item(visit: Visit) -> dict[str, Any]:
    """One item."""
    conversation, item = visit.names
    return await kept_items.get(visit.conversing, visit.caller, conversation, item, visit.include)


async def delete_item(visit: Visit) -> dict[str, Any]:
    """Take an item away; gives the conversation."""
    conversation, item = visit.names
    return shown(await kept_items.remove(visit.conversing, visit.caller, conversation, item))


def shown(view: ConversationView) -> dict[str, Any]:
    """A conversation as OpenAI shows it."""
    made = int(view.created_at.timestamp())
    return {"id": view.id, "object": "conversation", "created_at": made, "metadata": view.metadata}


_ONE = "/v1/conversations/{conversation}"

ROUTES = (
    KeptRoute(method="POST", path="/v1/conversations", scope=WRITE, endpoint=create),
    KeptRoute(method="GET", path=_ONE, scope=READ, endpoint=retrieve),
    KeptRoute(method="POST", path=_ONE, scope=WRITE, endpoint=update),
    KeptRoute(method="DELETE", path=_ONE, scope=WRITE, endpoint=delete),
    KeptRoute(method="GET", path=f"{_ONE}/items", scope=READ, endpoint=list_items),
    KeptRoute(method="POST", path=f"{_ONE}/items", scope=WRITE, endpoint=add_items),
    KeptRoute(method="GET", path=f"{_ONE}/items/{{item}}", scope=READ, endpoint=retrieve_item),
    KeptRoute(method="DELETE", path=f"{_ONE}/items/{{item}}", scope=WRITE, endpoint=delete_item),
)
