"""Let conversations be found by what they are called, and by what is said in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tollhouse.store import searching
from tollhouse.store.engine import Writing


def index_title(tx: Writing, row: Mapping[str, Any]) -> None:
    """Let a conversation be found by its title."""
    if row["title"] is None:
        searching.forget(tx, row["id"])
        return
    searching.index(tx, subject_id=row["id"], conversation_id=row["id"], user_id=row["user_id"], words=row["title"])


def index_message(tx: Writing, owned: Mapping[str, Any], message_id: str, words: str) -> None:
    """Let a message be found."""
    if words:
        searching.index(
            tx,
            subject_id=message_id,
            conversation_id=owned["conversation_id"],
            user_id=owned["user_id"],
            words=words,
        )
