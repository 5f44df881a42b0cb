"""Have we answered this before? Then it costs nothing: no hold, no call, and a row like every other.

What is given again is what was said, in the dialect and the form that are wanted now: a stream of what was whole, and
the other way round. It is kept when it has ended well, and has the one for whom it was asked to its end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import ModuleType
from typing import Final

import msgspec
from msgspec.structs import replace

from tollhouse.cache import fingerprint, kept
from tollhouse.cache.exact import Exact
from tollhouse.cache.fingerprint import Scope, Source, Why
from tollhouse.cache.flights import Flight, Flights
from tollhouse.cache.kept import Kept
from tollhouse.dialects import carry, sse
from tollhouse.dialects.chat import Answer, ChatRequest, Ended, Usage
from tollhouse.dialects.collect import Collector
from tollhouse.dialects.retell import retell
from tollhouse.errors import InvalidRequest, UpstreamIncomplete
from tollhouse.gateway import call
from tollhouse.gateway.bill import Bill
from tollhouse.gateway.calling import Calling
from tollhouse.gateway.exchange import Exchange
from tollhouse.gateway.finish import bill_so_far
from tollhouse.gateway.identify import Caller
from tollhouse.gateway.lookup import Lookup
from tollhouse.gateway.route import Candidate
from tollhouse.gateway.speech import Speech
from tollhouse.money.amounts import Nanodollars, usd_text
from tollhouse.upstream.base import Taker

NOTHING: Final = Nanodollars(0)
FREE: Final = Bill(Usage(input_tokens=0, output_tokens=0), NOTHING, NOTHING, "exact")
"""What an answer comes to that is given again: nobody has read or made anything."""


AROUND: Final = 64
"""Each few letters of a stream come in a frame, which has up to so many times their bytes."""


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


class Recall:
    """Looks for an answer before anybody is asked, and keeps what was."""

    def __init__(self, exact: Exact, recalling: Recalling, secret: bytes) -> None:
        """Look among `exact`; `secret` keys the digests of what is asked."""
        self._exact = exact
        self._recalling = recalling
        self._secret = secret
        self._flights = Flights()

    async def begin(
        self, exchange: Exchange, candidates: tuple[Candidate, ...], calling: Calling
    ) -> tuple[Speech, bytes]:
        """The answer that was given before, or who begins to speak now; and the first bytes. Raises as `call.begin`."""
        why, key = self._key_of(exchange, candidates)
        if why is not None:
            _tell(exchange, Lookup(result="bypass", why=why))
            return await call.begin(exchange, candidates, calling)
        found = None if exchange.wishes.wants_new else await self._flights.join(key)
        if found is not None:
            return self._again(exchange, key, found, candidates)
        flight = self._flights.begin(key)
        try:
            if not exchange.wishes.wants_new:
                found = await self._exact.find(key, exchange.wishes)
            if found is not None:
                self._flights.land(key, flight, found)
                return self._again(exchange, key, found, candidates)
            _tell(exchange, Lookup(result="miss"))
            speech, first = await call.begin(exchange, candidates, calling)
        except BaseException:
            self._flights.fail(key, flight)
            raise
        keep = partial(self._keep, exchange, key, flight, candidates)
        return Recorded(speech, first, self._exact.answer_bytes, keep, partial(self._flights.fail, key, flight)), first

    def _key_of(self, exchange: Exchange, candidates: tuple[Candidate, ...]) -> tuple[Why | None, str]:
        """By what the answer is found; or why it is not looked for. The cheap reasons come first."""
        recalling, wishes, glance, caller = self._recalling, exchange.wishes, exchange.glance, exchange.caller
        if caller is None:
            raise ValueError("an answer is somebody's")
        if not recalling.by_alias.get(exchange.asked_model or "", recalling.is_on):
            return "off", ""
        if wishes.is_private:
            return "private", ""
        if glance.has_tools:
            return "tools", ""
        if glance.media:
            return "media", ""
        if glance.searches != 0:
            return "searches", ""
        try:
            request = exchange.read()
        except InvalidRequest:
            # A provider that speaks this dialect may know what to make of it, and it passes as it came.
            return "unreadable", ""
        why = fingerprint.unfit(request, takes_sampled=recalling.takes_sampled or wishes.ttl_s is not None)
        if why is not None or not isinstance(request, ChatRequest):
            return why or "operation", ""
        sources = [_source(one, recalling.scope) for one in candidates]
        owner = _owner(caller, recalling.scope)
        return None, fingerprint.key_of(request, sources, owner, exchange.hints, secret=self._secret)

    def _again(
        self, exchange: Exchange, key: str, found: Kept, candidates: tuple[Candidate, ...]
    ) -> tuple[Speech, bytes]:
        """The same once more."""
        served = found.provider, found.model
        candidate = next(one for one in candidates if one.served == served)
        dialect, tally = exchange.dialect, exchange.tally
        answer, lost = found.answer(exchange.id, exchange.began_us // 1_000_000), found.lost
        if found.dialect != dialect.NAME:
            lost += carry.unsaid_of(answer, dialect.SHOWS, frozenset())
            answer = carry.bare_answer(answer)
        age_s = self._exact.age_s(found)
        _tell(exchange, Lookup(result="hit", candidate=candidate, age_s=age_s, lost=lost))
        exchange.bill = FREE
        tally.model, tally.usage, tally.finish_reason, tally.is_meaningful = found.served, found.usage, found.said, True
        self._exact.hit(key)
        said = said_again(answer, exchange)
        return Said(), said

    def _keep(
        self, exchange: Exchange, key: str, flight: Flight, candidates: tuple[Candidate, ...], said: bytes
    ) -> None:
        """An answer has ended well: keep it, if it may be given again, and let those have it who wait for it."""
        last, caller = exchange.attempts[-1], exchange.caller
        found: Kept | None = None
        # Who answers in place of another is not the one whom the next request is to hear.
        if last.candidate.strategy != "fallback" or last.candidate.served == candidates[0].served:
            translation = exchange.translations.get(last.candidate.provider.name)
            found = kept_of(
                said,
                exchange,
                provider=last.candidate.provider.name,
                model=last.candidate.model,
                lost=() if translation is None else translation.lost,
                cost=bill_so_far(exchange).cost,
            )
        if found is not None and caller is not None:
            self._exact.keep(key, found, user_id=caller.user_id, tag=exchange.tag, wishes=exchange.wishes)
        self._flights.land(key, flight, found)


class Said:
    """What was said before has been said again: nothing follows."""

    async def first(self) -> bytes:
        return b""

    async def next(self, outlet: Taker | None = None) -> bytes:
        return b""

    def close(self) -> None:
        pass


class Recorded:
    """A speech of which is remembered what the client hears, to its end."""

    def __init__(
        self,
        speech: Speech,
        first: bytes,
        most_bytes: int,
        on_end: Callable[[bytes], None],
        on_close: Callable[[], None],
    ) -> None:
        """Listen to a speech that has begun.

        Args:
            most_bytes: of an answer that is remembered; the same in a stream is many times as long.
            on_end: told all that was said, when nothing is missing.
            on_close: told when it is over, in any case.
        """
        self._speech = speech
        self._said = [first]
        self._left_bytes = most_bytes * AROUND - len(first)
        self._on_end = on_end
        self._on_close = on_close

    async def first(self) -> bytes:
        return self._said[0]

    async def next(self, outlet: Taker | None = None) -> bytes:
        piece = await self._speech.next(None if outlet is None else partial(self._let_out, outlet))
        if piece:
            self._note(piece)
        elif self._left_bytes >= 0:
            self._on_end(b"".join(self._said))
        return piece

    def close(self) -> None:
        self._speech.close()
        self._on_close()

    def _let_out(self, outlet: Taker, piece: bytes) -> bool:
        if outlet(piece):
            self._note(piece)
            return True
        return False

    def _note(self, piece: bytes) -> None:
        self._left_bytes -= len(piece)
        if self._left_bytes >= 0:
            self._said.append(piece)
        else:
            self._said.clear()


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


def kept_of(
    said: bytes, exchange: Exchange, *, provider: str, model: str, lost: tuple[str, ...], cost: int | None
) -> Kept | None:
    """What is kept of what a client was told; None when it is not to be given again."""
    dialect, tally = exchange.dialect, exchange.tally
    try:
        answer = told(said, dialect) if exchange.stream else dialect.read_answer(said)
    except UpstreamIncomplete:
        # A client that knows its provider may make more of it than we do.
        return None
    return kept.keep(
        # A stream tells its client of usage when that is wanted; we have heard it in any case.
        replace(answer, usage=answer.usage or tally.usage),
        dialect=dialect.NAME,
        provider=provider,
        model=model,
        lost=lost + tally.unsaid,
        cost=cost,
        at_us=exchange.began_us,
    )


def told(said: bytes, dialect: ModuleType) -> Answer:
    """The answer that a stream tells. Raises UpstreamIncomplete."""
    collector, reader = Collector(), dialect.Reader()
    for frame in (*sse.Reader().feed(said), sse.END):
        for event in reader.read(frame):
            collector.add(event)
            if isinstance(event, Ended):
                return collector.answer()
    return collector.answer()


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
