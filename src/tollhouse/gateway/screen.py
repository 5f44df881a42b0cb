"""Screen what is asked before anything is held, and what is answered before the client has it.

A guard's verdict stands in the request's row. What follows from it is decided here: nothing for a monitor, whatever
happens to it; for who enforces, an end to what is blocked, and to what nobody could judge, unless that is only logged.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial

import msgspec

from tollhouse.dialects import openai_moderations
from tollhouse.dialects.json_body import refuse_twice
from tollhouse.dialects.modelled import FIELDS
from tollhouse.dialects.texts import Asked, Texts
from tollhouse.errors import (
    ContentBlocked,
    InvalidRequest,
    TollhouseError,
    TooLongToJudge,
    Unavailable,
    UpstreamIncomplete,
)
from tollhouse.gateway.exchange import Exchange
from tollhouse.gateway.screened import ScreenedStream, ScreenedWhole
from tollhouse.gateway.screening import Screening
from tollhouse.gateway.speech import Speech
from tollhouse.guard import words
from tollhouse.guard.moderation import TOO_LONG
from tollhouse.guard.outages import Outages
from tollhouse.guard.placeholders import Placeholders, has_placeholder
from tollhouse.guard.policy import Policy, judge, judge_window
from tollhouse.guard.verdicts import Opinion, Side, Told, worst
from tollhouse.guard.windows import Window
from tollhouse.telemetry import Event, log

RETRY_AFTER_S = 5.0

LONG_CHARS = 100_000
"""What takes longer than ten milliseconds is done beside the event loop."""


class Screen:
    """The guards of both sides; None for one that is not looked at."""

    def __init__(
        self,
        asked: Policy | None,
        answered: Policy | None,
        on_verdict: Callable[[Told], None] = lambda told: None,
        *,
        hear_out_s: float = 5.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Screen by two policies.

        Args:
            on_verdict: is told of each.
            hear_out_s: how long a provider is heard on whose answer was stopped.
            monotonic: a clock that only goes forward, in seconds.
        """
        self._asked = asked
        self._answered = answered
        self._outages = Outages(RETRY_AFTER_S)
        self._monotonic = monotonic
        self._on_verdict = on_verdict
        self._hear_out_s = hear_out_s

    async def ask(self, exchange: Exchange) -> None:
        """Screen what is asked, and take out of it what the provider is not to be told.

        Raises:
            ContentBlocked: a guard blocks it. Nothing was held, and nothing is charged.
            InvalidRequest: it can be read in more than one way, or not be looked at.
            TooLongToJudge: it is more than a guard can look at.
            Unavailable: it could not be judged.
        """
        self._refuse_what_cannot_be_heard(exchange)
        # Texts are sent there to be judged, and nothing comes of them. A guard's own question is such a one.
        if exchange.dialect is openai_moderations or self._asked is None:
            return
        if self._asked.enforces:
            # What is looked at must be what the provider reads.
            refuse_twice(exchange.body)
        why_not = "unreadable"
        try:
            request = exchange.read()
            why_not = "tokens"
            _refuse_tokens(request)
        except InvalidRequest:
            if self._asked.stops("unavailable") or self._asked.redacts:
                raise
            await self._judge(exchange, "input", self._asked, _nobody_could(why_not))
            return
        changed = await self.pass_on(exchange, request)
        if changed is not request:
            exchange.request = changed
            exchange.body = _body(exchange, changed)

    def _refuse_what_cannot_be_heard(self, exchange: Exchange) -> None:
        """Raise Unavailable for an answer that would be paid for in vain."""
        policy, caller = self._answered, exchange.caller
        if policy is None or caller is None or not hasattr(exchange.dialect, "Reader"):
            return
        wait_s = self._outages.wait_s(caller.user_id, self._monotonic())
        if wait_s:
            raise _unjudged("output", (_unable("down"),), retry_after_s=wait_s)

    async def pass_on(self, exchange: Exchange, request: Asked) -> Asked:
        """What a provider may be told of a request. Raises as `ask` does."""
        policy = self._asked
        if policy is None:
            return request
        texts = words.said_in(request)
        shown: tuple[str, ...] | None = None
        if policy.redacts:
            placeholders = Placeholders(texts)
            is_long = sum(map(len, texts)) > LONG_CHARS
            replacing = partial(words.asked, request, placeholders.redact)
            changed = await asyncio.to_thread(replacing) if is_long else replacing()
            if placeholders:
                _screening(exchange).placeholders = placeholders
                request, shown = changed, words.said_in(changed)
        await self._judge(exchange, "input", policy, judge(texts, policy, exchange, shown=shown))
        return request

    async def hear(self, exchange: Exchange, speech: Speech, piece: bytes) -> tuple[Speech, bytes]:
        """The speech as the client may hear it, and its first bytes.

        Raises:
            TooLongToJudge: it is more than a guard can look at.
            Unavailable: it could not be judged.
        """
        screening = exchange.screening
        placeholders = None if screening is None else screening.placeholders
        policy = self._answered
        if not hasattr(exchange.dialect, "Reader") or (policy is None and placeholders is None):
            return speech, piece

        async def passes(window: Window) -> bool:
            if policy is None:
                return True
            return await self._judge(exchange, "output", policy, judge_window(window, policy, exchange))

        screened: ScreenedWhole | ScreenedStream
        if exchange.stream:
            hold_back_chars = 0 if policy is None else policy.hold_back_chars
            is_dear = policy is not None and policy.moderation is not None
            screened = ScreenedStream(
                exchange,
                speech,
                passes,
                placeholders,
                hold_back_chars,
                is_dear=is_dear,
                hear_out_s=self._hear_out_s,
            )
        else:
            screened = ScreenedWhole(exchange, speech, passes, placeholders)
        try:
            return screened, await screened.begin(piece)
        except UpstreamIncomplete:
            if exchange.stream or policy is None or placeholders is not None:
                raise
            # It could be passed on as it came, but cannot be read.
            await self._judge(exchange, "output", policy, _nobody_could("unreadable"))
            return speech, piece

    async def _judge(
        self, exchange: Exchange, side: Side, policy: Policy, opinions: Awaitable[tuple[Opinion, ...]]
    ) -> bool:
        """Whether it may go on; only an answer may not.

        Raises ContentBlocked for what is asked, TooLongToJudge, and Unavailable.
        """
        given: tuple[Opinion, ...]
        try:
            async with asyncio.timeout(policy.deadline_s):
                given = await opinions
        except TimeoutError:
            given = (_unable("deadline"),)
        except Exception as error:
            # A guard that fails has no opinion, and a monitor must not fail a request.
            log.error(Event.GUARD_FAILED, request=exchange.id, exc_info=error)
            given = (_unable("internal_error"),)
        if side == "output" and exchange.caller is not None and policy.stops("unavailable"):
            self._outages.judged(exchange.caller.user_id, given, self._monotonic())
        screening = _screening(exchange)
        for opinion in given:
            told = Told(side=side, opinion=opinion, acts=policy.acts_on(opinion))
            screening.tell(told)
            self._on_verdict(told)
        verdict = worst(given)
        if not policy.stops(verdict):
            return True
        if verdict == "unavailable":
            raise _unjudged(side, given)
        if side == "input":
            raise _blocked(given)
        return False


async def _nobody_could(reason: str) -> tuple[Opinion, ...]:
    """The opinion of all guards on what none of them can look at."""
    return (_unable(reason),)


def _refuse_tokens(request: Asked) -> None:
    """Raise InvalidRequest for texts that come as numbers of a model's own vocabulary, which are no words."""
    if isinstance(request, Texts) and not all(isinstance(text, str) for text in request.texts):
        raise InvalidRequest(
            "`input`: the operator's guards look at words, and these are numbers. Send the texts themselves; LangChain "
            "does so with `check_embedding_ctx_length=False`.",
            param="input",
        )


def _unable(reason: str) -> Opinion:
    return Opinion(by="guards", verdict="unavailable", reasons=(reason,))


def _screening(exchange: Exchange) -> Screening:
    if exchange.screening is None:
        exchange.screening = Screening()
    return exchange.screening


def _body(exchange: Exchange, changed: Asked) -> bytes:
    """The request's body as the provider may have it: fields without a placeholder keep their bytes."""
    fields = FIELDS.decode(exchange.body)
    if isinstance(changed, Texts):
        user = {} if changed.user is None else {"user": changed.user}
        return msgspec.json.encode(fields | changed.extra | user | {"input": changed.texts})
    written = FIELDS.decode(exchange.dialect.write_request(changed))
    anew = {name: value for name, value in written.items() if has_placeholder(bytes(value))}
    body = msgspec.json.encode(fields | anew)
    # Where words stand in other fields than the dialect writes them into, they would be left there.
    if exchange.dialect.read_request(body) == changed:
        return body
    # Google's address tells these two, so that its dialect does not write them.
    kept = {name: fields[name] for name in ("model", "stream") if name in fields}
    return msgspec.json.encode(kept | written)


def _blocked(opinions: tuple[Opinion, ...]) -> TollhouseError:
    """Why it is refused: by the rules' names and the categories, never by what was said."""
    reasons = [opinion for opinion in opinions if opinion.verdict == "block"]
    by_model = all(opinion.by == "moderation" for opinion in reasons)
    named = ", ".join(dict.fromkeys(reason for opinion in reasons for reason in opinion.reasons))
    return ContentBlocked(
        f"This request is blocked by the operator's guards ({named or 'flagged'}). Ask for something else, or ask "
        "your operator.",
        code="moderation_blocked" if by_model else None,
    )


def _unjudged(side: Side, opinions: tuple[Opinion, ...], retry_after_s: float = RETRY_AFTER_S) -> TollhouseError:
    reasons = [reason for one in opinions if one.verdict == "unavailable" for reason in one.reasons]
    if TOO_LONG.issuperset(reasons):
        return _too_long(side)
    what = "The request" if side == "input" else "The answer"
    return Unavailable(
        f"{what} could not be judged ({', '.join(reasons)}), and what is not judged is not let through. Nobody has "
        "found anything wrong with it: ask again later.",
        code="guard_unavailable",
        retry_after_s=retry_after_s,
    )


def _too_long(side: Side) -> TooLongToJudge:
    """Nobody can judge it the next time either, and an answer would be paid for again."""
    what, less = "request", "Send less at once"
    if side == "output":
        what, less = "answer", "Ask for a shorter one (`max_tokens`), or for a stream, which is judged as it comes"
    return TooLongToJudge(
        f"The {what} is longer than the operator's moderation model can judge, and what is not judged is not let "
        f"through. Nobody has found anything wrong with it. {less}, or ask your operator (`guards.moderated_chars`)."
    )
