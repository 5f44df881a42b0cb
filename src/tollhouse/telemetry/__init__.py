"""Logs and metrics: one list of event names, one list of metric names. Neither holds prompts, answers or secrets."""

from tollhouse.telemetry.events import Event
from tollhouse.telemetry.finished import Finished
from tollhouse.telemetry.logs import DailyFile, Logs, configure_logs, log
from tollhouse.telemetry.metrics import CONTENT_TYPE, Metrics

__all__ = ["CONTENT_TYPE", "DailyFile", "Event", "Finished", "Logs", "Metrics", "configure_logs", "log"]
