"""The log: JSON lines on stderr, or columns for people on a terminal, and a file per day if wanted."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, TextIO, cast

import msgspec
import structlog
from structlog.dev import ConsoleRenderer, plain_traceback
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

from tollhouse.redaction import redact
from tollhouse.telemetry.events import Event
from tollhouse.telemetry.finished import Finished, cost_of

log: FilteringBoundLogger = structlog.get_logger("tollhouse")
"""What the rest of the house logs with. Whoever starts a process calls `configure_logs` first."""

Level = Literal["debug", "info", "warning", "error"]
Line = Mapping[str, Any]


def configure_logs(
    *,
    level: Level = "info",
    format: Literal["auto", "json", "console"] = "auto",  # noqa: A002, the setting's name
    directory: Path | None = None,
    keep_days: int = 14,
    warn_tokens: int = 5_000,
    stream: TextIO | None = None,
    redact: Callable[[str], str] = redact,
) -> Logs:
    """Send our events, and those of every library that uses `logging`, to one place. The caller closes it.

    Args:
        level: the least that is written.
        format: `auto` is `console` on a terminal and `json` elsewhere.
        directory: where a file per day is kept, if anywhere.
        keep_days: days that a file is kept.
        warn_tokens: a finished request with more tokens than this is a warning; 0 for never.
        stream: stderr, unless said otherwise.
        redact: the last look at free text, such as an exception's.
    """
    stream = stream or sys.stderr
    is_console = format == "console" or (format == "auto" and stream.isatty())
    logs = Logs(
        stream,
        render=_for_people(stream) if is_console else _for_machines(),
        file=DailyFile(directory, keep_days) if directory else None,
        least=logging.getLevelName(level.upper()),
        warn_tokens=warn_tokens,
        redact=redact,
    )
    structlog.configure(
        processors=[structlog.stdlib.add_log_level, _stamp, _hand_over],
        wrapper_class=structlog.make_filtering_bound_logger(logs.least),
        logger_factory=lambda *names: logs,
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logs.least, handlers=[_Bridge(logs)], force=True)
    return logs


class Logs:
    """Where lines go. For use from any thread but `finished`, which belongs to the event loop's."""

    def __init__(
        self,
        stream: TextIO,
        *,
        render: Callable[[Line], str],
        file: DailyFile | None = None,
        least: int = logging.INFO,
        warn_tokens: int = 5_000,
        redact: Callable[[str], str] = redact,
    ) -> None:
        """Write to `stream` as `render` says, and to `file` as JSON; owns the file, not the stream."""
        self.least = least
        self._stream = stream
        self._render = render
        self._file = file
        self._for_file = _for_machines()
        self._warn_tokens = warn_tokens
        self._redact = redact

    def adjust(self, *, level: Level, warn_tokens: int) -> None:
        """Write more, or less, from now on; as `configure_logs` takes them."""
        self.least = logging.getLevelName(level.upper())
        self._warn_tokens = warn_tokens
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(self.least))
        logging.getLogger().setLevel(self.least)

    def finished(self, rows: Iterable[Finished]) -> None:
        """One `request.finished` line per request, all in one write."""
        stamp = _now()
        lines = [self._finished(row, stamp) for row in rows]
        self._write([line for line in lines if line["level"] == "warning" or self.least <= logging.INFO])

    def line(self, line: Line) -> None:
        """One line, as `structlog` or `logging` hand it over."""
        self._write([{key: self._clean(value) for key, value in line.items()}])

    # structlog calls the wrapped logger by the level's name.
    debug = info = warning = error = critical = line

    def close(self) -> None:
        """Close the day's file."""
        if self._file:
            self._file.close()

    def _finished(self, row: Finished, stamp: str) -> Line:
        ending, theirs = row.ending, row.skeleton.client_request_id
        tokens = (ending.input_tokens or 0) + (ending.output_tokens or 0)
        line = {
            "timestamp": stamp,
            "level": "warning" if 0 < self._warn_tokens < tokens else "info",
            "event": Event.REQUEST_FINISHED.value,
            "request": row.skeleton.id,
            "user": row.skeleton.user_id,
            "provider": ending.provider,
            "model": ending.model,
            "status": ending.status,
            "outcome": ending.outcome,
            "input_tokens": ending.input_tokens,
            "output_tokens": ending.output_tokens,
            "cost_usd": _dollars(cost_of(ending)),
            "duration_ms": ending.response_time_us / 1000,
        }
        return line if theirs is None else line | {"client_request_id": theirs}

    def _clean(self, value: Any) -> Any:
        return self._redact(value) if isinstance(value, str) else value

    def _write(self, lines: list[Line]) -> None:
        if not lines:
            return
        self._stream.write("".join(self._render(line) + "\n" for line in lines))
        self._stream.flush()
        if self._file is None:
            return
        try:
            self._file.write("".join(self._for_file(line) + "\n" for line in lines))
        except OSError as error:
            # A full disk must not stop the answers; stderr still has the line, and now the reason too.
            failed = {"timestamp": _now(), "level": "error", "event": Event.LOG_FILE_FAILED, "error": error.strerror}
            self._stream.write(self._render(failed) + "\n")


class DailyFile:
    """`tollhouse-2026-11-22.log`, another each day in UTC; files that are too old are deleted."""

    def __init__(self, directory: Path, keep_days: int, today: Callable[[], date] | None = None) -> None:
        """Keep files in `directory`, which is made for the owner only; `today` is a parameter for tests."""
        self._directory = directory
        self._keep = timedelta(days=keep_days)
        self._today = today or (lambda: datetime.now(UTC).date())
        self._day: date | None = None
        self._file: TextIO | None = None

    def write(self, text: str) -> None:
        """Append to today's file. Raises OSError."""
        day = self._today()
        if self._file is None or day != self._day:
            self._file, self._day = self._turn_to(day), day
        self._file.write(text)
        self._file.flush()

    def close(self) -> None:
        """Close the file; a later write opens it again."""
        if self._file:
            self._file.close()
            self._file = None

    def _turn_to(self, day: date) -> TextIO:
        self.close()
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        oldest = f"tollhouse-{day - self._keep}.log"
        for file in self._directory.glob("tollhouse-????-??-??.log"):
            if file.name <= oldest:
                file.unlink(missing_ok=True)
        descriptor = os.open(
            self._directory / f"tollhouse-{day}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600
        )
        return cast(TextIO, os.fdopen(descriptor, "w", encoding="utf-8"))


class _Bridge(logging.Handler):
    """Brings the events of libraries that use `logging` into our log."""

    def __init__(self, logs: Logs) -> None:
        super().__init__()
        self._logs = logs

    def emit(self, record: logging.LogRecord) -> None:
        line: dict[str, Any] = {
            "timestamp": _now(),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
        }
        if record.exc_info:
            line["exception"] = _told(record.exc_info[1])
        self._logs.line(line)


def _hand_over(logger: WrappedLogger, name: str, event: EventDict) -> tuple[tuple[EventDict], dict[str, Any]]:
    """The last of structlog's steps: the line goes to `Logs` as it is, not as text."""
    raised = event.pop("exc_info", None)
    if raised:
        error = raised if isinstance(raised, BaseException) else sys.exc_info()[1]
        event["exception"] = _told(error)
    return (event,), {}


def _dollars(nanodollars: int | None) -> str | None:
    return None if nanodollars is None else f"{nanodollars // 1_000_000_000}.{nanodollars % 1_000_000_000:09}"


def _stamp(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    event["timestamp"] = _now()
    return event


def _told(error: BaseException | None) -> str:
    """The traceback, without local variables: they hold keys and prompts."""
    return "".join(traceback.format_exception(error)) if error else ""


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _for_machines() -> Callable[[Line], str]:
    encode = msgspec.json.Encoder(enc_hook=str).encode
    return lambda line: encode(line).decode()


def _for_people(stream: TextIO) -> Callable[[Line], str]:
    # The default would print local variables with a traceback.
    renderer = ConsoleRenderer(colors=stream.isatty(), exception_formatter=plain_traceback)
    return lambda line: renderer(None, "", dict(line))
