"""Responses that are kept: each is a run, in a conversation that it names, goes on in, or begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Raw

from tollhouse.conversations.conversing import Conversing
from tollhouse.conversations.keeping.appending import append
from tollhouse.conversations.keeping.index import index_title
from tollhouse.conversations.keeping.records import found, locked, new_row
from tollhouse.conversations.messages.items import INCLUDABLE, Item, items_of, no_item, place_of
from tollhouse.conversations.messages.parts import load
from tollhouse.conversations.messages.views import RunView, run_view
from tollhouse.conversations.responses.asking import NAMING, Wish
from tollhouse.conversations.responses.kept_items import shown as shown_items
from tollhouse.conversations.responses.views import no_response, run_id, shown
from tollhouse.conversations.turns import following
from tollhouse.conversations.turns.beginning import Asked, How, Wanted, add_run, start
from tollhouse.conversations.turns.take import Origin
from tollhouse.errors import Conflict, InvalidRequest
from tollhouse.gateway import route
from tollhouse.gateway.identify import Caller
from tollhouse.store import conversations as sql
from tollhouse.store import runs
from tollhouse.store.engine import Reading, Writing
from tollhouse.store.paging import Page


class Place(msgspec.Struct, frozen=True):
    """Where a response goes on: in a conversation, behind a message; in a new one when there is none."""

    conversation: Any | None
    parent: str | None


class Kept(msgspec.Struct, frozen=True):
    """A response that is kept: its run, and how it was asked for."""

    run: RunView
    how: dict[str, Any]


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """A response that is written down, and being answered."""

    caller: Caller
    wish: Wish
    run: RunView
    how: dict[str, Any]
    asked: Asked


async def ask(conversing: Conversing, caller: Caller, wish: Wish, origin: Origin) -> Begun:
    """Write down what is asked, and let it be answered.

    Raises:
        NotFound: it goes on from what is not there.
        Conflict: or from what is still being answered.
        InvalidRequest: what is wrong with it.
        ModelNotFound, NoCredential: nobody can answer.
    """
    caller.require("inference")
    caller.require("conversations:write")
    place = await conversing.store.read(lambda tx: place_of_wish(tx, caller, wish.conversation, wish.previous))
    model = wish.model or (place.conversation["model"] if place.conversation is not None else None)
    if model is None:
        raise InvalidRequest("`model` is missing.", param="model")
    route.candidates(model, caller, conversing.steps.reachable)
    if not wish.said and place.parent is None:
        raise InvalidRequest("`input` is missing.", param="input")
    how = How(origin=origin, model=model, stream=wish.stream, background=wish.background)

    def work(tx: Writing) -> Any:
        row, parent = _opened(tx, conversing, caller, place, wish)
        added = append(tx, row, wish.said, parent=parent, now=conversing.clock.now()) if wish.said else []
        question = added[-1] if added else {"id": parent, "conversation_id": row["id"]}
        kept = {
            "fields": wish.fields,
            "include": sorted(wish.include),
            "input": [one["id"] for one in added],
            "metadata": wish.metadata,
            "previous": wish.previous,
        }
        wanted = Wanted(model=model, settings={}, priority=how.priority, key=None, response=kept)
        return add_run(tx, conversing, caller, question, wanted, how)

    run = await conversing.store.write(work)
    asked = start(conversing, caller, run, how)
    return Begun(caller=caller, wish=wish, run=run_view(run, None), how=run["response"], asked=asked)


async def get(conversing: Conversing, caller: Caller, name: str) -> Kept:
    """A response that is kept. Raises NotFound."""
    return await conversing.store.read(lambda tx: found_response(tx, caller, name))


async def object_of(conversing: Conversing, caller: Caller, name: str, include: frozenset[str]) -> dict[str, Any]:
    """A response as it is now. Raises NotFound."""
    kept = await get(conversing, caller, name)
    return shown(kept.run, kept.how, include | frozenset(kept.how["include"]))


async def cancel(conversing: Conversing, caller: Caller, name: str) -> dict[str, Any]:
    """Stop a response: what was said so far is kept. One that has ended stays as it is. Raises NotFound."""
    kept = await get(conversing, caller, name)
    run = await following.cancel(conversing, caller, kept.run.id)
    return shown(run, kept.how, frozenset(kept.how["include"]))


async def delete(conversing: Conversing, caller: Caller, name: str) -> None:
    """Keep a response no longer. A conversation that was begun to keep responses goes with the last of them.

    Raises NotFound.
    """
    kept = await cancelled(conversing, caller, name)
    now = conversing.clock.now()

    def work(tx: Writing) -> None:
        found_response(tx, caller, name)
        row = locked(tx, caller, kept.run.conversation)
        runs.forget_response(tx, kept.run.id)
        if row["begun_by"] == "response" and not runs.has_responses(tx, row["id"]):
            sql.change(tx, caller.user_id, row["id"], {"deleted_at": now})

    await conversing.store.write(work)


async def cancelled(conversing: Conversing, caller: Caller, name: str) -> Kept:
    """A response that is over, if need be because we stop it. Raises NotFound."""
    kept = await get(conversing, caller, name)
    if kept.run.finished_at is None:
        await following.cancel(conversing, caller, kept.run.id)
    return kept


async def input_items(
    conversing: Conversing, caller: Caller, name: str, page: Page, include: frozenset[str]
) -> tuple[list[Item], bool]:
    """A page of what a response was asked, and whether there is more. Raises NotFound."""

    def query(tx: Reading) -> list[Item]:
        kept = found_response(tx, caller, name)
        rows = [sql.find_message(tx, caller.user_id, kept.run.conversation, one) for one in kept.how["input"]]
        return [item for row in rows if row is not None for item in shown_items(row, include)]

    sent = await conversing.store.read(query)
    if page.descending:
        sent.reverse()
    if page.after is not None:
        place_of(page.after)
        names = [item["id"] for item in sent]
        if page.after not in names:
            raise no_item()
        sent = sent[names.index(page.after) + 1 :]
    return sent[: page.limit], len(sent) > page.limit


async def with_history(conversing: Conversing, caller: Caller, fields: Mapping[str, Raw], wish: Wish) -> dict[str, Any]:
    """The fields of a request that goes on from what is kept, with all of that as input: it keeps nothing itself.

    Raises NotFound, Conflict.
    """
    caller.require("conversations:read")

    def query(tx: Reading) -> tuple[Any, list[Any]]:
        place = place_of_wish(tx, caller, wish.conversation, wish.previous)
        row = place.conversation
        return row, [] if row is None else sql.path(tx, caller.user_id, row["id"], place.parent)

    row, rows = await conversing.store.read(query)
    before: list[Any] = []
    if row is not None and row["system"]:
        before.append({"type": "message", "role": "system", "content": row["system"]})
    for one in rows:
        before += [_unnamed(item) for item in items_of(one["id"], one["role"], load(one["parts"]), include=INCLUDABLE)]
    rest = {name: raw for name, raw in fields.items() if name not in NAMING}
    return {**rest, "input": [*before, *_items(fields.get("input"))]}


def place_of_wish(tx: Reading, caller: Caller, conversation: str | None, previous: str | None) -> Place:
    """Where a response goes on. Raises NotFound, Conflict."""
    if conversation is not None:
        row = found(tx, caller, conversation)
        return Place(row, row["tip_id"])
    if previous is None:
        return Place(None, None)
    kept = found_response(tx, caller, previous)
    if kept.run.finished_at is None:
        raise Conflict(
            "The previous response is still being answered; ask again when it has ended.",
            param="previous_response_id",
            retry_after_s=1.0,
        )
    answer = kept.run.answer
    return Place(found(tx, caller, kept.run.conversation), kept.run.message if answer is None else answer.id)


def found_response(tx: Reading, caller: Caller, name: str) -> Kept:
    """The caller's response. Raises NotFound, for one that is another's too, or of a conversation that was deleted."""
    row = runs.find(tx, caller.user_id, run_id(name))
    if row is None or row["response"] is None:
        raise no_response()
    return Kept(run_view(row, runs.answer_of(tx, row["id"])), row["response"])


def _opened(tx: Writing, conversing: Conversing, caller: Caller, place: Place, wish: Wish) -> tuple[Any, str | None]:
    """The conversation, locked or new, and the message to go on from."""
    if place.conversation is None:
        row = new_row(conversing, caller, begun_by="response")
        sql.add(tx, row)
        index_title(tx, row)
        return row, None
    row = locked(tx, caller, place.conversation["id"])
    return row, row["tip_id"] if wish.conversation is not None else place.parent


def _items(sent: Raw | None) -> Sequence[Any]:
    said = None if sent is None else msgspec.json.decode(sent)
    if isinstance(said, str):
        return [{"type": "message", "role": "user", "content": said}]
    return said or ()


def _unnamed(item: Item) -> Item:
    """An item as a client would send it that had kept it: no provider knows its name."""
    return {name: value for name, value in item.items() if name not in ("id", "status", "logprobs")}
