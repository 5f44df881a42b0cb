"""A value that others replace whole while it is used: how what runs takes over what is set anew."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Held(Generic[T]):
    """Holds a value. Whoever uses it asks for it anew each time, and keeps what it got until it is done."""

    __slots__ = ("now",)

    def __init__(self, now: T) -> None:
        self.now = now
