"""From what was measured to a thousand times as much."""

from __future__ import annotations

import pytest

from benchmarks.scale.arithmetic import outlook
from benchmarks.scale.page import page
from benchmarks.scale.points import Point, Report, Scale, Streams
from measurements import CONDITIONS, cost

FULL = Scale(
    conditions=CONDITIONS,
    database="PostgreSQL 18, fsync on, synchronous_commit on",
    rows=[
        Point(database="SQLite", count=10**6, cost=cost(999)),
        Point(database="PostgreSQL", count=10**3, cost=cost(60, database_cpu_us=40), size_bytes=9_000_000),
        Point(database="PostgreSQL", count=10**6, cost=cost(70, database_cpu_us=50), size_bytes=1_008_000_000),
    ],
    reports=[Report(database="SQLite", name="by user", rows=29_200, ms=12.34)],
    log=[Report(database="SQLite", name="a tag", rows=10**6, ms=5.67)],
    streams=[Streams(count=0, pss_mib=50), Streams(count=1_024, pss_mib=70)],
)


def test_a_thousand_times_as_much_is_reckoned_from_the_fullest_table_and_the_slopes():
    found = outlook(FULL)
    assert found is not None
    assert (found.per_second, found.streams) == (10_000, 2_000_000)
    assert found.gateway_cores == pytest.approx(0.7)
    assert found.database_cores == pytest.approx(0.5)
    assert found.request_bytes == pytest.approx(1_000)
    assert found.store_bytes_a_year == pytest.approx(1_000 * 10_000 * 365 * 86_400)
    assert found.stream_bytes == pytest.approx(20 * 1_024)
    assert found.streams_bytes == pytest.approx(20 * 1_024 * 2_000_000)


def test_the_page_shows_these_figures():
    text = page(FULL)
    assert "| PostgreSQL | 1,000,000 | 1,000 | 70.0 | 50.0 | 1.0 | 2.0 |" in text
    assert "| SQLite | by user | 29,200 | 12.3 |" in text
    assert "| SQLite | a tag | 1,000,000 | 5.7 |" in text
    assert "That is 20.0 KiB for each." in text
    assert "| busy cores, gateways | 0.7 |" in text
    assert "| memory for streams | 38 GiB |" in text
    assert "| disk in a year | 287 TiB |" in text


def test_what_was_not_measured_is_said():
    text = page(Scale(conditions=CONDITIONS))
    assert text.count("This was not measured in this run.") == 7
    assert outlook(Scale(conditions=CONDITIONS, streams=FULL.streams)) is None
