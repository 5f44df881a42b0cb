"""Answers to questions like those that were asked, each compared with what the model said: was it the wrong one?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import delete, func, select

from tollhouse.store.engine import Reading, Writing
from tollhouse.store.statements import Batch, inserting
from tollhouse.store.tables import likeness_trial

KEPT_US: Final = 30 * 24 * 3600 * 1_000_000
"""How long one counts, in microseconds: models change, and so does what is asked."""


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One comparison, under the id of the request that the model answered.

    Attributes:
        name: what was asked for: an alias, or a model.
        likeness: of the two questions, in thousandths.
        created_at: in microseconds since 1970.
    """

    id: str
    name: str
    likeness: int
    is_wrong: int
    created_at: int


INSERT: Final = inserting(likeness_trial, Trial.__struct_fields__, "ON CONFLICT (id) DO NOTHING")

values_of = msgspec.structs.astuple


def note(batch: Batch, trials: list[Trial]) -> Sequence[None]:
    """Write them down; one that is there stays."""
    batch.run(INSERT, [values_of(trial) for trial in trials])
    return [None] * len(trials)


def counts(tx: Reading, since: int) -> dict[str, tuple[int, int]]:
    """By name, how many there were since then, and how many of them were wrong."""
    wrong = func.sum(likeness_trial.c.is_wrong)
    query = select(likeness_trial.c.name, func.count(), wrong).where(likeness_trial.c.created_at >= since)
    return {row[0]: (int(row[1]), int(row[2])) for row in tx.execute(query.group_by(likeness_trial.c.name))}


def drop_before(tx: Writing, created_at: int) -> int:
    """Forget what is older; gives how many went."""
    return tx.execute(delete(likeness_trial).where(likeness_trial.c.created_at < created_at)).rowcount
