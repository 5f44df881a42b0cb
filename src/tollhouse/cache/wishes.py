"""What a caller says about being answered from the cache."""

from __future__ import annotations

from typing import Final

import msgspec


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What was said with one request.

    Attributes:
        wants_new: nothing that was answered before; the new answer may be kept.
        is_private: nothing is looked for, and nothing kept.
        max_age_s: an answer may be no older.
        ttl_s: how long the answer may be kept. Who says so also takes an answer that chance had a part in.
    """

    wants_new: bool = False
    is_private: bool = False
    max_age_s: int | None = None
    ttl_s: int | None = None


NONE: Final = Wishes()
PRIVATE: Final = Wishes(is_private=True)
ANOTHER: Final = Wishes(wants_new=True)
"""Whoever asks for another answer does not want to have the same once more."""
