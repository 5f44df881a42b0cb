"""Logs, metrics and traces: one list of event names, one of metric names, one mapping to OpenTelemetry's.

None of them holds prompts, answers or secrets.
"""

from tollhouse.telemetry.events import Event
from tollhouse.telemetry.finished import Finished, Journey, Tried
from tollhouse.telemetry.logs import DailyFile, Logs, configure_logs, log
from tollhouse.telemetry.metrics import CONTENT_TYPE, Metrics

__all__ = [
    "CONTENT_TYPE",
    "DailyFile",
    "Event",
    "Finished",
    "Journey",
    "Logs",
    "Metrics",
    "Tried",
    "configure_logs",
    "log",
]
