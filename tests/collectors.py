"""An OpenTelemetry collector: takes spans by OTLP over HTTP on a real socket, and reads what it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Sent

from receivers import Receiver

KINDS = {Sent.SPAN_KIND_SERVER: "server", Sent.SPAN_KIND_CLIENT: "client"}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A span as it came over the wire; ids are hexadecimal, `parent` is empty for a first one."""

    name: str
    kind: str
    trace: str
    id: str
    parent: str
    start_ns: int
    end_ns: int
    is_error: bool
    attributes: Mapping[str, Any]


class FakeCollector:
    """Answers 200 unless its `receiver` is told otherwise."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver

    @property
    def endpoint(self) -> str:
        return self.receiver.url.removesuffix("/hook")

    @property
    def toml(self) -> str:
        """The configuration file's table that names this collector."""
        return f'[telemetry]\notlp_endpoint = "{self.endpoint}"\n'

    @property
    def bytes(self) -> bytes:
        """All that came."""
        return b"".join(heard.body for heard in self.receiver.heard)

    @property
    def spans(self) -> list[Seen]:
        """Every span that came, in order."""
        return [
            seen(span)
            for request in self._requests()
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    @property
    def resource(self) -> Mapping[str, Any]:
        """What the spans of the first message say of their process."""
        return values(next(self._requests()).resource_spans[0].resource.attributes)

    async def until(self, count: int) -> list[Seen]:
        """So many spans, as soon as they are there: servers first, then by the time they began."""
        async with asyncio.timeout(30):
            while len(self.spans) < count:
                await asyncio.sleep(0.02)
        return sorted(self.spans, key=lambda span: (span.kind != "server", span.start_ns))

    def _requests(self) -> Iterator[ExportTraceServiceRequest]:
        return (ExportTraceServiceRequest.FromString(heard.body) for heard in self.receiver.heard)


def seen(span: Sent) -> Seen:
    """What came, as tests look at it."""
    return Seen(
        name=span.name,
        kind=KINDS[span.kind],
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        start_ns=span.start_time_unix_nano,
        end_ns=span.end_time_unix_nano,
        is_error=span.status.code == span.status.STATUS_CODE_ERROR,
        attributes=values(span.attributes),
    )


def values(pairs: Any) -> dict[str, Any]:
    """Attributes as Python has them."""
    return {pair.key: value(pair.value) for pair in pairs}


def value(told: Any) -> Any:
    """A value as Python has it."""
    kind = told.WhichOneof("value")
    return [value(one) for one in told.array_value.values] if kind == "array_value" else getattr(told, kind)


@pytest.fixture
def collector(receiver: Receiver) -> FakeCollector:
    """Somebody who takes spans."""
    return FakeCollector(receiver)
