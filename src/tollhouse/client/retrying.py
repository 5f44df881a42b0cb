"""Whether to try a call again, and after how long. Pure."""

from __future__ import annotations

from typing import Final

from tollhouse.client.errors import ClientError, Conflict

ATTEMPTS: Final = 3
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 60.0
"""Who is told to wait longer than this hears of it, instead of waiting."""


def pause_s(
    error: ClientError, *, attempt: int, attempts: int, should_retry: str | None, chance: float
) -> float | None:
    """Seconds until another try; None for none.

    Args:
        attempt: how many have failed.
        should_retry: the answer's `x-should-retry`, which overrules what we think.
        chance: in [0, 1), so that many who failed together do not come back together.
    """
    may_pass = error.may_pass
    if isinstance(error, Conflict):
        # The first try is still being done, and its answer will be given again.
        may_pass = error.code == "idempotency_key_in_use"
    if should_retry in ("true", "false"):
        may_pass = should_retry == "true"
    if not may_pass or attempt >= attempts:
        return None
    if error.retry_after_s is not None:
        return error.retry_after_s if error.retry_after_s <= LONGEST_PAUSE_S else None
    pause: float = FIRST_PAUSE_S * 2 ** (attempt - 1)
    return min(pause, LONGEST_PAUSE_S) * (0.5 + chance / 2)
