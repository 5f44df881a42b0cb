"""Traces to a collector, by OTLP over HTTP and OpenTelemetry's own libraries. The extra `otel` brings them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any

import requests
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from tollhouse.telemetry.collector import Collector
from tollhouse.telemetry.traces import Span, Trace

_SAMPLED = TraceFlags(TraceFlags.SAMPLED)


class Otlp:
    """The way to one collector, for one thread. Sending takes `OTEL_EXPORTER_OTLP_TIMEOUT` at most, which is 10 s."""

    def __init__(self, collector: Collector, *, version: str, instance: str) -> None:
        """Send to `collector`.

        The standard variables say what is left: timeout, compression, certificates, sampler and resource.

        Args:
            version: ours.
            instance: the name of this process.
        """
        # Its own lines would come at every try, and quote headers; ours says once a minute what they say.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL + 1)
        self._session = _Session()
        self._exporter = OTLPSpanExporter(
            endpoint=collector.url, headers=dict(collector.headers), session=self._session
        )
        self._sampler = TracerProvider(shutdown_on_exit=False).sampler
        named = Resource(
            {"service.name": "tollhouse", "service.version": version, "service.instance.id": instance}
        ).merge(OTELResourceDetector().detect())
        self._resource = Resource.create(dict(named.attributes))
        self._scope = InstrumentationScope("tollhouse", version)

    def send(self, traces: Sequence[Trace]) -> str | None:
        """Send them; gives None, or why the collector has not got them."""
        spans = [span for trace in traces for span in self._spans(trace)]
        self._session.told = "they cannot be encoded"
        if not spans or self._exporter.export(spans) is SpanExportResult.SUCCESS:
            return None
        return self._session.told

    def close(self) -> None:
        """Break off what is being tried again, and let go. For any thread."""
        self._exporter.shutdown()  # type: ignore[no-untyped-call]  # as the library has it

    def _spans(self, trace: Trace) -> Iterator[ReadableSpan]:
        parent = trace.parent
        above = None
        if parent is not None:
            above = SpanContext(parent.trace_id, parent.span_id, True, TraceFlags(parent.flags))
        context = None if above is None else set_span_in_context(NonRecordingSpan(above))
        server = trace.server
        sampled = self._sampler.should_sample(context, trace.id, server.name, SpanKind.SERVER, server.attributes)
        if sampled.decision is not Decision.RECORD_AND_SAMPLE:
            return
        ours = SpanContext(trace.id, server.id, False, _SAMPLED)
        yield self._span(server, ours, above, SpanKind.SERVER)
        for client in trace.clients:
            yield self._span(client, SpanContext(trace.id, client.id, False, _SAMPLED), ours, SpanKind.CLIENT)

    def _span(self, span: Span, context: SpanContext, parent: SpanContext | None, kind: SpanKind) -> ReadableSpan:
        return ReadableSpan(
            span.name,
            context,
            parent,
            self._resource,
            span.attributes,
            kind=kind,
            status=Status(StatusCode.ERROR if span.is_error else StatusCode.UNSET),
            start_time=span.start_ns,
            end_time=span.end_ns,
            instrumentation_scope=self._scope,
        )


class _Session(requests.Session):
    """Goes straight to the collector, whatever proxies the environment names, and remembers what came of it.

    Attributes:
        told: the latest failure, in words that quote nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self.told = ""

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        try:
            response = super().send(request, **kwargs)
        except requests.RequestException as error:
            self.told = type(error).__name__
            raise
        self.told = f"HTTP {response.status_code}"
        return response
