"""budgets, spend, verify, routes and requests, beside a gateway that serves."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

from command_line import Ended, Gateway

Command = Callable[..., Ended]


def test_a_budget_set_here_is_held_there(gateway: Gateway, tollhouse: Command):
    tollhouse("users", "create", "poor", "--without-limits")
    token = tollhouse("tokens", "create", "poor", "--json").json["token"]
    budget = tollhouse("budgets", "set", "1", "--user", "poor", "--unit", "requests", "--window", "day", "--json").json
    assert budget["mode"] == "estimate"
    assert [gateway.chat(token=token)[0] for _ in range(2)] == [200, 429]
    listed = tollhouse("budgets", "list", "--user", "poor", "--json").json["data"]
    assert [(one["id"], one["posted"], one["available"]) for one in listed] == [(budget["id"], 1, 0)]


def test_a_budget_of_each_owner_is_held_until_it_is_lifted(gateway: Gateway, tollhouse: Command):
    tollhouse("workspaces", "create", "peaks", "--time-zone", "Asia/Kathmandu")
    tollhouse("users", "create", "kiri", "--without-limits", "--time-zone", "Pacific/Auckland", "--workspace", "peaks")
    made = tollhouse("tokens", "create", "kiri", "--json").json
    each = [
        ("--workspace", "peaks", "--unit", "tokens", "--window", "day", "--model", "demo/echo"),
        ("--user", "kiri", "--unit", "usd", "--window", "month", "--alert-at", "none"),
        ("--token", made["id"], "--unit", "requests", "--window", "total", "--alert-at", "0.9,0.3", "--model", "echo"),
    ]
    for said in each:
        budget = tollhouse("budgets", "set", "1000000", *said, "--json").json
        assert (list(budget["owner"]), budget["unit"], budget["window"]) == ([said[0][2:]], said[3], said[5])
        assert gateway.chat(token=made["token"])[0] == 200
        shown = tollhouse("budgets", "list", "--json").json["data"]
        (same,) = [one for one in shown if one["id"] == budget["id"]]
        assert same["posted"] not in (0, "0") or said[3] == "usd"
        assert same["time_zone"] == ("Asia/Kathmandu" if "--workspace" in said else "Pacific/Auckland")
        assert same["alert_at"] == {"none": [], "0.9,0.3": [0.3, 0.9]}.get(said[7], [0.5, 0.8, 1.0])
        assert tollhouse("budgets", "remove", budget["id"]).status == 0
        assert tollhouse("budgets", "remove", budget["id"]).status == 1
    assert tollhouse("budgets", "set", "1", "--user", "kiri", "--alert-at", "often").status == 2
    again = ("--alert-at", "0.6", "--alert-at", "0.3")
    assert tollhouse("budgets", "set", "1", "--user", "kiri", *again, "--json").json["alert_at"] == [0.3, 0.6]


def test_what_was_posted_is_corrected_beside_a_gateway_that_serves(gateway: Gateway, tollhouse: Command):
    tollhouse("users", "create", "wronged", "--without-limits")
    budget = tollhouse("budgets", "set", "1", "--user", "wronged", "--json").json["id"]
    charged = tollhouse("budgets", "credit", budget, "-0.30", "--reason", "billed elsewhere", "--json").json
    assert (charged["posted"], charged["available"]) == ("0.3", "0.7")
    assert tollhouse("budgets", "credit", budget, "0.10", "--reason", "an outage", "--json").json["posted"] == "0.2"
    assert tollhouse("budgets", "credit", budget, "0.30", "--reason", "too much").status == 1
    assert tollhouse("budgets", "credit", budget, "0.10").status == 2
    (last,) = tollhouse("audit", "list", "--limit", "1", "--json").json["data"]
    assert (last["actor"], last["deed"], last["subject"]) == ("command line", "budget.credit", budget)
    assert last["facts"]["reason"] == "an outage"
    assert "budget.credit" in tollhouse("audit", "list").out
    assert tollhouse("verify").status == 0


def test_a_budget_has_one_owner_and_a_limit(tollhouse: Command):
    assert tollhouse("budgets", "set", "5").status == 2
    assert tollhouse("budgets", "set", "5", "--user", "default", "--workspace", "default").status == 2
    assert tollhouse("budgets", "set", "much", "--user", "default").status == 2
    assert tollhouse("budgets", "set", "5", "--user", "nobody").status == 1


def test_requests_are_listed_and_shown(gateway: Gateway, tollhouse: Command):
    gateway.chat()
    newest = tollhouse("requests", "list", "--limit", "1", "--user", "default", "--json").json["data"][0]
    assert (newest["provider"], newest["model"], newest["status"]) == ("demo", "echo", 200)
    assert newest["id"] in tollhouse("requests", "show", newest["id"]).out
    assert tollhouse("requests", "show", "req_none").status == 1
    for model, count in (("echo", 1), ("demo/echo", 1), ("openai/echo", 0)):
        found = tollhouse("requests", "list", "--limit", "1", "--model", model, "--json").json["data"]
        assert len(found) == count
    assert tollhouse("requests", "list", "--unpriced", "--json").json["data"] == []
    more = ("--provider", "demo", "--token", newest["token"])
    assert tollhouse("requests", "list", *more, "--limit", "1", "--json").json["data"][0]["token"] == newest["token"]
    for nothing in (("--tag", "nothing"), ("--conversation", "conv_none"), ("--outcome", "nothing")):
        assert tollhouse("requests", "list", *nothing, "--json").json["data"] == []
    assert all(
        row["outcome"] != "succeeded" for row in tollhouse("requests", "list", "--failed", "--json").json["data"]
    )


def test_spend_is_shown_by_whatever_is_asked(gateway: Gateway, tollhouse: Command):
    gateway.chat()
    told = tollhouse("spend", "--by", "user", "--json").json
    rows = told["data"]
    assert told["object"] == "list"
    assert all(row["requests"] >= 1 for row in rows)
    shown = tollhouse("spend")
    table = shown.out.splitlines()
    assert "at the pace of the last week" in shown.err
    assert table[0].startswith("provider  model ")
    assert any(line.startswith("demo") for line in table)
    assert tollhouse("spend", "--by", "colour").status == 2


def test_a_route_is_explained(tollhouse: Command):
    explained = tollhouse("routes", "explain", "demo/echo", "--json").json
    assert explained["candidates"][0]["provider"] == "demo"
    assert tollhouse("routes", "explain", "demo/ecko").status == 1
    assert tollhouse("routes", "explain", "openai/gpt-4.1").status == 1
    assert tollhouse("routes", "list").status == 0


def test_no_hold_is_unconfirmed_and_none_can_be_released(tollhouse: Command):
    assert tollhouse("budgets", "release", "--json").json["data"] == []
    assert tollhouse("budgets", "release", "hold_none").status == 1


def test_the_books_of_a_gateway_that_serves_are_right(gateway: Gateway, tollhouse: Command):
    gateway.chat(stream=True)
    verified = tollhouse("verify", "--json")
    assert verified.status == 0
    assert verified.json["count"] == 0
    assert verified.json["checked"]["entries"] >= 2


def test_a_balance_that_was_altered_is_named(gateway: Gateway, tollhouse: Command):
    tollhouse("users", "create", "rich", "--without-limits")
    tollhouse("budgets", "set", "100000", "--user", "rich", "--unit", "tokens", "--window", "total")
    gateway.chat(token=tollhouse("tokens", "create", "rich", "--json").json["token"])
    database = sqlite3.connect(Path(gateway.served["data"]) / "tollhouse.db", isolation_level=None)
    (bucket,) = database.execute("SELECT id FROM bucket WHERE id LIKE '%:tokens:total'").fetchone()
    database.execute("UPDATE bucket SET posted = posted + 1 WHERE id = ?", (bucket,))
    try:
        verified = tollhouse("verify")
        assert verified.status == 1
        assert verified.out.startswith(f"bucket {bucket}: posted is ")
        assert json.loads(tollhouse("verify", "--json").out)["count"] == 1
    finally:
        database.execute("UPDATE bucket SET posted = posted - 1 WHERE id = ?", (bucket,))
        database.close()
    assert tollhouse("verify").status == 0
