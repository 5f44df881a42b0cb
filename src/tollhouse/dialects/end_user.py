"""Who the end user is, to providers who take no long names.

OpenAI takes 64 characters, OpenRouter and Z.ai 128; Claude Code names its user in some 150. What such a name is for, to
tell one user from another, its digest does as well.
"""

from __future__ import annotations

import hashlib
from typing import Final

CHARS_MOST: Final = 64


def brief(user: str | None) -> str | None:
    """The name, or its digest when it is longer than 64 characters: 64 of `0-9a-f`."""
    if user is None or len(user) <= CHARS_MOST:
        return user
    return hashlib.sha256(user.encode()).hexdigest()
