"""demo seed and clear, beside a gateway that serves: the books balance with it and without it."""

from __future__ import annotations

from collections.abc import Callable

from command_line import Ended, Gateway

Command = Callable[..., Ended]


def test_a_month_of_traffic_comes_and_goes_and_the_books_balance(gateway: Gateway, tollhouse: Command):
    assert gateway.chat()[0] == 200
    before = tollhouse("spend", "--by", "model", "--json").out
    seeded = tollhouse("demo", "seed", "--a-day", "12", "--json").json
    assert seeded["requests"] > 200
    assert tollhouse("demo", "seed").status == 1
    assert tollhouse("verify").status == 0
    tags = tollhouse("spend", "--by", "tag", "--json").json["data"]
    (mine,) = [row for row in tags if row["tag"] == "demo"]
    assert mine["requests"] == seeded["requests"]
    assert float(mine["cost_usd"]) > 0
    assert len(tollhouse("spend", "--by", "day", "--json").json["data"]) >= 28
    assert tollhouse("demo", "clear", "--json").json == {"requests": seeded["requests"]}
    assert tollhouse("demo", "clear", "--json").json == {"requests": 0}
    assert tollhouse("verify").status == 0
    assert tollhouse("spend", "--by", "model", "--json").out == before
