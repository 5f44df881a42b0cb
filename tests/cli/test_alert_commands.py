"""webhooks, deliveries and alerts, beside a gateway that serves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from command_line import Ended, Gateway
from receivers import Receiver

Command = Callable[..., Ended]


def test_an_endpoint_is_added_tried_rotated_and_removed(
    gateway: Gateway, tollhouse: Command, receiver: Receiver, tmp_path: Path
) -> None:
    config = tmp_path / "tollhouse.toml"
    config.write_text('[alerts]\nprivate_hosts = ["127.0.0.1"]\n')
    here = ("--config", str(config))
    for_all = tollhouse("webhooks", "add", receiver.url, "--json", *here).json
    alerts = ["budget.threshold", "budget.overage", "credential.aging", "credential.failing", "run.failed"]
    assert sorted(for_all["events"]) == sorted([*alerts, "run.succeeded", "run.cancelled"])
    assert tollhouse("webhooks", "remove", for_all["id"]).status == 0
    # From here on one that hears of nothing that other tests may cause in the same house.
    made = tollhouse("webhooks", "add", receiver.url, "--event", "credential.aging", "--json", *here).json
    assert made["secret"].startswith("whsec_")
    listed = tollhouse("webhooks", "list", *here)
    assert made["id"] in listed.out
    assert made["secret"] not in listed.out
    receiver.will(200, 500)
    assert [tollhouse("webhooks", "ping", made["id"], *here).status for _ in range(2)] == [0, 1]
    (failed,) = tollhouse("deliveries", "list", "--target", made["id"], "--status", "pending", "--json").json["data"]
    assert tollhouse("deliveries", "resend", failed["id"], "--json", *here).json["status"] == "delivered"
    assert "webhook.ping" in {row["type"] for row in tollhouse("alerts", "list", "--json").json["data"]}
    rotated = tollhouse("webhooks", "rotate", made["id"])
    assert "whsec_" in rotated.out
    assert "not shown again" in rotated.err
    assert tollhouse("webhooks", "disable", made["id"], "--json").json["active"] is False
    assert tollhouse("webhooks", "enable", made["id"], "--json").json["active"] is True
    assert tollhouse("webhooks", "remove", made["id"]).status == 0
    assert tollhouse("webhooks", "ping", made["id"]).status == 1


def test_an_endpoint_in_a_private_network_needs_the_operators_word(tollhouse: Command) -> None:
    refused = tollhouse("webhooks", "add", "http://127.0.0.1:9/hook")
    assert refused.status == 2
    assert "The URL must" in refused.err
    assert tollhouse("webhooks", "add", "https://example.com/", "--event", "no.such").status == 2


def test_what_is_not_there_is_said(tollhouse: Command) -> None:
    assert tollhouse("deliveries", "resend", "dlv_none").status == 1
    assert tollhouse("deliveries", "list", "--status", "lost").status == 2
