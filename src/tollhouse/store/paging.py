"""One page of a list, by key: OpenAI's `limit`, `after`, `before` and `order`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Select

V = TypeVar("V")


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Which page: the first `limit` rows beyond `after`, or without that the last ones short of `before`; both are ids
    that are themselves left out. A page turned back is read from its end: `cut` turns it round."""

    limit: int = 50
    after: str | None = None
    before: str | None = None
    descending: bool = True

    @property
    def is_back(self) -> bool:
        """It is the page before another."""
        return self.before is not None and self.after is None

    @property
    def is_read_descending(self) -> bool:
        """In which order it is read."""
        return self.descending != self.is_back

    @property
    def more(self) -> Page:
        """The same with one row more, that tells whether there is another page."""
        return msgspec.structs.replace(self, limit=self.limit + 1)

    def of(self, query: Select[Any], key: Any) -> Select[Any]:
        """The page of a query whose `key` is unique and sorts by time, as it is read."""
        return self.first(self.beyond(query, key), key)

    def first(self, query: Select[Any], key: Any) -> Select[Any]:
        """As many as the page has, of a query that begins where it does."""
        return query.order_by(key.desc() if self.is_read_descending else key).limit(self.limit)

    def beyond(self, query: Select[Any], key: Any) -> Select[Any]:
        """The page and all that follows it, in no order."""
        if self.after is not None:
            query = query.where(key < self.after if self.descending else key > self.after)
        if self.before is not None:
            query = query.where(key > self.before if self.descending else key < self.before)
        return query

    def cut(self, read: Sequence[V]) -> tuple[list[V], bool]:
        """The page in its order, of what `more` has read; and whether there is another one on that side."""
        rows = list(read[: self.limit])
        return (rows[::-1] if self.is_back else rows), len(read) > self.limit
