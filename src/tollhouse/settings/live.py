"""Which settings management may change while the gateway runs, and from when on that counts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Live:
    """Marks a setting that management may change while we run; `taken` says from when on that counts.

    Such a setting can neither let anybody in, nor lead secrets or calls elsewhere; and whatever uses it asks for it
    anew (`held.Held`). Whoever marks another one makes sure of both (docs/decisions/0044).
    """

    taken: str


AT_ONCE = Live("at once")
NEXT_REQUEST = Live("from the next request on")
NEXT_MESSAGE = Live("from the next message on")
NEXT_USER = Live("for the next user who is made")
NEXT_TIDYING = Live("when it is tidied next, within five minutes")
