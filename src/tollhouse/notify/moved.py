"""Which buckets may have reached something since the last look: those to which the ledger has posted meanwhile.

The ledger's entries tell it, from a mark onward, so that a look costs what has happened since and not what there is,
and the requests pay nothing for being looked at. On PostgreSQL entries of the last moments are read again each time:
there one may appear after another that was made later.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

from tollhouse.store import alerts as sql
from tollhouse.store import machinery
from tollhouse.store.engine import Reading

LATE: Final = timedelta(seconds=20)
"""A batch takes less from its first moment to its commit, and the clocks of processes differ by less."""

ALL_EVERY: Final = timedelta(hours=1)
"""Now and then everything is looked at, whatever the marks say."""


class Mark(msgspec.Struct, frozen=True):
    """How far a look came.

    Attributes:
        entry: every entry up to this one has been seen.
        rules: changes whenever a budget is set, changed or lifted.
        looked_at_all: when everything was looked at.
    """

    entry: int
    rules: str | None
    looked_at_all: datetime


def moved(tx: Reading, mark: Mark | None, now: datetime) -> tuple[set[str] | None, Mark]:
    """Ids of the buckets that have moved since a mark, and the mark to go on from; None: any of them may have."""
    rules = machinery.get_fact(tx, machinery.BUDGETS_REVISION)
    entry = sql.newest_entry(tx, late=now - LATE)
    if mark is None or mark.rules != rules or not timedelta() <= now - mark.looked_at_all < ALL_EVERY:
        return None, Mark(entry, rules, now)
    return sql.moved_buckets(tx, mark.entry), Mark(max(entry, mark.entry), rules, mark.looked_at_all)
