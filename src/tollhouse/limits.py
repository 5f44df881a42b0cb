"""How much a caller may use in a minute and at once: requests, tokens, concurrent requests. Pure: `now_s` is told.

A window slides: in no 60 seconds is more admitted than the limit, where a counter that is reset every minute admits
twice as much around the reset, and a refilled bucket up to twice as much in its first minute. What is counted is kept
as a short queue of slots; one slot is a 240th of the window, so a window needs a bounded memory whatever the limit is.
A slot is counted until its latest entry is out of the window: the error is at most one slot, towards fewer.
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

import msgspec

from tollhouse.errors import Busy, TooLarge

WINDOW_S = 60.0

_SLOTS_PER_WINDOW = 240
_CONCURRENT_RETRY_AFTER_S = 1.0
_ELSEWHERE_RETRY_AFTER_S = 5.0


class Allowance(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller may use; each at least 1, None is unlimited. The defaults are a new user's.

    Attributes:
        requests_per_minute: requests, whatever becomes of them.
        tokens_per_minute: input and output together.
        concurrent: requests that are being answered.
    """

    requests_per_minute: int | None = 20
    tokens_per_minute: int | None = None
    concurrent: int | None = 100

    def __post_init__(self) -> None:
        if any(limit is not None and limit < 1 for limit in msgspec.structs.astuple(self)):
            raise ValueError("A limit is at least 1; to refuse a caller altogether, disable the user.")


class Use(NamedTuple):
    """What one caller uses: requests and tokens in the last minute, and requests that are being answered."""

    requests: int
    tokens: int
    concurrent: int


NOTHING: Final = Use(0, 0, 0)


class Quota(msgspec.Struct, frozen=True):
    """What is left in one window.

    Attributes:
        limit: the most in `window_s` seconds.
        remaining: what is left now, >= 0.
        reset_s: seconds until all of it is back, when nothing more is used.
    """

    limit: int
    remaining: int
    reset_s: float
    window_s: float = WINDOW_S


class Snapshot(msgspec.Struct, frozen=True):
    """A caller's quotas at one moment; None is unlimited."""

    requests: Quota | None
    tokens: Quota | None


class CallerLimits:
    """All limits of one caller, in one process, beside what others let them use. `now_s` is a monotonic clock's.

    Requests may come in another order than they began in: what began earlier is counted with the latest.
    """

    __slots__ = ("_concurrent", "_elsewhere", "_requests", "_tokens", "active")

    def __init__(self, allowance: Allowance) -> None:
        self.active = 0
        self._elsewhere = NOTHING
        self._requests: Window | None = None
        self._tokens: Window | None = None
        self.change(allowance)

    def change(self, allowance: Allowance) -> None:
        """Go on under other limits; what was used in the last minute still counts, where it was limited before."""
        self._requests = _changed(self._requests, allowance.requests_per_minute)
        self._tokens = _changed(self._tokens, allowance.tokens_per_minute)
        self._concurrent = allowance.concurrent
        self.hear(self._elsewhere)

    def hear(self, elsewhere: Use) -> None:
        """What other processes let the caller use, from now on."""
        self._elsewhere = elsewhere
        if self._requests is not None:
            self._requests.elsewhere = elsewhere.requests
        if self._tokens is not None:
            self._tokens.elsewhere = elsewhere.tokens

    def use(self, now_s: float) -> Use:
        """What the caller uses here; what is unlimited is not counted."""
        windows = (self._requests, self._tokens)
        requests, tokens = (0 if window is None else window.used_at(now_s) for window in windows)
        return Use(requests, tokens, self.active)

    def admit(self, now_s: float, tokens: int = 0) -> Admission:
        """Count one request and its tokens, or nothing.

        Args:
            now_s: the moment, in seconds.
            tokens: the most it may use; `Admission.finish` gives back what it did not.

        Raises:
            Busy: a limit is reached; `retry_after_s` says when all of them allow it, `details` which one is meant.
            TooLarge: more tokens than the limit: waiting will not help.
        """
        name, limit, wait_s = "", 0, 0.0
        if self._concurrent is not None and self.active + self._elsewhere.concurrent >= self._concurrent:
            name, limit, wait_s = "concurrent", self._concurrent, _CONCURRENT_RETRY_AFTER_S
        requests = self._requests
        if requests is not None and (requests_wait_s := requests.wait_s(now_s)) > wait_s:
            name, limit, wait_s = "requests_per_minute", requests.limit, requests_wait_s
        window = self._tokens
        if window is not None:
            if tokens > window.limit:
                raise _too_large(tokens, window.limit)
            if (tokens_wait_s := window.wait_s(now_s, tokens)) > wait_s:
                name, limit, wait_s = "tokens_per_minute", window.limit, tokens_wait_s
        if name:
            raise _busy(name, limit, wait_s)
        self.active += 1
        if requests is not None:
            requests.count(now_s)
        return Admission(self, window, None if window is None else window.count(now_s, tokens), tokens)

    def snapshot(self, now_s: float) -> Snapshot:
        """What is left now, for the answer's headers."""
        return Snapshot(
            None if self._requests is None else self._requests.quota(now_s),
            None if self._tokens is None else self._tokens.quota(now_s),
        )


class Admission:
    """One admitted request. Its owner finishes it exactly when the answer has ended, however it ended."""

    __slots__ = ("_limits", "_slot", "_tokens", "_window")

    def __init__(self, limits: CallerLimits, window: Window | None, slot: Slot | None, tokens: int) -> None:
        self._limits: CallerLimits | None = limits
        self._window = window
        self._slot = slot
        self._tokens = tokens

    def finish(self, now_s: float, tokens_used: int) -> None:
        """Make room for the next, and count the tokens that were really used. A second call does nothing."""
        if self._limits is None:
            return
        self._limits.active -= 1
        self._limits = None
        if self._window is None or self._slot is None:
            return
        unused = self._tokens - tokens_used
        if unused > 0:
            self._window.give_back(self._slot, unused)
        elif unused < 0:
            # Used is used: the excess counts from now on, and may leave less than nothing for the next.
            self._window.count(now_s, -unused)


class Slot:
    """What was counted in one short stretch of time, and when the last of it was."""

    __slots__ = ("amount", "at_s", "until_s")

    def __init__(self, at_s: float, amount: int, until_s: float) -> None:
        self.at_s = at_s
        self.amount = amount
        self.until_s = until_s


class Window:
    """An amount in the last `window_s` seconds. Who asks `wait_s` and counts only at 0 never passes the limit.

    `elsewhere` is what was counted in other processes, as far as they have told.
    """

    __slots__ = ("_slot_s", "_slots", "elsewhere", "limit", "used", "window_s")

    def __init__(self, limit: int, window_s: float = WINDOW_S) -> None:
        self.limit = limit
        self.window_s = window_s
        self.used = 0
        self.elsewhere = 0
        self._slots: deque[Slot] = deque()
        self._slot_s = window_s / _SLOTS_PER_WINDOW

    def wait_s(self, now_s: float, amount: int = 1) -> float:
        """Seconds until an amount fits; 0.0 when it fits now. Raises ValueError when it is over the limit itself."""
        self._forget(now_s)
        if amount > self.limit:
            raise ValueError(f"{amount} will never fit into a limit of {self.limit}.")
        excess = self.used + self.elsewhere + amount - self.limit
        if excess <= 0:
            return 0.0
        for slot in self._slots:
            excess -= slot.amount
            if excess <= 0:
                return slot.at_s + self.window_s - now_s
        # All that was used here would not make room enough.
        return min(_ELSEWHERE_RETRY_AFTER_S, self.window_s)

    def count(self, now_s: float, amount: int = 1) -> Slot:
        """Count an amount, fitting or not; the slot is for giving it back."""
        self.used += amount
        if self._slots:
            newest = self._slots[-1]
            if now_s < newest.until_s:
                if now_s > newest.at_s:
                    newest.at_s = now_s
                newest.amount += amount
                return newest
        slot = Slot(now_s, amount, now_s + self._slot_s)
        self._slots.append(slot)
        return slot

    def give_back(self, slot: Slot, amount: int) -> None:
        """Take back part of what was counted into a slot; nothing, when it has left the window since."""
        returned = min(amount, slot.amount)
        slot.amount -= returned
        self.used -= returned

    def quota(self, now_s: float) -> Quota:
        """What is left now. When others' part of it is back, is not known: in a window at the latest."""
        self._forget(now_s)
        reset_s = self._slots[-1].at_s + self.window_s - now_s if self.used else 0.0
        if self.elsewhere:
            reset_s = self.window_s
        remaining = max(0, self.limit - self.used - self.elsewhere)
        return Quota(self.limit, remaining, min(reset_s, self.window_s), self.window_s)

    def used_at(self, now_s: float) -> int:
        """What is in the window now, >= 0."""
        self._forget(now_s)
        return self.used

    def _forget(self, now_s: float) -> None:
        slots, window_s = self._slots, self.window_s
        while slots and slots[0].at_s + window_s <= now_s:
            slot = slots.popleft()
            self.used -= slot.amount
            slot.amount = 0  # nothing is left in it to give back


def _changed(window: Window | None, limit: int | None) -> Window | None:
    if limit is None:
        return None
    if window is None:
        return Window(limit)
    window.limit = limit
    return window


def _busy(name: str, limit: int, wait_s: float) -> Busy:
    words = {"concurrent": "requests at once", "requests_per_minute": "requests per minute"}
    return Busy(
        f"You have reached your limit of {limit:,} {words.get(name, 'tokens per minute')}. "
        f"Try again in {max(wait_s, 0.001):.3g} s.",
        retry_after_s=wait_s,
        details={"limit": name, "allowed": limit},
    )


def _too_large(tokens: int, limit: int) -> TooLarge:
    return TooLarge(
        f"This request may use {tokens:,} tokens, and your limit is {limit:,} tokens per minute. "
        "Ask for a shorter answer, send less, or have the limit raised.",
        details={"limit": "tokens_per_minute", "allowed": limit},
    )
