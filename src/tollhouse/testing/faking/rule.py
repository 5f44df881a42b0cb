"""A rule: which requests it is for, and what it answers to them, one after the other."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Self, TypeAlias, TypedDict

import msgspec

from tollhouse.testing import script
from tollhouse.testing.faking.answers import Answering, error, reply
from tollhouse.testing.faking.asked import Asked, Operation, shortened
from tollhouse.testing.faking.nearness import vector_of
from tollhouse.testing.steps import Count, Done, Embed, Judge

Words: TypeAlias = str | re.Pattern[str]


class Like(TypedDict, total=False):
    """What a request must be like; what is left out does not matter.

    Attributes:
        model: its name, where `*` and `?` stand for any letters.
        contains: is in what the user said last; of texts, in one of them. Or a pattern that is found there.
        system: is in what the system is told.
        tool: the model is offered this one.
        dialect: `openai_chat`, `openai_responses`, `anthropic_messages`, `gemini` …
        when: says yes.
    """

    model: str
    contains: Words
    system: Words
    tool: str
    stream: bool
    dialect: str
    when: Callable[[Asked], bool]


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """The same as a value, for one kind of request or for all; None for what does not matter."""

    operation: Operation | None = None
    model: str | None = None
    contains: Words | None = None
    system: Words | None = None
    tool: str | None = None
    stream: bool | None = None
    dialect: str | None = None
    when: Callable[[Asked], bool] | None = None

    @property
    def number(self) -> int:
        """How many conditions there are."""
        return sum(getattr(self, name) is not None for name in self.__struct_fields__)

    def differences(self, asked: Asked) -> list[str]:
        """Each way in which a request is not like this, with both sides; empty when it is."""
        found: list[str] = []
        if self.operation is not None and asked.operation != self.operation:
            found.append(f"it is for {self.operation}, and this is {asked.operation}")
        if self.model is not None and not fnmatchcase(asked.model, self.model):
            found.append(f"model: {self.model!r} does not fit {asked.model!r}")
        if self.contains is not None and not any(_is_in(self.contains, text) for text in asked.texts or [asked.text]):
            found.append(f"contains: {_shown(self.contains)} is not in {shortened(asked.text)!r}")
        if self.system is not None and not _is_in(self.system, asked.system):
            found.append(f"system: {_shown(self.system)} is not in {shortened(asked.system)!r}")
        if self.tool is not None and self.tool not in asked.tools:
            found.append(f"tool: {self.tool!r} is not among {list(asked.tools)}")
        if self.stream is not None and asked.stream is not self.stream:
            found.append(f"stream: it is for {self.stream}, and this is {asked.stream}")
        if self.dialect is not None and asked.dialect != self.dialect:
            found.append(f"dialect: it is for {self.dialect}, and this is {asked.dialect}")
        if self.when is not None and not self.when(asked):
            found.append(f"when: {getattr(self.when, '__name__', self.when)} says no")
        return found

    def __str__(self) -> str:
        """As it is written: `chat(model='gpt-*')`."""
        told = {name: getattr(self, name) for name in self.__struct_fields__ if name != "operation"}
        inner = ", ".join(f"{name}={_shown(value)}" for name, value in told.items() if value is not None)
        return f"{self.operation or 'any call'}({inner})"


class Rule:
    """For requests like its conditions; `place` is where the test wrote it.

    Answers are given in their order. When they have run out, the next request is an error, unless the last is for good.
    """

    def __init__(self, conditions: Conditions, place: str) -> None:
        self.conditions = conditions
        self.place = place
        self.given = 0
        self._waiting: deque[Answering] = deque()
        self._forever: Answering | None = None

    def script(self, *answers: Answering) -> Self:
        """Add answers: words, `reply(…)`, `error(…)`, `drop_after(…)`, or a sequence of a script's own steps."""
        if self.is_for_good:
            raise ValueError(f"{self} answers for good already; nothing can come after that")
        self._waiting.extend(answers)
        return self

    def error(
        self,
        status: int,
        message: str | None = None,
        *,
        retry_after: float | str | None = None,
        code: str | None = None,
        error_type: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Self:
        """Add an error, as `answers.error` does."""
        return self.script(
            error(status, message, retry_after=retry_after, code=code, error_type=error_type, headers=headers)
        )

    def always(self) -> Self:
        """The last answer is given as often as asked.

        Raises:
            ValueError: there is none yet.
        """
        if not self._waiting:
            raise ValueError(f"{self} has no answer yet: say .reply(…) before .always()")
        self._forever = self._waiting.pop()
        return self

    @property
    def waiting(self) -> int:
        """Answers that have not been given."""
        return len(self._waiting)

    @property
    def is_for_good(self) -> bool:
        """It has answers without end."""
        return self._forever is not None

    def take(self) -> Answering | None:
        """The next answer; None when they have run out."""
        answering = self._waiting.popleft() if self._waiting else self._forever
        if answering is not None:
            self.given += 1
        return answering

    def __str__(self) -> str:
        return f"{self.conditions} at {self.place}"


class ChatRule(Rule):
    """Answers to chats, in whichever dialect."""

    def reply(self, text: str | Callable[[Asked], Answering] = "", **how: Any) -> Self:
        """Add an answer; the arguments are those of `answers.reply`. Any: they are checked there."""
        return self.script(reply(text, **how))


class EmbedRule(Rule):
    """Vectors for texts."""

    def vectors(self, *numbers: Sequence[float], usage: script.Tokens | None = None) -> Self:
        """Add an answer of so many vectors, one for each text that will be sent."""
        return self.script(lambda asked: _counted(asked, script.vectors(*numbers), usage))

    def deterministic(self, dims: int = 256, *, usage: script.Tokens | None = None) -> Self:
        """For good, a vector that is the text's own: of length one, the same each time, and near those of near texts.

        Two texts are as near as the words that they share, in whichever order, and the groups of three letters in
        these: "running" is nearer to "run" than to "walk". It is no model of what they mean.

        Args:
            dims: how long they are, unless the request tells.
        """

        def answer(asked: Asked) -> Answering:
            each = [vector_of(text, asked.dimensions or dims) for text in asked.texts]
            return _counted(asked, script.vectors(*each), usage)

        return self.script(answer).always()


class ModerateRule(Rule):
    """Verdicts on texts."""

    def flag(self, *categories: str) -> Self:
        """For good, find what the rule is for harmful in these categories, and other texts that come with it harmless.

        Raises:
            ValueError: no category was named.
        """
        if not categories:
            raise ValueError('say in which categories: .flag("violence")')
        words = self.conditions.contains

        def answer(asked: Asked) -> Answering:
            harmful = [categories if words is None or _is_in(words, text) else () for text in asked.texts]
            return _counted(asked, script.verdicts(*harmful), None)

        return self.script(answer).always()

    def allow(self) -> Self:
        """For good, find everything harmless."""
        return self.script(lambda asked: _counted(asked, script.verdicts(*[()] * len(asked.texts)), None)).always()


def unanswered(asked: Asked, rules: Iterable[Rule]) -> str:
    """Why nobody answers, with the rule that comes nearest; for people."""
    compared = [(rule.conditions.differences(asked), rule) for rule in rules]
    told = f"no rule answers this:\n{_indented(asked.shown())}\n"
    if not compared:
        return told + f"There are no rules: say ai_fake.{asked.operation}().… before."
    # Of another operation is farther away than anything else.
    differences, nearest = min(
        compared, key=lambda each: (each[1].conditions.operation != asked.operation, len(each[0]))
    )
    if not differences:
        return told + (
            f"{nearest} is for it, but has no answer left: it has given {nearest.given}."
            " Add another, or say .always() if the last is to be given again."
        )
    return told + f"The nearest is {nearest}:\n{_indented(chr(10).join(differences))}"


def _counted(asked: Asked, said: Embed | Judge, usage: script.Tokens | None) -> Answering:
    return (said, Count(script.usage_of(usage or (asked.guessed_tokens, 0))), Done())


def _is_in(words: Words, text: str) -> bool:
    return words in text if isinstance(words, str) else words.search(text) is not None


def _shown(value: Any) -> str:
    if isinstance(value, re.Pattern):
        return f"/{value.pattern}/"
    return getattr(value, "__name__", None) or repr(value)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
