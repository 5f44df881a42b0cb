"""tollhouse jobs: what waits and what failed is seen, tried again, stopped, and held up."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from command_line import Ended, Gateway


def call(gateway: Gateway, method: str, path: str, body: Any = None) -> Any:
    return json.loads(gateway.call(method, path, body))


def ask(gateway: Gateway, **more: Any) -> str:
    conversation = call(gateway, "POST", "/api/conversations", {"model": "demo/echo"})["id"]
    body = {"message": "Hi", "background": True, **more}
    return str(call(gateway, "POST", f"/api/conversations/{conversation}/messages", body)["run"])


def ended(gateway: Gateway, run: str) -> Any:
    return call(gateway, "GET", f"/api/runs/{run}?wait=20")


def test_what_is_paused_waits_and_what_was_cancelled_or_failed_is_tried_again(
    gateway: Gateway, tollhouse: Callable[..., Ended]
):
    """J4, J8, J9: a list of what failed with its reason; one, some or all are tried again, which asks nothing twice."""
    paused = tollhouse("jobs", "pause", "turns", "--reason", "Repairs", "--json").json
    assert (paused["paused"]["by"], paused["paused"]["reason"]) == ("command line", "Repairs")
    run, late = ask(gateway, priority=9), ask(gateway, deadline=0.01)
    time.sleep(0.02)
    listed = tollhouse("jobs", "list", "--status", "queued", "--json").json["data"]
    assert {(it["id"], it["priority"]) for it in listed} >= {(run, 9), (late, 5)}
    assert tollhouse("jobs", "priority", run, "8", "--json").json["priority"] == 8
    assert tollhouse("jobs", "queues", "--json").json["data"][0]["waiting"] >= 2
    assert tollhouse("jobs", "cancel", run, "--json").json["status"] == "cancelled"
    assert not tollhouse("jobs", "resume", "--json").json["paused"]
    assert ended(gateway, late)["error"]["code"] == "deadline_exceeded"
    assert late in tollhouse("jobs", "failed").out
    which = ("--error", "deadline_exceeded")
    would = {"count": 1, "runs": [late], "has_more": False, "dry_run": True}
    assert tollhouse("jobs", "retry", *which, "--dry-run", "--json").json == would
    assert tollhouse("jobs", "failed", *which, "--json").json["data"][0]["id"] == late
    assert tollhouse("jobs", "retry", *which).out.split() == [late]
    assert tollhouse("jobs", "retry", run, "--json").json["status"] == "queued"
    assert [ended(gateway, it)["status"] for it in (late, run)] == ["succeeded", "succeeded"]
    assert tollhouse("jobs", "failed", *which, "--json").json["data"] == []
    refused = tollhouse("jobs", "retry", run)
    assert (refused.status, "only one that failed" in refused.err) == (1, True)
    watched = tollhouse("jobs", "show", run, "--watch", "--json")
    assert (watched.status, watched.json["status"]) == (0, "succeeded")


def test_to_try_again_says_what(tollhouse: Callable[..., Ended]):
    refused = tollhouse("jobs", "retry")
    assert (refused.status, "--all" in refused.err) == (2, True)
    assert tollhouse("jobs", "cancel", "run_nobody").status == 1
