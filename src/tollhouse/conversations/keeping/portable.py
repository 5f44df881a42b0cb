"""Take a conversation along: a copy from any message on, a file and back, a snapshot that others may read."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tollhouse import ids
from tollhouse.conversations.conversing import Conversing
from tollhouse.conversations.keeping import titles
from tollhouse.conversations.keeping.index import index_message, index_title
from tollhouse.conversations.keeping.records import found, found_message, new_row
from tollhouse.conversations.messages.asking import checked_settings
from tollhouse.conversations.messages.history import estimate_parts
from tollhouse.conversations.messages.parts import AnyPart, Role, Text, dump, load, words_of
from tollhouse.conversations.messages.views import ConversationView, conversation_view
from tollhouse.dialects import json_body
from tollhouse.errors import NotFound, Unprocessable
from tollhouse.gateway.identify import Caller
from tollhouse.store import conversations as sql
from tollhouse.store.engine import Reading, Writing

SHARE_BYTES = 24
SPEAKERS = {"user": "You", "assistant": "Model", "tool": "Tool", "system": "System", "developer": "System"}


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A message in a file; `parent` is the `id` of one before it, the one right before it when neither is said."""

    role: Role
    content: str | tuple[AnyPart, ...]
    id: str | None = None
    parent: str | None = None
    model: str | None = None
    finish_reason: str | None = None
    pinned: bool = False
    created_at: Annotated[datetime, Meta(tz=True)] | None = None


class Portable(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation as a file: what OpenAI's clients keep (`messages`) is one too."""

    messages: Annotated[tuple[Line, ...], Meta(max_length=100_000)]
    format: Literal["tollhouse.conversation"] = "tollhouse.conversation"
    version: Literal[1] = 1
    title: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    system: str | None = None
    model: str | None = None
    settings: dict[str, Any] = {}
    metadata: dict[str, str] = {}
    tip: str | None = None


class ShareView(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot that others may read."""

    id: str
    conversation: str
    created_at: datetime


class ShareMade(ShareView, frozen=True, kw_only=True):
    """A new share. `key` is shown this once: whoever has it, and a token here, may read the snapshot at `path`."""

    key: str
    path: str

    def __repr__(self) -> str:
        return f"ShareMade(id={self.id!r}, key=***)"


class SharedView(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot, as it was when it was shared."""

    title: str | None
    messages: tuple[Line, ...]
    shared_at: datetime


_FILE = msgspec.json.Decoder(Portable)


async def export(conversing: Conversing, caller: Caller, conversation_id: str) -> Portable:
    """A conversation with every branch. Raises NotFound."""

    def query(tx: Reading) -> tuple[Any, list[Any]]:
        row = found(tx, caller, conversation_id)
        return row, parents_first(sql.messages(tx, caller.user_id, conversation_id))

    return _portable(*await conversing.store.read(query))


async def fork(
    conversing: Conversing, caller: Caller, conversation_id: str, message_id: str | None, title: str | None
) -> ConversationView:
    """A conversation of its own, with what was said up to a message (the tip unless said). Raises NotFound."""

    def query(tx: Reading) -> tuple[Any, list[Any]]:
        row = found(tx, caller, conversation_id)
        leaf = row["tip_id"] if message_id is None else found_message(tx, caller, conversation_id, message_id)["id"]
        return row, sql.path(tx, caller.user_id, conversation_id, leaf)

    row, branch = await conversing.store.read(query)
    copied = msgspec.structs.replace(_portable(row, branch), tip=branch[-1]["id"] if branch else None)
    source = "user" if title is not None else row["title_source"]
    new = {"forked_from": conversation_id, "title": title or row["title"], "title_source": source}
    return await _take_in(conversing, caller, copied, new)


async def import_(conversing: Conversing, caller: Caller, said: Any) -> ConversationView:
    """A conversation from a file, under new ids. Raises InvalidRequest, Unprocessable: names the field."""
    try:
        portable = _FILE.decode(msgspec.json.encode(said))
    except msgspec.ValidationError as error:
        raise json_body.explain(error) from None
    return await _take_in(conversing, caller, portable, {"title": portable.title})


async def share(conversing: Conversing, caller: Caller, conversation_id: str) -> ShareMade:
    """Let others read the branch that is shown, as it is now; what comes later stays unseen. Raises NotFound."""
    key, now = secrets.token_urlsafe(SHARE_BYTES), conversing.clock.now()

    def work(tx: Writing) -> ShareMade:
        row = found(tx, caller, conversation_id)
        branch = sql.path(tx, caller.user_id, conversation_id, row["tip_id"])
        shown = msgspec.structs.replace(_portable(row, branch), system=None, settings={}, metadata={}, model=None)
        share_id = ids.new("share")
        made = {"id": share_id, "conversation_id": conversation_id, "created_at": now}
        snapshot = msgspec.json.encode(shown).decode()
        sql.add_share(tx, {**made, "user_id": caller.user_id, "digest": _digest(key), "snapshot": snapshot})
        return ShareMade(id=share_id, conversation=conversation_id, created_at=now, key=key, path=f"/api/shared/{key}")

    return await conversing.store.write(work)


async def shares(conversing: Conversing, caller: Caller, conversation_id: str) -> list[ShareView]:
    """What is shared of a conversation, the newest first. Raises NotFound."""

    def query(tx: Reading) -> list[Any]:
        found(tx, caller, conversation_id)
        return sql.shares(tx, caller.user_id, conversation_id)

    return [
        ShareView(id=row["id"], conversation=row["conversation_id"], created_at=row["created_at"])
        for row in await conversing.store.read(query)
    ]


async def revoke(conversing: Conversing, caller: Caller, share_id: str) -> None:
    """Let nobody read a snapshot any more. Raises NotFound."""
    now = conversing.clock.now()
    if not await conversing.store.write(lambda tx: sql.revoke_share(tx, caller.user_id, share_id, now)):
        raise NotFound("There is no such share.")


async def shared(conversing: Conversing, key: str) -> SharedView:
    """The snapshot under a key. Raises NotFound."""
    row = await conversing.store.read(lambda tx: sql.shared(tx, _digest(key)))
    if row is None:
        raise NotFound("There is nothing shared under this key.")
    kept = _FILE.decode(row["snapshot"])
    return SharedView(title=kept.title, messages=kept.messages, shared_at=row["created_at"])


def parents_first(messages: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """In the order they came, but none before its parent: one that waited for an answer came before it."""
    put: list[Mapping[str, Any]] = []
    known: set[str | None] = {None}
    waiting: dict[str | None, list[Mapping[str, Any]]] = {}
    for message in messages:
        if message["parent_id"] not in known:
            waiting.setdefault(message["parent_id"], []).append(message)
            continue
        ready = [message]
        while ready:
            one = ready.pop(0)
            put.append(one)
            known.add(one["id"])
            ready += waiting.pop(one["id"], [])
    return put


def markdown(portable: Portable) -> str:
    """The branch that is shown, for people."""
    lines = [f"# {portable.title or 'Conversation'}", ""]
    if portable.system:
        lines += [f"> {line}" for line in portable.system.splitlines()] + [""]
    for line in _branch(portable):
        content = (Text(line.content),) if isinstance(line.content, str) else line.content
        speaker = SPEAKERS[line.role] + (f" ({line.model})" if line.model else "")
        lines += [f"## {speaker}", "", words_of(content), ""]
        named = [part.__struct_config__.tag for part in content if not words_of((part,))]
        lines += [f"*{name}*\n" for name in named]
    return "\n".join(lines).rstrip() + "\n"


def _branch(portable: Portable) -> list[Line]:
    by_id = {line.id: line for line in portable.messages}
    branch: list[Line] = []
    line = by_id.get(portable.tip) if portable.tip is not None else None
    while line is not None:
        branch.insert(0, line)
        line = by_id.get(line.parent) if line.parent is not None else None
    return branch


def _portable(row: Mapping[str, Any], messages: Sequence[Mapping[str, Any]]) -> Portable:
    same = ("id", "role", "model", "finish_reason", "pinned", "created_at")
    return Portable(
        title=row["title"],
        system=row["system"],
        model=row["model"],
        settings=row["settings"],
        metadata=row["metadata"],
        tip=row["tip_id"],
        messages=tuple(
            Line(parent=one["parent_id"], content=load(one["parts"]), **{name: one[name] for name in same})
            for one in messages
        ),
    )


async def _take_in(
    conversing: Conversing, caller: Caller, portable: Portable, values: Mapping[str, Any]
) -> ConversationView:
    """Write a conversation and its messages, under new ids."""
    settings = checked_settings(portable.settings)
    same = {"system": portable.system, "model": portable.model, "metadata": portable.metadata}
    given = {**same, "settings": settings, **values}
    row = new_row(conversing, caller, **given)
    rows = [*_rows(conversing, row, portable)]
    named = {line.id: one["id"] for line, one in zip(portable.messages, rows, strict=True) if line.id is not None}
    row["tip_id"] = named.get(portable.tip) if portable.tip is not None else (rows[-1]["id"] if rows else None)
    if row["title"] is None:
        spoken = next((words_of(load(one["parts"])) for one in rows if one["role"] == "user"), "")
        row["title"] = titles.first_words(spoken)
        row["title_source"] = None if row["title"] is None else "fallback"

    def work(tx: Writing) -> None:
        sql.add(tx, row)
        index_title(tx, row)
        for one in rows:
            sql.add_message(tx, one)
            index_message(tx, one, one["id"], words_of(load(one["parts"])))

    await conversing.store.write(work)
    return conversation_view(row)


def _rows(conversing: Conversing, row: Mapping[str, Any], portable: Portable) -> Iterator[dict[str, Any]]:
    """Each message's row, its parent before it. Raises Unprocessable for a parent that is not there."""
    known: dict[str, str] = {}
    before: str | None = None
    for position, line in enumerate(portable.messages):
        parts: tuple[AnyPart, ...] = (Text(line.content),) if isinstance(line.content, str) else line.content
        parent = before if line.id is None and line.parent is None else None
        if line.parent is not None:
            if line.parent not in known:
                raise Unprocessable("A parent must stand before its message.", param=f"messages[{position}].parent")
            parent = known[line.parent]
        before = ids.new("msg")
        if line.id is not None:
            known[line.id] = before
        yield {
            "id": before,
            "conversation_id": row["id"],
            "user_id": row["user_id"],
            "parent_id": parent,
            "role": line.role,
            "parts": dump(parts),
            "tokens": estimate_parts(parts),
            "tokens_estimated": True,
            "pinned": line.pinned,
            "model": line.model,
            "finish_reason": line.finish_reason,
            "created_at": line.created_at or conversing.clock.now(),
        }


def _digest(key: str) -> str:
    """What is kept of a key: nobody who reads the database can follow a link with it."""
    return hashlib.sha256(key.encode()).hexdigest()
