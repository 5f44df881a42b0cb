"""What a conversation holds, item by item: list, add, find, remove. It is the branch that is gone on with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Raw

from tollhouse.conversations.conversing import Conversing
from tollhouse.conversations.keeping import titles
from tollhouse.conversations.keeping.appending import append
from tollhouse.conversations.keeping.index import index_message, index_title
from tollhouse.conversations.keeping.records import found, locked, new_row
from tollhouse.conversations.messages import items
from tollhouse.conversations.messages.items import Item, items_of, no_item, place_of
from tollhouse.conversations.messages.parts import dump, load, words_of
from tollhouse.conversations.messages.views import ConversationView, conversation_view
from tollhouse.conversations.turns.hearing import STOPPED
from tollhouse.errors import InvalidRequest
from tollhouse.gateway.identify import Caller
from tollhouse.store import conversations as sql
from tollhouse.store import run_events, searching
from tollhouse.store.engine import Reading, Writing
from tollhouse.store.paging import Page

ITEMS_MOST = 20
"""What is taken at a time."""

CUT_SHORT = ("length", "content_filter", STOPPED)
"""Finish reasons of answers that are no whole ones."""


async def create(
    conversing: Conversing, caller: Caller, raws: Sequence[Raw], metadata: Mapping[str, str]
) -> ConversationView:
    """Make a conversation that begins with these items. Raises InvalidRequest, naming the item."""
    said = read(raws)
    row = new_row(conversing, caller, metadata=dict(metadata))

    def work(tx: Writing) -> Any:
        sql.add(tx, row)
        index_title(tx, row)
        if said:
            append(tx, row, said, parent=None, now=row["created_at"])
        return found(tx, caller, row["id"])

    return conversation_view(await conversing.store.write(work))


async def add(
    conversing: Conversing, caller: Caller, conversation_id: str, raws: Sequence[Raw], include: frozenset[str]
) -> list[Item]:
    """Put items at the end. Raises NotFound, InvalidRequest."""
    said, now = read(raws), conversing.clock.now()

    def work(tx: Writing) -> list[dict[str, Any]]:
        row = locked(tx, caller, conversation_id)
        return append(tx, row, said, parent=row["tip_id"], now=now)

    return [item for row in await conversing.store.write(work) for item in shown(row, include)]


async def listed(
    conversing: Conversing, caller: Caller, conversation_id: str, page: Page, include: frozenset[str]
) -> tuple[list[Item], bool]:
    """A page of items, and whether there are more. Raises NotFound."""

    def query(tx: Reading) -> list[Item]:
        leaf = found(tx, caller, conversation_id)["tip_id"]
        return page_of(tx, caller, conversation_id, leaf, page, include)

    wanted = await conversing.store.read(query)
    return wanted[: page.limit], len(wanted) > page.limit


async def get(
    conversing: Conversing, caller: Caller, conversation_id: str, item_id: str, include: frozenset[str]
) -> Item:
    """One item. Raises NotFound."""
    message_id, _ = place_of(item_id)

    def query(tx: Reading) -> Any:
        found(tx, caller, conversation_id)
        return sql.find_message(tx, caller.user_id, conversation_id, message_id)

    row = await conversing.store.read(query)
    return _named(item_id, [] if row is None else shown(row, include))


async def remove(conversing: Conversing, caller: Caller, conversation_id: str, item_id: str) -> ConversationView:
    """Take an item away: its words are gone, with a title that is made of them. Raises NotFound."""
    message_id, place = place_of(item_id)

    def work(tx: Writing) -> Any:
        row = locked(tx, caller, conversation_id)
        message = sql.find_message(tx, caller.user_id, conversation_id, message_id)
        if message is None:
            raise no_item()
        _named(item_id, shown(message))
        parts = items.without(message["role"], load(message["parts"]), place)
        sql.change_message(tx, caller.user_id, message_id, {"parts": dump(parts)})
        searching.forget(tx, message_id)
        index_message(tx, message, message_id, words_of(parts))
        titles.forget(tx, row, message)
        if message["run_id"] is not None:
            run_events.forget_words(tx, message["run_id"])
        return row

    return conversation_view(await conversing.store.write(work))


def read(raws: Sequence[Raw]) -> list[items.Said]:
    """Items that were sent. Raises InvalidRequest, naming the item, or when there are too many."""
    if len(raws) > ITEMS_MOST:
        raise InvalidRequest(f"There are {len(raws)} items; at most {ITEMS_MOST} are taken at a time.", param="items")
    return items.read(raws, "items")


def shown(row: Mapping[str, Any], include: frozenset[str] = frozenset()) -> list[Item]:
    """The items of a message's row."""
    status = "incomplete" if row.get("finish_reason") in CUT_SHORT else "completed"
    return items_of(row["id"], row["role"], load(row["parts"]), status=status, include=include)


def page_of(
    tx: Reading, caller: Caller, conversation_id: str, leaf: str | None, page: Page, include: frozenset[str]
) -> list[Item]:
    """The items of a page, and one more if there is one: of the branch that ends in a message. Raises NotFound."""
    wanted: list[Item] = []
    after = None
    if page.after is not None:
        after, place = place_of(page.after)
        row = sql.find_message(tx, caller.user_id, conversation_id, after)
        if row is None:
            raise no_item()
        wanted += [item for item in _ordered(row, page, include) if _is_beyond(item, place, page)]
    rows: Sequence[Any] = (leaf,)
    while rows and len(wanted) <= page.limit:
        step = Page(limit=page.limit + 1, after=after, descending=page.descending)
        rows = sql.path(tx, caller.user_id, conversation_id, leaf, step)
        wanted += [item for row in rows for item in _ordered(row, page, include)]
        after = rows[-1]["id"] if rows else after
    return wanted[: page.limit + 1]


def _ordered(row: Mapping[str, Any], page: Page, include: frozenset[str]) -> list[Item]:
    in_order = shown(row, include)
    return in_order[::-1] if page.descending else in_order


def _is_beyond(item: Item, place: int, page: Page) -> bool:
    own = place_of(item["id"])[1]
    return own < place if page.descending else own > place


def _named(item_id: str, among: Sequence[Item]) -> Item:
    for item in among:
        if item["id"] == item_id:
            return item
    raise no_item()
