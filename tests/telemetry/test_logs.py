"""The log: one line per event, in one place, without secrets."""

from __future__ import annotations

import io
import json
import logging
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from finished_rows import finished_row
from tollhouse.telemetry import DailyFile, Event, Logs, configure_logs, log


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def logs_to(stream: io.StringIO, **more: Any) -> Logs:
    return configure_logs(stream=stream, **more)


def test_an_event_is_one_line_of_json_with_time_and_level():
    stream = io.StringIO()
    logs_to(stream)
    log.info(Event.SERVER_STARTED, url="http://127.0.0.1:8787")
    (line,) = lines(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"level": "info", "event": "server.started", "url": "http://127.0.0.1:8787"}


def test_events_below_the_level_are_not_written():
    stream = io.StringIO()
    logs = logs_to(stream, level="warning")
    log.info(Event.SERVER_STARTED)
    logging.getLogger("uvicorn").info("hello")
    logs.finished([finished_row()])
    assert stream.getvalue() == ""


def test_libraries_that_use_logging_write_to_the_same_place():
    stream = io.StringIO()
    logs_to(stream)
    logging.getLogger("uvicorn.error").warning("Invalid %s received", "request")
    (line,) = lines(stream)
    assert (line["logger"], line["level"], line["event"]) == ("uvicorn.error", "warning", "Invalid request received")


def test_a_terminal_gets_columns_instead_of_json():
    stream = io.StringIO()
    logs_to(stream, format="console")
    log.info(Event.SERVER_STARTED, port=8787)
    assert "server.started" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_is_told_without_local_variables_and_without_keys(form: Any):
    def fail(key: str) -> None:
        raise RuntimeError("refused " + key)

    stream = io.StringIO()
    logs_to(stream, format=form)
    try:
        fail("-".join(("sk", "proj", "canary0123456789abcdef")))
    except RuntimeError:
        log.exception(Event.REQUEST_FAILED)
        logging.getLogger("uvicorn").exception("failed")
    text = stream.getvalue()
    assert text.count("RuntimeError: refused ***") == 2
    assert text.count(", in fail") == 2
    assert "sk-proj-canary" not in text


def test_a_finished_request_is_one_line_with_cost_and_time():
    stream = io.StringIO()
    row = finished_row(
        provider="acme",
        model="acme-1",
        input_tokens=19,
        output_tokens=10,
        input_cost=47_500,
        output_cost=100_000,
        cost_status="exact",
        response_time_us=1_234_500,
    )
    logs_to(stream).finished([row, row])
    line, _ = lines(stream)
    assert line.pop("timestamp")
    assert line == {
        "level": "info",
        "event": "request.finished",
        "request": "req_1",
        "user": "usr_canary",
        "provider": "acme",
        "model": "acme-1",
        "status": 200,
        "outcome": "ok",
        "input_tokens": 19,
        "output_tokens": 10,
        "cost_usd": "0.000147500",
        "duration_ms": 1234.5,
    }


def test_a_client_finds_its_own_id_in_the_log():
    stream = io.StringIO()
    row = finished_row()
    row.skeleton = replace(row.skeleton, client_request_id="trace-me-77")
    logs_to(stream).finished([row])
    assert lines(stream)[0]["client_request_id"] == "trace-me-77"


def test_an_unknown_cost_is_null_and_not_zero():
    stream = io.StringIO()
    logs_to(stream).finished([finished_row(cost_status="unpriced")])
    assert lines(stream)[0]["cost_usd"] is None


@pytest.mark.parametrize(
    ("tokens", "limit", "level"), [(5_000, 5_000, "info"), (5_001, 5_000, "warning"), (9_999, 0, "info")]
)
def test_many_tokens_are_a_warning(tokens: int, limit: int, level: str):
    stream = io.StringIO()
    logs_to(stream, warn_tokens=limit).finished([finished_row(input_tokens=tokens - 1, output_tokens=1)])
    assert lines(stream)[0]["level"] == level


def test_a_batch_is_one_write():
    class Counting(io.StringIO):
        writes = 0

        def write(self, text: str) -> int:
            self.writes += 1
            return super().write(text)

    stream = Counting()
    logs_to(stream).finished([finished_row()] * 50)
    assert (stream.writes, len(lines(stream))) == (1, 50)


def test_the_day_has_a_file_for_the_owner_only(tmp_path: Path):
    stream = io.StringIO()
    logs = logs_to(stream, format="console", directory=tmp_path / "log")
    log.info(Event.SERVER_STARTED)
    logs.close()
    (file,) = (tmp_path / "log").iterdir()
    assert json.loads(file.read_text())["event"] == "server.started"
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_files_are_kept_for_their_days(tmp_path: Path):
    today = date(2026, 11, 1)
    file = DailyFile(tmp_path, keep_days=14, today=lambda: today)
    (tmp_path / "notes.txt").touch()
    for day in range(1, 31):
        today = date(2026, 11, day)
        file.write(f"{day}\n")
        file.write("more\n")
    file.close()
    names = sorted(path.name for path in tmp_path.glob("*.log"))
    assert names == [f"tollhouse-2026-11-{day}.log" for day in range(17, 31)]
    assert (tmp_path / names[-1]).read_text() == "30\nmore\n"
    assert (tmp_path / "notes.txt").exists()


def test_a_file_that_cannot_be_written_is_told_on_stderr_and_stops_nothing(tmp_path: Path):
    (tmp_path / "log").touch()
    stream = io.StringIO()
    logs = logs_to(stream, directory=tmp_path / "log")
    logs.finished([finished_row()])
    assert [line["event"] for line in lines(stream)] == ["request.finished", "log_file.failed"]
    assert os.strerror(17) in lines(stream)[1]["error"]
