"""Conversations and their messages. Every query asks whose they are: another user's are not there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, insert, literal, select, tuple_, update

from tollhouse.store.conversation_tables import conversation, message, share
from tollhouse.store.engine import Reading, Writing
from tollhouse.store.paging import Page


def add(tx: Writing, row: Mapping[str, Any]) -> None:
    tx.execute(insert(conversation).values(**row))


def find(tx: Reading, user_id: str, conversation_id: str, *, is_deleted: bool | None = False) -> Any | None:
    """A conversation of the user's: one that is there, one that was deleted, or (None) either."""
    return tx.execute(_one(user_id, conversation_id, is_deleted)).mappings().first()


def lock(tx: Writing, user_id: str, conversation_id: str, *, is_deleted: bool | None = False) -> Any | None:
    """As `find`, and nobody else adds a message until the transaction ends."""
    return tx.execute(_one(user_id, conversation_id, is_deleted).with_for_update()).mappings().first()


def listed(
    tx: Reading, user_id: str, page: Page, *, is_archived: bool, is_deleted: bool, is_pinned: bool | None = None
) -> list[Any]:
    """A page of a user's conversations, by when something last happened in them."""
    query = select(conversation).where(
        conversation.c.user_id == user_id,
        conversation.c.deleted_at.is_not(None) if is_deleted else conversation.c.deleted_at.is_(None),
    )
    if not is_deleted:
        archived_at = conversation.c.archived_at
        query = query.where(archived_at.is_not(None) if is_archived else archived_at.is_(None))
    if is_pinned is not None:
        query = query.where(conversation.c.pinned == is_pinned)
    key = tuple_(conversation.c.active_at, conversation.c.id)
    for edge, is_below in ((page.after, page.descending), (page.before, not page.descending)):
        if edge is not None:
            other = conversation.alias()
            at = select(other.c.active_at).where(other.c.id == edge, other.c.user_id == user_id).scalar_subquery()
            bound = tuple_(at, edge)
            query = query.where(key < bound if is_below else key > bound)
    columns = (conversation.c.active_at, conversation.c.id)
    order = [column.desc() if page.is_read_descending else column for column in columns]
    return list(tx.execute(query.order_by(*order).limit(page.limit)).mappings())


def change(tx: Writing, user_id: str, conversation_id: str, values: Mapping[str, Any]) -> None:
    mine = (conversation.c.id == conversation_id, conversation.c.user_id == user_id)
    tx.execute(update(conversation).where(*mine).values(**values))


def entitle(tx: Writing, user_id: str, conversation_id: str, title: str) -> bool:
    """Give a title that a model made, unless the user has meanwhile given one; tells whether it was given."""
    given = tx.execute(
        update(conversation)
        .where(
            conversation.c.id == conversation_id,
            conversation.c.user_id == user_id,
            conversation.c.title_source == "fallback",
        )
        .values(title=title, title_source="model")
    )
    return given.rowcount == 1


# --- messages --------------------------------------------------------------------------------------------------------


def add_message(tx: Writing, row: Mapping[str, Any]) -> int:
    """Add a message to a conversation that is locked, with the next number in it; gives the number."""
    last = select(func.max(message.c.seq)).where(message.c.conversation_id == row["conversation_id"])
    seq = int(tx.execute(last).scalar_one() or 0) + 1
    tx.execute(insert(message).values(**row, seq=seq))
    return seq


def add_messages(tx: Writing, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add messages to one conversation that is locked, in this order; all rows have the same columns."""
    last = select(func.max(message.c.seq)).where(message.c.conversation_id == rows[0]["conversation_id"])
    first = int(tx.execute(last).scalar_one() or 0) + 1
    tx.execute(insert(message), [{**row, "seq": first + number} for number, row in enumerate(rows)])


def find_message(tx: Reading, user_id: str, conversation_id: str, message_id: str) -> Any | None:
    return tx.execute(_messages(user_id, conversation_id).where(message.c.id == message_id)).mappings().first()


def path(tx: Reading, user_id: str, conversation_id: str, leaf_id: str | None, page: Page | None = None) -> list[Any]:
    """The branch that ends in a message, oldest first; or a page of it.

    Its order is that of parents: what was said while a question was being answered came before the answer, and stands
    behind it.
    """
    if leaf_id is None:
        return []
    start = _messages(user_id, conversation_id).with_only_columns(
        message.c.id, message.c.parent_id, literal(0).label("below")
    )
    branch = start.where(message.c.id == leaf_id).cte("branch", recursive=True)
    above = select(message.c.id, message.c.parent_id, branch.c.below + 1)
    branch = branch.union_all(above.join(branch, message.c.id == branch.c.parent_id))

    def place_of(message_id: str) -> ColumnElement[int]:
        other = branch.alias()
        return select(-other.c.below).where(other.c.id == message_id).scalar_subquery()

    # The leaf is the user's, so all above it are. To say so again misleads PostgreSQL: it expects one row, and compares
    # each message with each.
    query = select(message).join(branch, branch.c.id == message.c.id)
    return _paged(tx, query, page, -branch.c.below, place_of)


def messages(tx: Reading, user_id: str, conversation_id: str, page: Page | None = None) -> list[Any]:
    """Every message of every branch, in the order they came; or a page of them."""
    other = message.alias()

    def place_of(message_id: str) -> ColumnElement[int]:
        return select(other.c.seq).where(other.c.id == message_id).scalar_subquery()

    return _paged(tx, _messages(user_id, conversation_id), page, message.c.seq, place_of)


def adopt(tx: Writing, question_id: str, answer_id: str, *, since: datetime) -> None:
    """Put what the user has said after a question, while it was being answered, behind its answer."""
    followers = (
        message.c.parent_id == question_id,
        message.c.role == "user",
        message.c.created_at >= since,
        message.c.id != answer_id,
    )
    tx.execute(update(message).where(*followers).values(parent_id=answer_id))


def leaves(tx: Reading, user_id: str, conversation_id: str) -> list[Any]:
    """The last message of each branch, the newest first."""
    child = message.alias()
    is_followed = select(child.c.id).where(child.c.parent_id == message.c.id).exists()
    query = _messages(user_id, conversation_id).where(~is_followed)
    return list(tx.execute(query.order_by(message.c.seq.desc())).mappings())


def change_message(tx: Writing, user_id: str, message_id: str, values: Mapping[str, Any]) -> None:
    mine = (message.c.id == message_id, message.c.user_id == user_id)
    if values:
        tx.execute(update(message).where(*mine).values(**values))


# --- shares ----------------------------------------------------------------------------------------------------------


def add_share(tx: Writing, row: Mapping[str, Any]) -> None:
    tx.execute(insert(share).values(**row))


def shares(tx: Reading, user_id: str, conversation_id: str) -> list[Any]:
    """What the user shares of a conversation, the newest first."""
    query = select(share).where(
        share.c.user_id == user_id, share.c.conversation_id == conversation_id, share.c.revoked_at.is_(None)
    )
    return list(tx.execute(query.order_by(share.c.id.desc())).mappings())


def revoke_share(tx: Writing, user_id: str, share_id: str, at: datetime) -> bool:
    mine = (share.c.id == share_id, share.c.user_id == user_id, share.c.revoked_at.is_(None))
    return tx.execute(update(share).where(*mine).values(revoked_at=at)).rowcount == 1


def shared(tx: Reading, digest: str) -> Any | None:
    """What is shared under a key: whoever has the key may see it, as long as its conversation is not deleted."""
    query = (
        select(share)
        .join(conversation, conversation.c.id == share.c.conversation_id)
        .where(share.c.digest == digest, share.c.revoked_at.is_(None), conversation.c.deleted_at.is_(None))
    )
    return tx.execute(query).mappings().first()


def _one(user_id: str, conversation_id: str, is_deleted: bool | None) -> Select[Any]:
    mine = select(conversation).where(conversation.c.id == conversation_id, conversation.c.user_id == user_id)
    if is_deleted is None:
        return mine
    deleted_at = conversation.c.deleted_at
    return mine.where(deleted_at.is_not(None) if is_deleted else deleted_at.is_(None))


def _messages(user_id: str, conversation_id: str) -> Select[Any]:
    return select(message).where(message.c.conversation_id == conversation_id, message.c.user_id == user_id)


def _paged(
    tx: Reading,
    query: Select[Any],
    page: Page | None,
    place: ColumnElement[int],
    place_of: Callable[[str], ColumnElement[int]],
) -> list[Any]:
    """The page in the order of places; `after` and `before` name messages."""
    page = page or Page(limit=100_000, descending=False)
    for edge, is_below in ((page.after, page.descending), (page.before, not page.descending)):
        if edge is not None:
            query = query.where(place < place_of(edge) if is_below else place > place_of(edge))
    order = place.desc() if page.is_read_descending else place
    return list(tx.execute(query.order_by(order).limit(page.limit)).mappings())
