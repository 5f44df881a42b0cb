"""Ask each candidate, each attempt under a hold of its own, until one begins to speak."""

from __future__ import annotations

from types import ModuleType

import msgspec

from tollhouse.dialects.tool_names import NO_NAMES, Names
from tollhouse.errors import (
    CredentialUnreadable,
    InvalidRequest,
    UpstreamAuthFailed,
    UpstreamError,
    UpstreamIncomplete,
    UpstreamQuota,
    UpstreamTimeout,
)
from tollhouse.gateway.calling import Calling
from tollhouse.gateway.choose import admitted, choose
from tollhouse.gateway.exchange import Attempt, Exchange
from tollhouse.gateway.finish import bill_so_far
from tollhouse.gateway.hold import hold
from tollhouse.gateway.route import Candidate
from tollhouse.gateway.speech import Cost, Speech, Streamed, Whole, as_it_came, said_error, without_secrets
from tollhouse.gateway.tally import Tally
from tollhouse.gateway.targets import NO_FIELDS, Target
from tollhouse.gateway.translate import AnyTranslation, TextsTranslation, askable
from tollhouse.gateway.translated import Heading, TranslatedStream, TranslatedVectors, TranslatedWhole
from tollhouse.money.amounts import usd_text
from tollhouse.money.ledger import Deed, Resolution
from tollhouse.providers.base import Fields, Headers
from tollhouse.upstream import retry
from tollhouse.upstream.base import Call, Reply

JSON = (b"content-type", b"application/json")


async def begin(exchange: Exchange, candidates: tuple[Candidate, ...], calling: Calling) -> tuple[Speech, bytes]:
    """The first candidate that begins to speak, and its first bytes.

    Raises:
        InvalidRequest: no candidate can be told all that matters of it; nothing was held.
        BudgetExhausted: an attempt does not fit into a budget.
        UpstreamError: nobody answered; the last failure. Or nobody may be asked now, and nothing was held.
        Unavailable: no hold could be written, so nothing was sent.
    """
    able, exchange.translations = askable(candidates, exchange.dialect, exchange.body, exchange.read)
    left = await choose(exchange, able, calling)
    candidate = left.pop(0)
    for number in range(1, calling.attempts + 1):
        if calling.standing.breaker.circuits:
            calling.standing.breaker.enter(candidate.way, calling.clock.monotonic())
        try:
            return await _attempt(exchange, number, candidate, calling)
        except UpstreamError as error:
            if exchange.has_left:
                _tell_failure(exchange.attempts[-1], error, calling)
                raise
            left = admitted(left, calling)
            verdict = retry.decide(
                error,
                attempt=number,
                attempts=calling.attempts,
                has_other=bool(left),
                has_other_provider=any(_is_other(candidate, other) for other in left),
                chance=calling.chance(),
            )
            if isinstance(verdict, retry.Again) and await _waited(exchange, candidate, verdict.pause_s, calling):
                continue
            _tell_failure(exchange.attempts[-1], error, calling)
            if not isinstance(verdict, retry.Elsewhere):
                raise
            left = [other for other in left if not verdict.other_provider or _is_other(candidate, other)]
            candidate = left.pop(0)
        except BaseException:
            calling.standing.breaker.told_nothing(candidate.way, calling.clock.monotonic())
            raise
    raise AssertionError("retry.decide gives up at the last attempt")


async def _waited(exchange: Exchange, candidate: Candidate, pause_s: float, calling: Calling) -> bool:
    """Wait to ask the same candidate again; False when that would come too late, or is too much for it."""
    breaker, provider = calling.standing.breaker, candidate.provider.name
    now_s = calling.clock.monotonic()
    if not exchange.may_repeat or pause_s >= _left_s(exchange, calling):
        return False
    if breaker.wait_s(candidate.way, now_s + pause_s) or not calling.standing.retries.may_retry(provider, now_s):
        return False
    await calling.sleep(pause_s)
    exchange.upstream_s += pause_s
    # A timer may ring a little early, and others may have failed meanwhile.
    return not breaker.wait_s(candidate.way, max(now_s + pause_s, calling.clock.monotonic()))


def _tell_failure(attempt: Attempt, error: UpstreamError, calling: Calling) -> None:
    """A candidate has failed a request, with all its attempts."""
    breaker, way, now_s = calling.standing.breaker, attempt.candidate.way, calling.clock.monotonic()
    if attempt.is_sent:
        breaker.failed(way, error, now_s, calling.chance())
    else:
        breaker.told_nothing(way, now_s)


def _is_other(candidate: Candidate, other: Candidate) -> bool:
    return other.served != candidate.served


async def _attempt(exchange: Exchange, number: int, candidate: Candidate, calling: Calling) -> tuple[Speech, bytes]:
    """Hold, send, listen until it speaks."""
    attempt = await hold(exchange, number, candidate, calling)
    exchange.attempts.append(attempt)
    exchange.tally = Tally()
    speech: Speech | None = None
    outcome = "cancelled"
    exchange.asked_s = attempt.began_s = began_s = calling.clock.monotonic()
    is_again = number > 1 and candidate is exchange.attempts[-2].candidate
    calling.standing.begins(candidate, began_s, is_again=is_again)
    try:
        speech = await _send(exchange, attempt, calling)
        first = await speech.first()
        outcome = "ok"
    except BaseException as error:
        if speech is not None:
            speech.close()
        if isinstance(error, UpstreamError):
            _end(attempt, error, calling)
            calling.standing.breaks_off(candidate, error, exchange.stream, began_s, calling.clock.monotonic())
        raise
    finally:
        attempt.heard_s = heard_s = calling.clock.monotonic()
        exchange.upstream_s += heard_s - began_s
        exchange.asked_s = None
        calling.on_attempt(attempt.outcome or outcome)
    if candidate.key is not None:
        calling.keys.worked(candidate.key)
    calling.standing.speaks(candidate, exchange.stream, heard_s - began_s, heard_s)
    return speech, first


def _left_s(exchange: Exchange, calling: Calling) -> float:
    """Seconds until the request's deadline."""
    return exchange.began_s + calling.timeouts.total_s - calling.clock.monotonic()


def _end(attempt: Attempt, error: UpstreamError, calling: Calling) -> None:
    """A failed attempt's hold is given back, or stays charged as unconfirmed when the provider may bill."""
    attempt.outcome = error.code
    attempt.provider_status = error.provider_status
    attempt.is_charged = error.may_have_billed
    deed: Deed = "expire" if error.may_have_billed else "void"
    calling.ledger.resolve(Resolution(hold_id=attempt.held.id, deed=deed, ends_request=False))
    key = attempt.candidate.key
    if key is not None and isinstance(error, UpstreamAuthFailed | UpstreamQuota):
        calling.keys.failed(key, error.code, calling.clock.monotonic())


async def _send(exchange: Exchange, attempt: Attempt, calling: Calling) -> Speech:
    """Send one attempt; a reply that is an error is raised as what it means."""
    candidate = attempt.candidate
    provider = candidate.provider
    target, headers, secrets = reach(candidate, calling)
    translation = exchange.translations.get(provider.name)
    dialect = exchange.dialect if translation is None else translation.dialect
    path = dialect.target(candidate.model, stream=exchange.stream)
    adds_usage = exchange.stream and not exchange.glance.include_usage
    headers += getattr(dialect, "HEADERS", ())
    if translation is None:
        headers += exchange.hints
        body = dialect.rewrite_request(
            exchange.body, model=candidate.model, include_usage=adds_usage, cap=attempt.held.cap
        )
    else:
        body = _translated(translation, attempt)
    left_s = _left_s(exchange, calling)
    if left_s <= 0:
        raise UpstreamTimeout(f"The request's {calling.timeouts.total_s:g} s are over.")
    call = Call(
        origin=target.origin,
        target=target.base_path + provider.target(path, candidate.model, fields_of(candidate)),
        headers=(JSON, *headers),
        body=provider.reword(body) if dialect is provider.dialect else body,
        timeouts=calling.timeouts
        if attempt.number == 1 and not exchange.wait_s
        else msgspec.structs.replace(calling.timeouts, total_s=left_s),
        bounds=calling.bounds,
    )
    attempt.is_sent = True
    try:
        reply = await target.upstream.send(call)
    except InvalidRequest:
        attempt.is_sent = False
        raise
    if reply.status >= 300:
        raise await failure(reply, dialect, candidate, secrets, calling)
    if exchange.stream and not _is_event_stream(reply.headers):
        raise await _not_a_stream(reply, dialect, candidate, secrets)
    tally, end = exchange.tally, provider.unsaid_end
    if isinstance(translation, TextsTranslation):
        asked = msgspec.structs.replace(translation.request, model=candidate.model)
        return TranslatedVectors(reply, dialect, tally, secrets, exchange.dialect, asked, attempt.input_bound)
    if translation is not None:
        head = heading(exchange, translation.names)
        if exchange.stream:
            return TranslatedStream(reply, dialect, tally, secrets, head, end)
        return TranslatedWhole(reply, dialect, tally, secrets, head)
    if exchange.stream:
        cost = _cost(exchange)
        return Streamed(reply, dialect, tally, secrets, withholds_usage=adds_usage, cost=cost, unsaid_end=end)
    return Whole(reply, dialect, tally, secrets)


def _translated(translation: AnyTranslation, attempt: Attempt) -> bytes:
    """What was written before the hold was made, unless that has brought a cap."""
    cap = attempt.held.cap
    if cap is None and attempt.translated is not None:
        return attempt.translated
    return translation.body(attempt.candidate.model, cap=cap, most_tokens=attempt.terms.max_output_tokens)


def heading(exchange: Exchange, names: Names = NO_NAMES) -> Heading:
    """How the client is answered; `names` are those of tools that were given others."""
    repeat = getattr(exchange.dialect, "repeat_request", None)
    return Heading(
        dialect=exchange.dialect,
        id=exchange.id,
        created=exchange.began_us // 1_000_000,
        include_usage=exchange.glance.include_usage,
        has_one_choice=exchange.glance.n == 1,
        repeated=None if repeat is None else repeat(exchange.body),
        names=names,
        cost=_cost(exchange) if exchange.stream else None,
    )


def _cost(exchange: Exchange) -> Cost | None:
    """Tells what a stream came to, where its client wants to know the usage and the dialect has a place for it."""
    if not (exchange.glance.include_usage and hasattr(exchange.dialect, "add_cost")):
        return None

    def cost() -> str | None:
        amount = bill_so_far(exchange).cost
        return None if amount is None else usd_text(amount)

    return cost


def reach(candidate: Candidate, calling: Calling) -> tuple[Target, Headers, tuple[str, ...]]:
    """Where the credential leads, the headers that carry the key, and what must not be repeated in an error."""
    provider, key = candidate.provider, candidate.key
    try:
        target = calling.targets.of(provider, fields_of(candidate))
        if key is None:
            return target, (), ()
        headers, secret = calling.keys.headers(key, provider)
    except (CredentialUnreadable, InvalidRequest) as error:
        # Another credential may help; nothing was sent.
        raise UpstreamAuthFailed(error.message, code=error.code) from None
    return target, headers, (secret.reveal(),)


def fields_of(candidate: Candidate) -> Fields:
    return NO_FIELDS if candidate.key is None else candidate.key.fields


async def failure(
    reply: Reply, dialect: ModuleType, candidate: Candidate, secrets: tuple[str, ...], calling: Calling
) -> UpstreamError:
    """What an error reply means, without the key it may repeat."""
    try:
        body = await reply.read()
    except UpstreamError:
        # The status says enough: nothing was answered, and nothing is billed.
        body = b""
    finally:
        reply.close()
    now_s = calling.clock.time_ns() / 1e9
    error: UpstreamError = dialect.classify(reply.status, body, reply.headers, now_s)
    without_secrets(error, secrets)
    if isinstance(error, UpstreamAuthFailed):
        error.message = f"{candidate.provider.name} rejects {_named(candidate)}: {error.message}"
    return error


async def _not_a_stream(
    reply: Reply, dialect: ModuleType, candidate: Candidate, secrets: tuple[str, ...]
) -> UpstreamError:
    """A stream was asked for and something else came with status 200: most often an error."""
    try:
        body = await reply.read()
    finally:
        reply.close()
    try:
        glance = dialect.glance_answer(body)
    except UpstreamIncomplete as error:
        return as_it_came(error, reply, body, secrets)
    if glance.failed is not None:
        return said_error(glance.failed, secrets, may_have_billed=False)
    return UpstreamIncomplete(f"{candidate.provider.name} did not answer with a stream.", may_have_billed=True)


def _named(candidate: Candidate) -> str:
    key = candidate.key
    if key is None:
        return "a call without a credential"
    label = f" “{key.label}”" if key.label else ""
    ending = f" ending in …{key.last4}" if key.last4 else ""
    return f"the {key.role} credential {key.id}{label}{ending}"


def _is_event_stream(headers: Headers) -> bool:
    return any(name == b"content-type" and value.startswith(b"text/event-stream") for name, value in headers)
