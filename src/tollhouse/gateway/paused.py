"""Providers that an operator has paused: who is left, and what a caller is told when nobody is. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from tollhouse.errors import ProviderPaused
from tollhouse.gateway.route import Candidate

AGAIN_S: Final = 60.0
"""When to ask again. Nobody knows when it will be resumed, and who asks sooner is told the same."""


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """That a provider is not asked.

    Attributes:
        by: a token's id, or `command line`.
        reason: what callers are told of it.
    """

    at: datetime
    by: str
    reason: str | None


def refusal(candidates: Sequence[Candidate], paused: Mapping[str, Pause]) -> ProviderPaused:
    """That all these are paused, in the operator's words if there are any."""
    names = list(dict.fromkeys(one.provider.name for one in candidates))
    reasons = dict.fromkeys(reason.rstrip(" .") for name in names if (reason := paused[name].reason))
    told = f": {'; '.join(reasons)}" if reasons else ""
    verb = "is" if len(names) == 1 else "are"
    return ProviderPaused(
        f"{' and '.join(names)} {verb} paused by the operator{told}. Ask for another model, or again later.",
        retry_after_s=AGAIN_S,
    )
