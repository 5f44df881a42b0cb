"""Put messages behind a message of a conversation that is locked: nobody is asked for an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tollhouse import ids
from tollhouse.conversations.keeping import titles
from tollhouse.conversations.keeping.index import index_title
from tollhouse.conversations.messages.history import estimate_parts
from tollhouse.conversations.messages.items import Said
from tollhouse.conversations.messages.parts import dump, words_of
from tollhouse.store import conversations as sql
from tollhouse.store import searching
from tollhouse.store.engine import Writing


def append(
    tx: Writing, row: Mapping[str, Any], messages: Sequence[Said], *, parent: str | None, now: datetime
) -> list[dict[str, Any]]:
    """Add messages one behind the other, the first behind `parent`, and go on from the last; gives their rows."""
    added: list[dict[str, Any]] = []
    found: list[dict[str, str]] = []
    owner = {"conversation_id": row["id"], "user_id": row["user_id"]}
    title = ""
    for said in messages:
        message_id, words = ids.new("msg"), words_of(said.parts)
        added.append(
            {
                **owner,
                "id": message_id,
                "parent_id": parent,
                "role": said.role,
                "parts": dump(said.parts),
                "tokens": estimate_parts(said.parts),
                "tokens_estimated": True,
                "pinned": False,
                "created_at": now,
            }
        )
        if words:
            found.append({**owner, "subject_id": message_id, "text": words})
        if said.role == "user":
            title = title or words
        parent = message_id
    sql.add_messages(tx, added)
    searching.index_new(tx, found)
    go_on(tx, row, parent, words=title, now=now)
    return added


def go_on(tx: Writing, row: Mapping[str, Any], tip: str | None, *, words: str, now: datetime) -> None:
    """Let a conversation go on from its newest message; one without a title is called by what was said first."""
    values: dict[str, Any] = {"tip_id": tip, "active_at": now}
    if row["title"] is None and (first_words := titles.first_words(words)) is not None:
        values |= {"title": first_words, "title_source": "fallback"}
        index_title(tx, {**row, **values})
    sql.change(tx, row["user_id"], row["id"], values)
