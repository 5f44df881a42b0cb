"""What is told of requests that have ended: they are counted, have a line each, and go to a collector."""

from __future__ import annotations

from tollhouse.telemetry.finished import Finished
from tollhouse.telemetry.logs import Logs
from tollhouse.telemetry.metrics import Metrics
from tollhouse.telemetry.spool import Spool


def tell(metrics: Metrics, logs: Logs | None, traces: Spool | None, rows: list[Finished]) -> None:
    """Tell of requests whose rows are durable."""
    metrics.observe_batch(rows)
    if logs is not None:
        logs.finished(rows)
    if traces is not None:
        traces.put(rows)
