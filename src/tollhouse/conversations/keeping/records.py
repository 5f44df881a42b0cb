"""Make, find, list, change, delete and restore conversations; what users note on messages; search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tollhouse import ids
from tollhouse.conversations.conversing import Conversing
from tollhouse.conversations.keeping.index import index_title
from tollhouse.conversations.messages.asking import checked_settings
from tollhouse.conversations.messages.views import (
    ConversationView,
    FoundView,
    MessageView,
    conversation_view,
    message_view,
)
from tollhouse.errors import NotFound
from tollhouse.gateway.identify import Caller
from tollhouse.store import conversations as sql
from tollhouse.store import searching
from tollhouse.store.engine import Reading, Writing
from tollhouse.store.paging import Page

SNIPPET_CHARS = 200


async def create(
    conversing: Conversing,
    caller: Caller,
    *,
    title: str | None = None,
    system: str | None = None,
    model: str | None = None,
    settings: Mapping[str, Any] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> ConversationView:
    """Make a conversation. Raises InvalidRequest for settings that no chat completion has."""
    checked = checked_settings(settings)
    row = new_row(
        conversing, caller, title=title, system=system, model=model, settings=checked, metadata=dict(metadata or {})
    )

    def work(tx: Writing) -> None:
        sql.add(tx, row)
        index_title(tx, row)

    await conversing.store.write(work)
    return conversation_view(row)


async def get(conversing: Conversing, caller: Caller, conversation_id: str) -> ConversationView:
    """One conversation. Raises NotFound."""
    return conversation_view(await conversing.store.read(lambda tx: found(tx, caller, conversation_id)))


async def listed(
    conversing: Conversing,
    caller: Caller,
    page: Page,
    *,
    archived: bool = False,
    deleted: bool = False,
    pinned: bool | None = None,
) -> tuple[list[ConversationView], bool]:
    """A page of conversations, by when something last happened; and whether there are more."""
    rows = await conversing.store.read(
        lambda tx: sql.listed(tx, caller.user_id, page.more, is_archived=archived, is_deleted=deleted, is_pinned=pinned)
    )
    return page.cut([conversation_view(row) for row in rows])


async def change(
    conversing: Conversing, caller: Caller, conversation_id: str, said: Mapping[str, Any]
) -> ConversationView:
    """Change what is said: title, system, model, settings, metadata, pinned, archived, tip.

    A title that is taken away (null) is made anew with the next turn.

    Raises:
        NotFound: no such conversation, or no such message in it for the tip.
        InvalidRequest: settings that no chat completion has.
    """
    now = conversing.clock.now()
    values = {name: said[name] for name in ("system", "model", "pinned") if name in said}
    if "title" in said:
        values |= {"title": said["title"], "title_source": None if said["title"] is None else "user"}
    if "settings" in said:
        values["settings"] = checked_settings(said["settings"])
    if "metadata" in said:
        values["metadata"] = said["metadata"] or {}
    if "archived" in said:
        values["archived_at"] = now if said["archived"] else None

    def work(tx: Writing) -> Any:
        row = locked(tx, caller, conversation_id)
        if "tip" in said:
            values["tip_id"] = found_message(tx, caller, conversation_id, said["tip"])["id"]
        if values:
            sql.change(tx, caller.user_id, conversation_id, values)
        changed = {**row, **values}
        if "title" in values:
            index_title(tx, changed)
        return changed

    return conversation_view(await conversing.store.write(work))


async def delete(conversing: Conversing, caller: Caller, conversation_id: str) -> None:
    """Delete a conversation, with all its messages; `restore` brings it back. Raises NotFound."""
    now = conversing.clock.now()

    def work(tx: Writing) -> None:
        found(tx, caller, conversation_id)
        sql.change(tx, caller.user_id, conversation_id, {"deleted_at": now})

    await conversing.store.write(work)


async def restore(conversing: Conversing, caller: Caller, conversation_id: str) -> ConversationView:
    """Bring back what was deleted; what was not stays as it is. Raises NotFound."""

    def work(tx: Writing) -> Any:
        row = sql.find(tx, caller.user_id, conversation_id, is_deleted=True)
        if row is None:
            return found(tx, caller, conversation_id)
        sql.change(tx, caller.user_id, conversation_id, {"deleted_at": None})
        return {**row, "deleted_at": None}

    return conversation_view(await conversing.store.write(work))


async def messages(
    conversing: Conversing, caller: Caller, conversation_id: str, page: Page, branch: str | None = None
) -> tuple[list[MessageView], bool]:
    """A page of the branch that ends in a message (the conversation's tip unless said), and whether there is more.

    Raises NotFound.
    """

    def query(tx: Reading) -> list[Any]:
        row = found(tx, caller, conversation_id)
        leaf = row["tip_id"] if branch is None else found_message(tx, caller, conversation_id, branch)["id"]
        return sql.path(tx, caller.user_id, conversation_id, leaf, page.more)

    return page.cut([message_view(row) for row in await conversing.store.read(query)])


async def branches(conversing: Conversing, caller: Caller, conversation_id: str) -> list[MessageView]:
    """The last message of each branch, the newest first. Raises NotFound."""

    def query(tx: Reading) -> list[Any]:
        found(tx, caller, conversation_id)
        return sql.leaves(tx, caller.user_id, conversation_id)

    return [message_view(row) for row in await conversing.store.read(query)]


async def get_message(conversing: Conversing, caller: Caller, conversation_id: str, message_id: str) -> MessageView:
    """One message. Raises NotFound."""

    def query(tx: Reading) -> Any:
        found(tx, caller, conversation_id)
        return found_message(tx, caller, conversation_id, message_id)

    return message_view(await conversing.store.read(query))


async def note(
    conversing: Conversing, caller: Caller, conversation_id: str, message_id: str, values: Mapping[str, Any]
) -> MessageView:
    """Pin a message, so that it is told to the model however long ago it was; or keep what the user thinks of it.

    Raises NotFound.
    """

    def work(tx: Writing) -> Any:
        found(tx, caller, conversation_id)
        row = found_message(tx, caller, conversation_id, message_id)
        sql.change_message(tx, caller.user_id, message_id, values)
        return {**row, **values}

    return message_view(await conversing.store.write(work))


async def search(
    conversing: Conversing, caller: Caller, asked: str, *, limit: int, after: str | None
) -> tuple[list[FoundView], bool]:
    """Where the caller's titles and messages hold all the words, the newest first; and whether there is more."""
    rows = await conversing.store.read(
        lambda tx: searching.search(tx, caller.user_id, asked, limit=limit + 1, after=after)
    )
    views = [
        FoundView(
            id=row["subject_id"],
            conversation=row["conversation_id"],
            title=row["title"],
            message=row["message_id"],
            role=row["role"],
            snippet=snippet(row["text"], asked),
            created_at=row["created_at"],
        )
        for row in rows[:limit]
    ]
    return views, len(rows) > limit


# --- of others too ---------------------------------------------------------------------------------------------------


def new_row(conversing: Conversing, caller: Caller, **values: Any) -> dict[str, Any]:
    """A conversation's row, with what is said of it."""
    now = conversing.clock.now()
    row = {
        "id": ids.new("conv"),
        "user_id": caller.user_id,
        "workspace_id": caller.workspace_id,
        "title": None,
        "system": None,
        "model": None,
        "settings": {},
        "metadata": {},
        "tip_id": None,
        "forked_from": None,
        "begun_by": None,
        "pinned": False,
        "created_at": now,
        "active_at": now,
        "archived_at": None,
        "deleted_at": None,
        **values,
    }
    return {"title_source": None if row["title"] is None else "user", **row}


def found(tx: Reading, caller: Caller, conversation_id: str) -> Any:
    """The caller's conversation. Raises NotFound, for one that is another's too."""
    row = sql.find(tx, caller.user_id, conversation_id)
    if row is None:
        raise NotFound("There is no such conversation.")
    return row


def locked(tx: Writing, caller: Caller, conversation_id: str) -> Any:
    """As `found`; nobody else adds to it until the transaction ends."""
    row = sql.lock(tx, caller.user_id, conversation_id)
    if row is None:
        raise NotFound("There is no such conversation.")
    return row


def found_message(tx: Reading, caller: Caller, conversation_id: str, message_id: str) -> Any:
    """A message of the caller's conversation. Raises NotFound."""
    row = sql.find_message(tx, caller.user_id, conversation_id, message_id)
    if row is None:
        raise NotFound("There is no such message in this conversation.")
    return row


def snippet(text: str, asked: str) -> str:
    """The words around the first place where one of those asked for occurs."""
    lowered = text.lower()
    places = [at for word in asked.lower().split() if (at := lowered.find(word)) >= 0]
    start = max(0, min(places, default=0) - SNIPPET_CHARS // 4)
    cut = " ".join(text[start : start + SNIPPET_CHARS].split())
    return f"{'…' if start else ''}{cut}{'…' if start + SNIPPET_CHARS < len(text) else ''}"
