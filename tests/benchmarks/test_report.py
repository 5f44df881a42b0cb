"""What the page of a run says of its results."""

from __future__ import annotations

import pytest

from benchmarks import report
from benchmarks.results import Latency, Results
from benchmarks.run import complaints
from benchmarks.shapes import BURST, TRANSLATED, TRANSLATED_BURST
from benchmarks.soak import findings, verdict
from measurements import cost, results, soak


def row(page: str, label: str) -> list[str]:
    """The cells behind a label."""
    line = next(line for line in page.splitlines() if line.startswith(f"| {label}"))
    return [cell.strip() for cell in line.strip("|").split("|")[1:]]


def test_ratios_come_first_and_are_to_nginx():
    page = report.page(results(tollhouse=cost(33), nginx=cost(12), litellm=cost(6_675)))
    assert row(page, "**CPU, times nginx's**: unstreamed, 0.35 KB") == ["2.75", "1.00", "556"]
    assert row(page, "**Tollhouse's CPU on SQLite, times this one's**: unst") == ["1.00", "2.75", "0.005"]
    assert row(page, "CPU us a request: unstreamed, 0.35 KB") == ["33.0", "12.0", "6,675"]
    table = [line for line in page.splitlines() if line.startswith("| ")]
    assert [("times" in line) for line in table[1:4]] == [True, True, False]


def test_what_the_ledger_costs_is_the_difference_to_the_same_build_without_it():
    run = results(tollhouse=cost(33), nginx=cost(12))
    run.gateways += results(**{"tollhouse-without-ledger": cost(20.5)}).gateways
    assert row(report.page(run), "of that the ledger's: unstreamed, 0.35 KB") == ["12.5", "", ""]


def test_without_nginx_there_is_no_ratio_to_it():
    page = report.page(results(tollhouse=cost(33)))
    assert "times nginx's" not in page
    assert row(page, "CPU us a request: unstreamed, 0.35 KB") == ["33.0"]


def test_who_answered_with_errors_has_no_figure():
    page = report.page(results(tollhouse=cost(33), nginx=cost(12), portkey=cost(1, errors=9, answers=10)))
    assert row(page, "CPU us a request: unstreamed, 0.35 KB") == ["33.0", "12.0", "9 of 10 failed"]
    assert row(page, "**CPU, times nginx's**: unstreamed, 0.35 KB") == ["2.75", "1.00", ""]


def test_translating_is_told_as_the_difference_to_what_passes_as_it_is():
    run = results(tollhouse=cost(50), nginx=cost(12))
    run.gateways[0].cost |= {BURST.name: cost(200), TRANSLATED.name: cost(80), TRANSLATED_BURST.name: cost(505)}
    page = report.page(run)
    assert row(page, f"{report.TRANSLATING} a request") == ["30.0", ""]
    assert row(page, f"{report.TRANSLATING} a stream of 61 events") == ["305.0", ""]
    assert row(page, f"{report.TRANSLATING} an event of it") == ["5.0", ""]


def test_a_gateway_that_does_not_keep_up_has_no_latency():
    run = results(tollhouse=cost(33), litellm=cost(6_675))
    times = {"p50_us": 900, "p99_us": 2_100, "added_p50_us": 250, "added_p99_us": 480}
    run.gateways[0].latency = Latency(**times, per_second=200)
    run.gateways[1].latency = Latency(**times, per_second=104)
    assert row(report.page(run), "added latency") == ["0.25 / 0.48", "answered 104 a second only"]


def test_who_was_not_run_is_named():
    run = Results(conditions=results().conditions, absent={"portkey": "Node is not installed"})
    assert "Not run: Node is not installed." in report.page(run)


def test_a_flat_run_is_flat():
    assert findings(soak()) == []
    assert verdict(soak()).startswith("flat")


@pytest.mark.parametrize(
    ("grown", "finding"),
    [
        ({"tasks": 5}, "asyncio tasks grew by 300.0 to 680"),
        ({"memory_mib": 0.1}, "MiB grew by 6.0 to 72"),
        ({"errors": 2}, "2 of 3000000 requests failed"),
    ],
)
def test_what_grows_in_a_long_run_is_found(grown: dict[str, float], finding: str):
    assert findings(soak(**grown)) == [finding]
    assert complaints(Results(conditions=results().conditions, soak=soak(**grown))) == [finding]


def test_a_short_run_is_not_judged():
    run = soak(tasks=1, seconds=20)
    assert verdict(run).startswith("too short")
    assert complaints(Results(conditions=results().conditions, soak=run)) == []


def test_failed_requests_of_tollhouse_are_complained_of_and_those_of_others_are_not():
    bad = cost(33, errors=1, answers=10)
    assert complaints(results(tollhouse=cost(33), portkey=bad)) == []
    assert complaints(results(tollhouse=bad)) == ["Tollhouse: 1 of 10 requests failed (unstreamed, 0.35 KB)"]
