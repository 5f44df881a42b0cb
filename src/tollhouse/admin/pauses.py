"""That something is paused, for people."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tollhouse.gateway.paused import Pause
from tollhouse.store.queue import Paused


class PauseView(msgspec.Struct, frozen=True, kw_only=True):
    """That a provider or a queue is paused.

    Attributes:
        by: a token's id, or `command line`.
    """

    at: datetime
    by: str
    reason: str | None


def pause_view(pause: Pause | Paused | None) -> PauseView | None:
    """A provider's pause, or a queue's; None when there is none."""
    return None if pause is None else PauseView(at=pause.at, by=pause.by, reason=pause.reason)
