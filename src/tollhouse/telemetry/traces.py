"""A request as a trace: a SERVER span for it, and a CLIENT span for each attempt. Pure.

This is the one place that knows OpenTelemetry's names of things. By default they are those of the semantic conventions
1.36, which today's backends understand; who sets `OTEL_SEMCONV_STABILITY_OPT_IN=gen_ai_latest_experimental` gets the
newest. What was asked and answered is in neither, and there is no setting for it.

The ids are made of the request's, so that a trace can be found by it, and a row that is told twice is one trace.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Final, TypeAlias

import msgspec

from tollhouse.telemetry.finished import Begun, Ended, Finished, Tried, cost_of

Value: TypeAlias = str | int | float | bool | tuple[str, ...]

NAME_MOST = 256
"""Letters of a client's name of a model: it may be a whole book."""


class Parent(msgspec.Struct, frozen=True):
    """A client's span, which ours belongs to. `flags`: bit 0 says whether the trace is recorded at all."""

    trace_id: int
    span_id: int
    flags: int


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch of time, in nanoseconds since 1970, and what is told of it."""

    id: int
    name: str
    start_ns: int
    end_ns: int
    attributes: Mapping[str, Value]
    is_error: bool


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """One request. The clients' parent is the server."""

    id: int
    parent: Parent | None
    server: Span
    clients: tuple[Span, ...]


class Names(msgspec.Struct, frozen=True):
    """One version of the conventions, where they differ.

    Attributes:
        provider: the attribute that says who answers.
        providers: our name of a provider -> theirs; one that is missing is called as we do.
        tells_streams: whether there are names for that an answer is streamed, and when it began.
    """

    provider: str
    providers: Mapping[str, str]
    tells_streams: bool


_PROVIDERS: Final = {"azure": "azure.ai.openai", "google": "gcp.gemini", "mistral": "mistral_ai"}

SETTLED: Final = Names("gen_ai.system", _PROVIDERS, False)
NEWEST: Final = Names("gen_ai.provider.name", {**_PROVIDERS, "moonshot": "moonshot_ai", "xai": "x_ai"}, True)

_NO_CHATS: Final = frozenset({"embeddings", "generate_content", "moderations"})
"""Surfaces whose name is what is done there."""

_NO_ERRORS: Final = frozenset({"succeeded", "client_left"})
_TRACEPARENT: Final = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


def trace_of(row: Finished, names: Names) -> Trace:
    """The trace of a request that has ended."""
    begun, ending, journey = row.skeleton, row.ending, row.journey
    parent = None if journey is None or journey.traceparent is None else read_traceparent(journey.traceparent)
    operation = operation_of(begun.surface)
    attempts = () if journey is None else journey.attempts
    return Trace(
        id=_id(begun.id, 16) if parent is None else parent.trace_id,
        parent=parent,
        server=_server(begun, ending, operation, names),
        clients=tuple(
            _client(begun, attempt, operation, names, ending if attempt is attempts[-1] else None)
            for attempt in attempts
        ),
    )


def read_traceparent(text: bytes) -> Parent | None:
    """A `traceparent` header, as W3C's Trace Context has it; None when it is none, and then it is ignored."""
    match = _TRACEPARENT.fullmatch(text)
    if match is None:
        return None
    version, trace_id, span_id, flags, more = match.groups()
    if version == b"ff" or (version == b"00" and more is not None):
        return None
    parent = Parent(int(trace_id, 16), int(span_id, 16), int(flags, 16))
    return parent if parent.trace_id and parent.span_id else None


def operation_of(surface: str) -> str:
    """What is done there, in the conventions' word where they have one."""
    name, _, deed = surface.rpartition(".")
    if name and deed == "count":
        return "count_tokens"
    if surface == "guard":
        return "moderations"
    return surface if surface in _NO_CHATS else "chat"


def _server(begun: Begun, ending: Ended, operation: str, names: Names) -> Span:
    model = None if begun.asked_model is None else begun.asked_model[:NAME_MOST]
    start_ns = begun.created_at * 1_000
    return Span(
        id=_id(begun.id, 8),
        name=_name(operation, model),
        start_ns=start_ns,
        end_ns=start_ns + ending.response_time_us * 1_000,
        attributes=_said(
            {
                "gen_ai.operation.name": operation,
                "gen_ai.request.model": model,
                "gen_ai.request.stream": True if begun.stream and names.tells_streams else None,
                "gen_ai.response.model": None if ending.output_tokens is None else ending.model,
                names.provider: _provider(ending.provider, names),
                **_answer(ending),
                "http.response.status_code": ending.status,
                "error.type": _error(ending.outcome),
                "user.id": begun.user_id,
                "tollhouse.request.id": begun.id,
                "tollhouse.client_request.id": begun.client_request_id,
                "tollhouse.run.id": begun.run_id,
                "tollhouse.surface": begun.surface,
                "tollhouse.tag": begun.tag,
                "tollhouse.outcome": ending.outcome,
                "tollhouse.cache": ending.cache,
                "tollhouse.cost.nanodollars": cost_of(ending),
                "tollhouse.cost.status": ending.cost_status,
            }
        ),
        # What the client did wrong is no error of the server's.
        is_error=_error(ending.outcome) is not None and not 400 <= ending.status < 500,
    )


def _client(begun: Begun, attempt: Tried, operation: str, names: Names, ending: Ended | None) -> Span:
    """An attempt; the last one brings what the request ended with."""
    start_ns = begun.created_at * 1_000
    is_timed = attempt.first_us is not None and begun.stream and names.tells_streams
    return Span(
        id=_id(f"{begun.id}.{attempt.number}", 8),
        name=_name(operation, attempt.model),
        start_ns=start_ns + attempt.began_us * 1_000,
        end_ns=start_ns + attempt.ended_us * 1_000,
        attributes=_said(
            {
                "gen_ai.operation.name": operation,
                names.provider: _provider(attempt.provider, names),
                "gen_ai.request.model": attempt.model,
                "gen_ai.request.stream": True if begun.stream and names.tells_streams else None,
                "gen_ai.response.time_to_first_chunk": ((attempt.first_us or 0) - attempt.began_us) / 1e6
                if is_timed
                else None,
                **({} if ending is None else _answer(ending)),
                "http.response.status_code": attempt.provider_status,
                "error.type": _error(attempt.outcome),
                "tollhouse.request.id": begun.id,
                "tollhouse.attempt": attempt.number,
                "tollhouse.outcome": attempt.outcome,
            }
        ),
        is_error=_error(attempt.outcome) is not None,
    )


def _answer(ending: Ended) -> dict[str, Value | None]:
    """What the answer came to."""
    reason = ending.finish_reason
    return {
        "gen_ai.response.finish_reasons": None if reason is None else (reason,),
        "gen_ai.usage.input_tokens": ending.input_tokens,
        "gen_ai.usage.cache_read.input_tokens": ending.input_cached_tokens,
        "gen_ai.usage.cache_creation.input_tokens": ending.input_cache_write_tokens,
        "gen_ai.usage.output_tokens": ending.output_tokens,
        "gen_ai.usage.reasoning.output_tokens": ending.output_reasoning_tokens,
    }


def _provider(name: str | None, names: Names) -> str | None:
    return None if name is None else names.providers.get(name, name)


def _name(operation: str, model: str | None) -> str:
    return operation if model is None else f"{operation} {model}"


def _error(outcome: str) -> str | None:
    return None if outcome in _NO_ERRORS else outcome


def _said(attributes: Mapping[str, Value | None]) -> Mapping[str, Value]:
    """Those that are known."""
    return {name: value for name, value in attributes.items() if value is not None}


def _id(text: str, size_bytes: int) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=size_bytes).digest())
