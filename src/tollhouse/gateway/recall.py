"""Have we answered this before? Then it costs nothing: no hold, no call, and a row like every other.

What is given again is what was said, in the dialect and the form that are wanted now: a stream of what was whole, and
the other way round. It is kept when it has ended well, and has the one for whom it was asked to its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from tollhouse.cache import fingerprint, kept
from tollhouse.cache.exact import Exact
from tollhouse.cache.fingerprint import Scope, Source, Why
from tollhouse.cache.flights import Flight, Flights
from tollhouse.cache.kept import Kept
from tollhouse.dialects import carry
from tollhouse.dialects.chat import Answer, ChatRequest, Usage
from tollhouse.dialects.retell import retell
from tollhouse.errors import InvalidRequest
from tollhouse.gateway import call
from tollhouse.gateway.bill import Bill
from tollhouse.gateway.calling import Calling
from tollhouse.gateway.exchange import Exchange
from tollhouse.gateway.finish import bill_so_far
from tollhouse.gateway.identify import Caller
from tollhouse.gateway.lookup import Lookup
from tollhouse.gateway.recorded import HeardStream, HeardWhole, Recorded, Said
from tollhouse.gateway.resemble import Guess, Question, Resemble
from tollhouse.gateway.route import Candidate
from tollhouse.gateway.speech import Speech
from tollhouse.held import Held
from tollhouse.money.amounts import Nanodollars, usd_text

NOTHING: Final = Nanodollars(0)
FREE: Final = Bill(Usage(input_tokens=0, output_tokens=0), NOTHING, NOTHING, "exact")
"""What an answer comes to that is given again: nobody has read or made anything."""


class Recalling(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for, and for whom.

    Attributes:
        is_on: whether answers are given again.
        by_alias: the same for what is asked under one of the operator's aliases that says otherwise.
        scope: who shares answers.
        takes_sampled: also those that chance had a part in.
    """

    is_on: bool
    by_alias: Mapping[str, bool]
    scope: Scope
    takes_sampled: bool

    @property
    def is_wanted(self) -> bool:
        """Somewhere, at least."""
        return self.is_on or any(self.by_alias.values())


class Asked(msgspec.Struct, frozen=True):
    """What is looked for: by its key, and by what it resembles, if that is wanted."""

    key: str
    question: Question | None


class Recall:
    """Looks for an answer before anybody is asked, and keeps what was."""

    def __init__(self, exact: Exact, recalling: Held[Recalling], secret: bytes, resemble: Resemble) -> None:
        """Look among `exact`, and for what only resembles it.

        Args:
            secret: keys the digests of what is asked.
        """
        self._exact = exact
        self._recalling = recalling
        self._secret = secret
        self._resemble = resemble
        self._flights = Flights()

    async def begin(
        self, exchange: Exchange, candidates: tuple[Candidate, ...], calling: Calling
    ) -> tuple[Speech, bytes]:
        """The answer that was given before, or who begins to speak now; and the first bytes. Raises as `call.begin`."""
        asked = self._asked(exchange, candidates)
        if not isinstance(asked, Asked):
            _tell(exchange, Lookup(result="bypass", why=asked))
            return await call.begin(exchange, candidates, calling)
        key, wishes = asked.key, exchange.wishes
        found = None if wishes.wants_new else await self._flights.join(key)
        if found is not None:
            return self._again(exchange, key, found, candidates)
        flight = self._flights.begin(key)
        try:
            if not wishes.wants_new:
                found = await self._exact.find(key, wishes)
            if found is not None:
                self._flights.land(key, flight, found)
                return self._again(exchange, key, found, candidates)
            guess = await self._guess(asked, exchange, calling)
            if guess is not None and guess.is_given:
                # Who waits for it has a guess of his own.
                self._flights.fail(key, flight)
                return self._again(exchange, guess.key, guess.kept, candidates, guess.likeness)
            _tell(exchange, Lookup(result="miss"))
            speech, first = await call.begin(exchange, candidates, calling)
        except BaseException:
            self._flights.fail(key, flight)
            raise
        heard = (HeardStream if exchange.stream else HeardWhole)(exchange.dialect, self._exact.answer_bytes)
        keep = partial(self._keep, exchange, asked, guess, flight, candidates)
        return Recorded(speech, first, heard, keep, partial(self._flights.fail, key, flight)), first

    def _asked(self, exchange: Exchange, candidates: tuple[Candidate, ...]) -> Asked | Why:
        """By what the answer is found; or why it is not looked for. The cheap reasons come first."""
        recalling, wishes, glance, caller = self._recalling.now, exchange.wishes, exchange.glance, exchange.caller
        if caller is None:
            raise ValueError("an answer is somebody's")
        if not recalling.by_alias.get(exchange.asked_model or "", recalling.is_on):
            return "off"
        if wishes.is_private:
            return "private"
        if glance.has_tools:
            return "tools"
        if glance.media:
            return "media"
        if glance.searches != 0:
            return "searches"
        try:
            request = exchange.read()
        except InvalidRequest:
            # A provider that speaks this dialect may know what to make of it, and it passes as it came.
            return "unreadable"
        why = fingerprint.unfit(request, takes_sampled=recalling.takes_sampled or wishes.ttl_s is not None)
        if why is not None or not isinstance(request, ChatRequest):
            return why or "operation"
        sources = [_source(one, recalling.scope) for one in candidates]
        key_of = partial(
            fingerprint.key_of,
            sources=sources,
            owner=_owner(caller, recalling.scope),
            hints=exchange.hints,
            secret=self._secret,
        )
        return Asked(key_of(request), self._resemble.question(exchange.asked_model or "", request, key_of))

    async def _guess(self, asked: Asked, exchange: Exchange, calling: Calling) -> Guess | None:
        """An answer to what resembles it; None when none is known, or none is wanted."""
        if asked.question is None or exchange.wishes.wants_new:
            return None
        return await self._resemble.guess(asked.question, exchange.wishes, calling.chance())

    def _again(
        self,
        exchange: Exchange,
        key: str,
        found: Kept,
        candidates: tuple[Candidate, ...],
        likeness: float | None = None,
    ) -> tuple[Speech, bytes]:
        """The same once more; `likeness` is that of the questions, when they are not the same."""
        served = found.provider, found.model
        candidate = next(one for one in candidates if one.served == served)
        dialect, tally = exchange.dialect, exchange.tally
        answer, lost = found.answer(exchange.id, exchange.began_us // 1_000_000), found.lost
        if found.dialect != dialect.NAME:
            lost += carry.unsaid_of(answer, dialect.SHOWS, frozenset())
            answer = carry.bare_answer(answer)
        result: Literal["hit", "similar"] = "hit" if likeness is None else "similar"
        age_s = self._exact.age_s(found)
        _tell(exchange, Lookup(result=result, candidate=candidate, age_s=age_s, likeness=likeness, lost=lost))
        exchange.bill = FREE
        tally.model, tally.usage, tally.finish_reason, tally.is_meaningful = found.served, found.usage, found.said, True
        self._exact.hit(key)
        return Said(), said_again(answer, exchange)

    def _keep(
        self,
        exchange: Exchange,
        asked: Asked,
        guess: Guess | None,
        flight: Flight,
        candidates: tuple[Candidate, ...],
        answer: Answer | None,
    ) -> None:
        """An answer has ended well: keep it, if it may be given again, and let those have it who wait for it."""
        last, caller = exchange.attempts[-1], exchange.caller
        found: Kept | None = None
        # Who answers in place of another is not the one whom the next request is to hear.
        is_first = last.candidate.strategy != "fallback" or last.candidate.served == candidates[0].served
        if answer is not None and is_first:
            translation = exchange.translations.get(last.candidate.provider.name)
            found = kept.keep(
                # A stream tells its client of usage when that is wanted; we have heard it in any case.
                replace(answer, usage=answer.usage or exchange.tally.usage),
                dialect=exchange.dialect.NAME,
                provider=last.candidate.provider.name,
                model=last.candidate.model,
                lost=(() if translation is None else translation.lost) + exchange.tally.unsaid,
                cost=bill_so_far(exchange).cost,
                at_us=exchange.began_us,
            )
        if found is not None and caller is not None:
            is_kept = self._exact.keep(
                asked.key, found, user_id=caller.user_id, tag=exchange.tag, wishes=exchange.wishes
            )
            if asked.question is not None:
                self._resemble.learn(asked.question, guess, found, exchange.id, asked.key if is_kept else None)
        self._flights.land(asked.key, flight, found)


def said_again(answer: Answer, exchange: Exchange) -> bytes:
    """An answer in the dialect and form in which it is wanted now."""
    dialect, include_usage = exchange.dialect, exchange.glance.include_usage
    repeat = getattr(dialect, "repeat_request", None)
    repeated = None if repeat is None else repeat(exchange.body)
    if not exchange.stream:
        said: bytes = dialect.write_answer(answer if repeated is None else replace(answer, extra=dict(repeated)))
        return said
    more = {} if repeated is None else {"repeated": repeated}
    writer = dialect.Writer(
        id=answer.id, model=answer.model, created=answer.created, include_usage=include_usage, **more
    )
    cost_usd = usd_text(NOTHING) if include_usage and hasattr(dialect, "add_cost") else None
    return b"".join([writer.write(event) for event in retell(answer, cost_usd)])


def _tell(exchange: Exchange, lookup: Lookup) -> None:
    exchange.lookup = lookup
    exchange.cache = lookup.result


def _owner(caller: Caller, scope: Scope) -> tuple[str, ...]:
    match scope:
        case "user":
            return "user", caller.user_id
        case "workspace":
            return "workspace", caller.workspace_id
        case "public":
            return ("public",)


def _source(candidate: Candidate, scope: Scope) -> Source:
    """Who may answer. What others share is not bound to a credential of one, but to where it leads."""
    provider, key = candidate.provider, candidate.key
    if key is None:
        account = ""
    elif scope == "user":
        account = key.id
    else:
        account = msgspec.json.encode(dict(key.fields), order="sorted").decode()
    return Source(provider.name, provider.base_url, candidate.model, account)
