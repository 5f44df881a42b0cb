"""Put messages behind a message of a conversation that is locked: nobody is asked for an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tollhouse import ids
from tollhouse.conversations import titles
from tollhouse.conversations.history import estimate_parts
from tollhouse.conversations.items import Said
from tollhouse.conversations.parts import dump, words_of
from tollhouse.conversations.records import index_title
from tollhouse.conversations.turns import index_message
from tollhouse.store import conversations as sql
from tollhouse.store.engine import Writing


def append(
    tx: Writing, row: Mapping[str, Any], messages: Sequence[Said], *, parent: str | None, now: datetime
) -> list[dict[str, Any]]:
    """Add messages one behind the other, the first behind `parent`, and go on from the last; gives their rows."""
    added: list[dict[str, Any]] = []
    words = ""
    for said in messages:
        one = {
            "id": ids.new("msg"),
            "conversation_id": row["id"],
            "user_id": row["user_id"],
            "parent_id": parent,
            "role": said.role,
            "parts": dump(said.parts),
            "tokens": estimate_parts(said.parts),
            "tokens_estimated": True,
            "pinned": False,
            "created_at": now,
        }
        sql.add_message(tx, one)
        said_words = words_of(said.parts)
        index_message(tx, one, one["id"], said_words)
        if said.role == "user":
            words = words or said_words
        parent = one["id"]
        added.append(one)
    values: dict[str, Any] = {"tip_id": parent, "active_at": now}
    if row["title"] is None and (title := titles.first_words(words)) is not None:
        values |= {"title": title, "title_source": "fallback"}
        index_title(tx, {**row, **values})
    sql.change(tx, row["user_id"], row["id"], values)
    return added
