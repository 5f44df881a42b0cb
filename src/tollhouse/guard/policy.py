"""What is looked for on one side of a request, and what comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Literal, TypeAlias

import msgspec

from tollhouse.guard import personal_data
from tollhouse.guard.moderation import Moderation
from tollhouse.guard.rules import Rules, broken
from tollhouse.guard.verdicts import Opinion, Verdict
from tollhouse.guard.windows import Window, windows

Handling: TypeAlias = Literal["off", "flag", "block", "redact"]
OnUnavailable: TypeAlias = Literal["block", "log"]


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """One side's.

    Attributes:
        enforces: what is found has consequences. Else it is told of, and never anything more.
        personal_data: what becomes of it; `redact` is for what is asked.
        on_unavailable: what becomes of what could not be judged.
        deadline_s: for all guards together. Who is not done by then could not judge.
        hold_back_chars: of an answer that is streamed, how much is looked at before it is let out.
    """

    enforces: bool
    rules: Rules
    personal_data: Handling = "off"
    moderation: Moderation | None = None
    on_unavailable: OnUnavailable = "block"
    deadline_s: float = 5.0
    hold_back_chars: int = 0

    @property
    def redacts(self) -> bool:
        """Personal data is replaced."""
        return self.enforces and self.personal_data == "redact"

    def stops(self, verdict: Verdict) -> bool:
        """Whether a verdict is the end of it."""
        return self.enforces and (verdict == "block" or (verdict == "unavailable" and self.on_unavailable == "block"))

    def acts_on(self, opinion: Opinion) -> bool:
        """Whether something comes of an opinion."""
        is_replaced = self.redacts and opinion.by == "personal_data" and opinion.verdict == "flag"
        return is_replaced or self.stops(opinion.verdict)


async def judge(
    texts: tuple[str, ...], policy: Policy, asker: Any, *, shown: tuple[str, ...] | None = None
) -> tuple[Opinion, ...]:
    """What each guard thinks of all that is asked, or of an answer that is whole.

    Guards that need nobody go first, and a model is not asked about what they block already.

    Args:
        shown: what a model may be shown of the texts, when that is not all.
    """
    opinions = []
    if policy.rules:
        opinions.append(await _by_rules(texts, policy.rules))
    if policy.personal_data != "off":
        opinions.append(await _by_kinds(texts, policy))
    words = "\n".join(texts if shown is None else shown)
    return await _by_a_model(words, policy, asker, opinions)


async def judge_window(window: Window, policy: Policy, asker: Any) -> tuple[Opinion, ...]:
    """What each guard thinks of a piece of an answer."""
    opinions = []
    if policy.rules:
        opinions.append(_rules_opinion(broken(window, policy.rules)))
    if policy.personal_data != "off":
        opinions.append(_kinds_opinion((one.kind for one in personal_data.find(window)), policy))
    return await _by_a_model(window.text, policy, asker, opinions)


async def _by_a_model(text: str, policy: Policy, asker: Any, opinions: list[Opinion]) -> tuple[Opinion, ...]:
    """The opinions, and a model's where it is asked: nobody can judge what has no words."""
    is_decided = any(policy.stops(one.verdict) for one in opinions)
    if policy.moderation is None or is_decided or not text.strip():
        return tuple(opinions)
    return (*opinions, await policy.moderation.judge(asker, text))


async def _by_rules(texts: tuple[str, ...], rules: Rules) -> Opinion:
    names: list[str] = []
    if rules.most_chars is not None and sum(map(len, texts)) > rules.most_chars:
        return _rules_opinion(("max_chars",))
    for window in [window for text in texts for window in windows(text)]:
        names += broken(window, rules)
        await _breathe(window)
    return _rules_opinion(names)


async def _by_kinds(texts: tuple[str, ...], policy: Policy) -> Opinion:
    kinds: list[str] = []
    for window in [window for text in texts for window in windows(text)]:
        kinds += [one.kind for one in personal_data.find(window)]
        await _breathe(window)
    return _kinds_opinion(kinds, policy)


async def _breathe(window: Window) -> None:
    """Others have their turn, and the deadline its own, within a long text."""
    if not window.is_last:
        await asyncio.sleep(0)


def _rules_opinion(names: Iterable[str]) -> Opinion:
    reasons = tuple(dict.fromkeys(names))
    return Opinion(by="rules", verdict="block" if reasons else "allow", reasons=reasons)


def _kinds_opinion(kinds: Iterable[str], policy: Policy) -> Opinion:
    reasons = tuple(dict.fromkeys(kinds))
    if not reasons:
        return Opinion(by="personal_data", verdict="allow")
    return Opinion(by="personal_data", verdict="block" if policy.personal_data == "block" else "flag", reasons=reasons)
