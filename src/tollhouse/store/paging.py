"""One page of a list, by key: OpenAI's `limit`, `after`, `before` and `order`."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Select


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Which page: up to `limit` rows beyond `after` and short of `before`, both ids that are themselves left out."""

    limit: int = 50
    after: str | None = None
    before: str | None = None
    descending: bool = True

    def of(self, query: Select[Any], key: Any) -> Select[Any]:
        """The page of a query whose `key` is unique and sorts by time."""
        if self.after is not None:
            query = query.where(key < self.after if self.descending else key > self.after)
        if self.before is not None:
            query = query.where(key > self.before if self.descending else key < self.before)
        return query.order_by(key.desc() if self.descending else key).limit(self.limit)
