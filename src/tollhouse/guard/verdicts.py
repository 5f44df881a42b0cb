"""What guards think of a text, and the worst of it.

`unavailable` is a verdict of its own: whoever could not judge has neither allowed anything nor accused anybody.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Literal, TypeAlias

import msgspec

Verdict: TypeAlias = Literal["allow", "flag", "unavailable", "block"]
Side: TypeAlias = Literal["input", "output"]
Guard: TypeAlias = Literal["rules", "personal_data", "moderation", "guards"]

WORSE: Final[tuple[Verdict, ...]] = ("allow", "flag", "unavailable", "block")
"""From the best to the worst."""


class Opinion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one guard thinks, in words of its own and never in those of the text.

    Attributes:
        reasons: the rules, kinds or categories that it goes by, or why it could not judge.
        model: the moderation model that was asked, and `version` what it calls itself.
        scores: what that model says of each category, from 0 to 1.
    """

    by: Guard
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    model: str | None = None
    version: str | None = None
    scores: dict[str, float] = {}


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One guard's opinion of one side of a request, as the request's row keeps it.

    Attributes:
        acts: something came of it; a monitor's verdict only stands here.
    """

    side: Side
    opinion: Opinion
    acts: bool


def worst(opinions: Iterable[Opinion]) -> Verdict:
    """The worst of several verdicts."""
    return max((opinion.verdict for opinion in opinions), key=WORSE.index, default="allow")


def together(earlier: Opinion, later: Opinion) -> Opinion:
    """One guard's opinion of a text, of which it has seen one part after another: the worst, and the highest scores."""
    highest = earlier.scores | {name: max(score, earlier.scores.get(name, 0.0)) for name, score in later.scores.items()}
    return Opinion(
        by=earlier.by,
        verdict=worst((earlier, later)),
        reasons=tuple(dict.fromkeys(earlier.reasons + later.reasons)),
        model=earlier.model or later.model,
        version=later.version or earlier.version,
        scores=highest,
    )


def written(told: Iterable[Told]) -> str:
    """As the row keeps it: JSON."""
    shown: list[dict[str, Any]] = [
        {"side": one.side, "acts": one.acts, **msgspec.to_builtins(one.opinion)} for one in told
    ]
    return msgspec.json.encode(shown).decode()
