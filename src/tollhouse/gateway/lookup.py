"""What the cache made of one request, as its answer's headers tell it."""

from __future__ import annotations

from typing import Literal

import msgspec

from tollhouse.cache.fingerprint import Why
from tollhouse.gateway.route import Candidate
from tollhouse.gateway.translate import lossy
from tollhouse.providers.base import Headers

HEADER = b"x-tollhouse-cache"

FREE: Headers = ((b"x-tollhouse-attempts", b"0"), (b"x-tollhouse-cost-usd", b"0"))
"""Nobody was asked, and nothing is paid."""


class Lookup(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it.

    Attributes:
        result: `bypass` when it was not looked for, because of `why`; `similar` when another question was answered.
        candidate: who gave the answer that is given again; None when none is.
        age_s: how long ago that was.
        likeness: of the two questions, 0 to 1, when they are not the same.
        lost: what of the question was not told then.
    """

    result: Literal["hit", "similar", "miss", "bypass"]
    why: Why | None = None
    candidate: Candidate | None = None
    age_s: int = 0
    likeness: float | None = None
    lost: tuple[str, ...] = ()

    @property
    def headers(self) -> Headers:
        """What is told of it: who answered, too, when nobody is asked now."""
        if self.why is not None:
            return ((HEADER, f"bypass; reason={self.why}".encode()),)
        if self.candidate is None:
            return ((HEADER, self.result.encode()),)
        lost = (lossy(self.lost),) if self.lost else ()
        said = f"{self.result}; age={self.age_s}" + ("" if self.likeness is None else f"; likeness={self.likeness:.3f}")
        return ((HEADER, said.encode()), *self.candidate.headers, *FREE, *lost)
