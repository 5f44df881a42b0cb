"""Who is next: every workspace gets its turn, and within one the most urgent goes first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A run that could begin. `priority` 9 is the most urgent; ids sort by age."""

    id: str
    workspace_id: str
    priority: int
    attempt: int


def fairly(waiting: Sequence[Waiting], running: Mapping[str, int], *, free: int, firsts: int) -> list[Waiting]:
    """Those that begin now, in order.

    A workspace that has few under way comes before one that has many, whatever their priorities: how many somebody has
    waiting, or how urgent they call it, is no concern of others.

    Args:
        running: how many each workspace has under way.
        free: how many may begin.
        firsts: how many may begin beyond that, each the only one of its workspace.
    """
    levels: list[tuple[int, int, str, Waiting]] = []
    seen: Counter[str] = Counter()
    for one in sorted(waiting, key=lambda it: (-it.priority, it.id)):
        level = running.get(one.workspace_id, 0) + seen[one.workspace_id]
        seen[one.workspace_id] += 1
        levels.append((level, -one.priority, one.id, one))
    chosen: list[Waiting] = []
    for level, _, _, one in sorted(levels, key=lambda it: it[:3]):
        if len(chosen) < free:
            chosen.append(one)
        elif level == 0 and firsts > 0:
            chosen.append(one)
            firsts -= 1
    return chosen
