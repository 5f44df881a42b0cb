"""Have we answered something like it? Then that may do, once it is proven that it does.

What resembles it is found among what the same callers were answered to the same request but for its last words. In
`shadow` the model is asked all the same, and the two answers are compared. In `serve` it is so until the comparisons of
the last thirty days prove that no more are wrong than may be; from then on for a share of them only, and for all again
when they prove it no longer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeAlias

import msgspec

from tollhouse.cache import fingerprint, gate
from tollhouse.cache.exact import Exact
from tollhouse.cache.kept import Kept
from tollhouse.cache.semantic import Semantic, is_same
from tollhouse.cache.trials import Trials
from tollhouse.cache.wishes import Wishes
from tollhouse.dialects.chat import ChatRequest
from tollhouse.held import Held

Mode: TypeAlias = Literal["off", "shadow", "serve"]

CHARS_MOST: Final = 1_000
"""A longer question is compared with nothing: it says too much to be the same as another."""

AGREEMENT: Final = 0.8
"""So alike must two answers be to say the same."""


class Resembling(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted.

    Attributes:
        by_alias: the mode of what is asked under one of the operator's aliases, where that is another.
        max_wrong: the share of wrong answers that is borne.
        verify: the share of what could be given for which the model is asked all the same.
    """

    mode: Mode
    by_alias: Mapping[str, Mode]
    max_wrong: float
    verify: float

    def mode_of(self, name: str) -> Mode:
        """The mode of what is asked under a name."""
        return self.by_alias.get(name, self.mode)


class Question(msgspec.Struct, frozen=True):
    """What is compared: `name` is what was asked for, `partition` all that must be the same, `text` the rest."""

    name: str
    partition: str
    text: str


class Guess(msgspec.Struct, frozen=True, kw_only=True):
    """An answer to a question like it, and the key that it is kept by; `is_given` to the caller, or only compared."""

    key: str
    kept: Kept
    likeness: float
    is_given: bool


class Resemble:
    """Looks for questions like what is asked, and finds out whether their answers do."""

    def __init__(self, exact: Exact, semantic: Semantic, trials: Trials, resembling: Held[Resembling]) -> None:
        self._exact = exact
        self._semantic = semantic
        self._trials = trials
        self._resembling = resembling

    def question(self, name: str, request: ChatRequest, key_of: Callable[[ChatRequest], str]) -> Question | None:
        """What of a request is compared; None when nothing is, or what is asked is about a moment or a person."""
        if self._resembling.now.mode_of(name) == "off":
            return None
        last = fingerprint.last_words(request)
        if last is None or len(last[1]) > CHARS_MOST or gate.unfit(last[1]):
            return None
        rest, text = last
        return Question(name, key_of(rest), text)

    async def guess(self, question: Question, wishes: Wishes, chance: float) -> Guess | None:
        """The answer to what resembles it most; None when there is none. Raises Unavailable.

        Args:
            chance: 0 to 1, for whether it is verified.
        """
        near = self._semantic.nearest(question.partition, question.text)
        if near is None:
            return None
        kept = await self._exact.find(near.key, wishes)
        if kept is None:
            self._semantic.forget(question.partition, near.key)
            return None
        resembling = self._resembling.now
        is_given = (
            resembling.mode_of(question.name) == "serve"
            and chance >= resembling.verify
            and (await self._trials.of(question.name)).proves(resembling.max_wrong)
        )
        return Guess(key=near.key, kept=kept, likeness=near.likeness, is_given=is_given)

    def learn(self, question: Question, guess: Guess | None, said: Kept, request_id: str, key: str | None) -> None:
        """The model has answered: would the guess have done?

        Args:
            key: by which the answer is kept; None when it is not.
        """
        if guess is not None:
            is_wrong = not is_same(said.text, guess.kept.text, AGREEMENT)
            self._trials.note(request_id, question.name, guess.likeness, is_wrong=is_wrong)
        if key is not None:
            self._semantic.add(question.partition, question.text, key)
