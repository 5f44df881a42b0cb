"""The fake: a provider on a real socket that answers by rules, whoever asks, and tells what was asked."""

from __future__ import annotations

import asyncio
import ssl
import sys
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, TypeVar, Unpack

from tollhouse.errors import InvalidRequest
from tollhouse.testing.faking import besides
from tollhouse.testing.faking.answers import Answering, steps_for
from tollhouse.testing.faking.asked import Asked, Operation, read
from tollhouse.testing.faking.called import Asking, Called
from tollhouse.testing.faking.cassette import Cassette, Record
from tollhouse.testing.faking.environment import pointing_to
from tollhouse.testing.faking.prices import Prices
from tollhouse.testing.faking.rule import ChatRule, Conditions, EmbedRule, Like, ModerateRule, Rule, unanswered
from tollhouse.testing.line import Line
from tollhouse.testing.perform import Unexpected
from tollhouse.testing.request import Request
from tollhouse.testing.script import Tokens
from tollhouse.testing.speaker import Speaker
from tollhouse.testing.steps import Scripted, Step
from tollhouse.testing.wire import SPEAKERS, WireProvider

R = TypeVar("R", bound=Rule)

API_KEY: Final = "sk-fake-0000000000000000000000"
"""Any other is as good: nobody looks."""

_UNKNOWN: Final = "there are no rules for such requests; script it: ai_fake.when(path=…).script(…)"


class AiFake(WireProvider):
    """A provider that answers by rules.

    ```python
    with fake() as ai:
        ai.chat(model="gpt-*", contains="Eloquent").reply("An ORM.", usage=(30, 15))
        ...  # point whatever is tested at ai.base_url
        ai.assert_called(times=1, model="gpt-*").with_message("user", "What is Eloquent?")
    ```

    Of the rules that a request is like, the first one that was named answers, as long as it has answers in its list;
    then, of those that answer for good, the one with the most conditions, and of these the last one named, so that a
    test overrules its fixtures. What no rule answers gets an error that names the nearest one, and `verify` fails. All
    that `WireProvider` can is there too, and comes before the rules.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        keep_requests: int | None = None,
        speakers: Sequence[Speaker] = SPEAKERS,
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
    ) -> None:
        """Prepare to listen, as `WireProvider` does; prices are those of `today`."""
        super().__init__(port=port, tls=tls, keep_requests=keep_requests, speakers=speakers)
        self._rules: list[Rule] = []
        self._heard: deque[Asked] = deque(maxlen=keep_requests)
        self._models: list[str] = []
        self._prices = Prices(today)
        self._cassette: Cassette | None = None
        self._unlearned: dict[int, str] = {}

    # --- rules ---

    def chat(self, **like: Unpack[Like]) -> ChatRule:
        """A rule for chats like this, in every dialect, streamed or whole."""
        return self._added(ChatRule(Conditions(operation="chat", **like), _place()))

    def embed(self, **like: Unpack[Like]) -> EmbedRule:
        """A rule for texts that are to be embedded."""
        return self._added(EmbedRule(Conditions(operation="embed", **like), _place()))

    def moderate(self, **like: Unpack[Like]) -> ModerateRule:
        """A rule for texts that are to be judged."""
        return self._added(ModerateRule(Conditions(operation="moderate", **like), _place()))

    def models(self, *names: str) -> None:
        """These models are listed, besides those that rules name in full."""
        self._models.extend(names)

    def cassette(self, path: Path | str, *, record: Record = "none", upstream: str | None = None) -> None:
        """What no rule answers is answered as real providers once did.

        Args:
            path: a file of JSON lines, to be kept with the tests; it holds no keys.
            record: `new` asks a real provider for what is not there yet, with the keys that the application has, and
                keeps it; `all` for everything, and begins the file anew.
            upstream: the base URL of whom to ask; unless told, the makers of the dialects.
        """
        self._cassette = Cassette(Path(path), record=record, upstream=upstream)

    def price(self, model: str, *, input_usd_per_million: str, output_usd_per_million: str = "0") -> None:
        """A model of this name costs so; without it, what its maker publishes."""
        self._prices.tell(
            model, input_usd_per_million=input_usd_per_million, output_usd_per_million=output_usd_per_million
        )

    # --- where it is ---

    @property
    def root_url(self) -> str:
        """Where clients of Anthropic's and Google's APIs are pointed; `base_url` is for OpenAI's."""
        return self.base_url.removesuffix("/v1")

    def environ(self) -> dict[str, str]:
        """The variables by which the SDKs of OpenAI, Anthropic and Google find it, past any proxy."""
        return pointing_to(self.root_url, API_KEY)

    # --- what was asked ---

    @property
    def askings(self) -> list[Asking]:
        """Every request for an answer, in order of arrival, with what is billed for it."""
        billed = {one.request: one for one in self.billed}
        return [Asking(asked=asked, billed=billed.get(asked.request.number)) for asked in list(self._heard)]

    def called(self, operation: Operation | None = None, **like: Unpack[Like]) -> Called:
        """What was asked like this; perhaps nothing."""
        conditions, everything = Conditions(operation=operation, **like), self.askings
        chosen = [one for one in everything if not conditions.differences(one.asked)]
        return Called(chosen, everything, str(conditions), self._prices)

    def assert_called(
        self,
        operation: Operation | None = None,
        *,
        times: int | None = None,
        cost: str | None = None,
        tokens: Tokens | None = None,
        **like: Unpack[Like],
    ) -> Called:
        """Something like this was asked: so often, or once at least; and is billed so, if that is told.

        Raises:
            AssertionError: it was not, or is not; with all that was asked.
        """
        called = self.called(operation, **like)
        called = called.at_least_once() if times is None else called.times(times)
        return called.billed(cost=cost, tokens=tokens)

    def assert_not_called(self, operation: Operation | None = None, **like: Unpack[Like]) -> None:
        """Nothing like this was asked. Raises AssertionError."""
        self.called(operation, **like).times(0)

    def assert_billed(self, *, cost: str | None = None, tokens: Tokens | None = None) -> None:
        """All that was asked is billed so: in US dollars, exactly; in tokens (read, made). Raises AssertionError."""
        self.called().billed(cost=cost, tokens=tokens)

    def assert_nothing_unexpected(self) -> None:
        """Every request was answered by a rule; also asserted when a test is over. Raises ScriptNotFollowed."""
        self.verify()

    def reset(self) -> None:
        """Forget rules, requests, bills and what went amiss: for a fake that outlives a test."""
        self.forgive()
        self._cassette = None
        for each in (self._rules, self._heard, self._models, self._requests, self._billed):
            each.clear()

    def wait_until(self, condition: Callable[[], bool], *, timeout_s: float = 30.0) -> None:
        """Wait until something has happened: `ai.wait_until(lambda: ai.stalled == 1)`. Who awaits says `until`.

        Raises:
            TimeoutError: it did not.
        """
        asyncio.run(self.until(condition, timeout_s=timeout_s))

    def assert_all_given(self) -> None:
        """Every answer of every rule was given. Raises AssertionError."""
        left = [f"{rule} has {rule.waiting} answers left" for rule in self._rules if rule.waiting]
        if left:
            raise AssertionError("\n".join(left))

    # --- answering ---

    def choose(self, request: Request) -> tuple[Scripted, bool] | None:
        """What answers: a script, a rule, or a word on why nobody does."""
        try:
            asked = read(request)
        except InvalidRequest as error:
            return super().choose(request) or (_unexpected(f"it cannot be read: {error.message}"), False)
        if asked is not None:
            self._heard.append(asked)
        scripted = super().choose(request)
        if scripted is not None:
            return scripted
        if asked is None:
            told = besides.answer(request, self._listed())
            return (_unexpected(_UNKNOWN) if told is None else told), False
        for rule in self._in_turn(asked):
            answering = rule.take()
            if answering is not None:
                return _answered(rule, answering, asked), False
        if self._cassette is None:
            return _unexpected(unanswered(asked, self._rules)), False
        again = self._cassette.take(asked)
        if again is not None:
            return again, False
        why = self._unlearned.pop(request.number, None) or self._cassette.missing()
        return _unexpected(f"{why}\n{unanswered(asked, self._rules)}"), False

    async def answer(self, request: Request, line: Line) -> None:
        """As `WireProvider.answer`, after a real provider was asked, if one is to be."""
        asked = None if self._cassette is None else _readable(request)
        if self._cassette and asked and self._cassette.wants(asked) and not self._in_turn(asked):
            try:
                await self._cassette.learn(asked)
            except Unexpected as error:
                self._unlearned[request.number] = str(error)
        await super().answer(request, line)

    def _added(self, rule: R) -> R:
        self._rules.append(rule)
        return rule

    def _in_turn(self, asked: Asked) -> list[Rule]:
        fitting = [rule for rule in self._rules if not rule.conditions.differences(asked)]
        for_good = [rule for rule in reversed(fitting) if rule.is_for_good]
        for_good.sort(key=lambda rule: -rule.conditions.number)
        return [rule for rule in fitting if rule.waiting] + for_good

    def _listed(self) -> list[str]:
        named = [rule.conditions.model for rule in self._rules]
        whole = [name for name in named if name is not None and not {*name} & {*"*?["}]
        return list(dict.fromkeys([*self._models, *whole]))


def _readable(request: Request) -> Asked | None:
    try:
        return read(request)
    except InvalidRequest:
        return None


def _answered(rule: Rule, answering: Answering, asked: Asked) -> Callable[[Request], Sequence[Step]]:
    def make(request: Request) -> Sequence[Step]:
        try:
            return steps_for(answering, asked)
        except LookupError as error:
            raise Unexpected(f"{rule} cannot answer: {error}") from None
        except Exception as error:
            raise Unexpected(f"{rule} failed: {''.join(traceback.format_exception(error))}") from None

    return make


def _unexpected(why: str) -> Callable[[Request], Sequence[Step]]:
    def make(request: Request) -> Sequence[Step]:
        raise Unexpected(why)

    return make


def _place() -> str:
    """File and line of whoever writes a rule, for people."""
    frame = sys._getframe(2)
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
