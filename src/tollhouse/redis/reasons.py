"""Why Redis does not do what it is asked, in words for its operator. Pure.

What it says itself is never repeated beyond its first word: some servers quote what they were sent, a password too.
"""

from __future__ import annotations

import re
import ssl
from typing import Final


class Refused(Exception):
    """It answered with an error; only the first word of that is kept."""

    def __init__(self, said: str) -> None:
        word = re.match(r"[A-Z]{2,20}(?= |$)", said)
        self.code = word[0] if word else "ERR"
        super().__init__(self.code)


class NotRedis(Exception):
    """What it says is not Redis's protocol."""


class Silent(Exception):
    """It did not answer in time, or not at all."""


UNWELCOME: Final = "UNWELCOME"
"""Our word for an error at the door, where Redis has none."""

_REFUSALS: Final = {
    "OOM": "is full (OOM): raise its maxmemory, or let it evict with maxmemory-policy volatile-lru",
    "READONLY": "is a replica that takes no writes (READONLY): name the primary in redis_url",
    "LOADING": "is loading its data (LOADING)",
    "MISCONF": "takes no writes because it cannot save to its disk (MISCONF): mend that, or do not let it save",
    "NOAUTH": "wants a password (NOAUTH): write it into redis_url",
    "WRONGPASS": "does not take the user or the password of redis_url (WRONGPASS)",
    UNWELCOME: "does not let us in: look at the user, the password and the database of redis_url",
    "NOPERM": "does not let this user do what is needed (NOPERM): allow it ~tollhouse:* and +@all -@dangerous",
    "MOVED": "is part of a cluster (MOVED): name a server that is none",
    "CROSSSLOT": "is part of a cluster (CROSSSLOT): name a server that is none",
    "WRONGTYPE": "holds under tollhouse:* what is not ours (WRONGTYPE): give us a database of our own",
    "BUSY": "is busy with somebody's script (BUSY)",
    "MASTERDOWN": "is a replica that has lost its primary (MASTERDOWN)",
}


def reason_of(error: BaseException) -> str:
    """What is the matter, as the end of a sentence that begins with “Redis”."""
    match error:
        case Refused():
            known = _REFUSALS.get(error.code)
            return known or f"refuses ({error.code}): Redis 6.2 or newer is needed, or any Valkey"
        case NotRedis():
            return "does not speak Redis's protocol: look whether redis_url names it, and rediss:// where it wants TLS"
        case ssl.SSLCertVerificationError():
            return f"cannot prove who it is: {error.verify_message}"
        case ssl.SSLError():
            return "does not speak TLS as we do: redis:// is without it, rediss:// with it"
        case TimeoutError() | Silent():
            return "does not answer"
        case OSError():
            return f"cannot be reached: {error.strerror or error}"
    return f"cannot be spoken to: {type(error).__name__}"
