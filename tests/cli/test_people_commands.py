"""users and tokens, while the gateway serves the same data."""

from __future__ import annotations

import time
from collections.abc import Callable

from command_line import Ended, Gateway

Command = Callable[..., Ended]


def test_a_user_made_here_is_let_in_there(gateway: Gateway, tollhouse: Command):
    user = tollhouse("users", "create", "ada", "--time-zone", "Europe/Vienna", "--json").json
    token = tollhouse("tokens", "create", "ada", "--name", "laptop", "--json").json
    assert token["user"] == user["id"]
    assert gateway.chat(token=token["token"])[0] == 200
    assert user["id"] in tollhouse("users", "list").out


def test_a_new_user_has_the_usual_limits_and_a_budget_of_tokens(tollhouse: Command):
    user = tollhouse("users", "create", "limited", "--json").json
    assert user["limits"] == {"requests_per_minute": 20, "tokens_per_minute": None, "concurrent": 100}
    budget = tollhouse("budgets", "list", "--user", "limited", "--json").json["data"][0]
    assert (budget["unit"], budget["window"], budget["limit"], budget["mode"]) == ("tokens", "day", 100_000, "estimate")


def test_a_workspace_is_made_and_listed_with_its_time_zone(tollhouse: Command):
    made = tollhouse("workspaces", "create", "lab", "--time-zone", "Asia/Kathmandu", "--json").json
    assert (made["name"], made["time_zone"]) == ("lab", "Asia/Kathmandu")
    assert made in tollhouse("workspaces", "list", "--json").json["data"]
    assert tollhouse("users", "create", "nima", "--workspace", "lab", "--json").json["time_zone"] == "Asia/Kathmandu"
    assert tollhouse("workspaces", "time-zone", "lab", "Nowhere/Land").status == 2


def test_limits_are_changed_one_by_one(tollhouse: Command):
    tollhouse("users", "create", "grown")
    user = tollhouse("users", "limits", "grown", "--requests-per-minute", "none", "--concurrent", "5", "--json").json
    assert user["limits"] == {"requests_per_minute": None, "tokens_per_minute": None, "concurrent": 5}
    assert tollhouse("users", "limits", "grown", "--concurrent", "few").status == 2


def test_who_is_shut_out_here_is_refused_there_within_seconds(gateway: Gateway, tollhouse: Command):
    tollhouse("users", "create", "guest")
    tollhouse("users", "create", "visitor")
    revoked = tollhouse("tokens", "create", "guest", "--json").json
    disabled = tollhouse("tokens", "create", "visitor", "--json").json
    assert [gateway.chat(token=token["token"])[0] for token in (revoked, disabled)] == [200, 200]
    assert tollhouse("tokens", "revoke", revoked["id"]).status == 0
    assert tollhouse("users", "disable", "visitor").status == 0
    since_s = time.monotonic()
    while [gateway.chat(token=token["token"])[0] for token in (revoked, disabled)] != [401, 401]:
        assert time.monotonic() - since_s < 30
        time.sleep(0.2)


def test_a_token_is_shown_once(tollhouse: Command):
    made = tollhouse("tokens", "create", "default", "--name", "once", "--json").json["token"]
    assert made not in tollhouse("tokens", "list").out
    assert made[:16] in tollhouse("tokens", "list").out
    assert made[:16] in tollhouse("tokens", "list", "--state", "active").out
    assert made[:16] not in tollhouse("tokens", "list", "--unused-since", "2026-01-01").out
    assert tollhouse("tokens", "list", "--state", "lost").status == 2


def test_a_token_may_have_less_and_end(tollhouse: Command):
    token = tollhouse("tokens", "create", "default", "--scope", "usage:read", "--expires", "2099-12-31", "--json").json
    assert (token["scopes"], token["expires_at"]) == (["usage:read"], "2099-12-31T00:00:00Z")
    assert tollhouse("tokens", "create", "default", "--scope", "everything").status == 2


def test_nobody_is_one_line_and_exit_status_1(tollhouse: Command):
    ended = tollhouse("tokens", "create", "nobody")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith("tollhouse: There is no user 'nobody'")
    assert len(ended.err.splitlines()) == 1


def test_with_json_an_error_is_json_on_standard_error(tollhouse: Command):
    ended = tollhouse("users", "disable", "nobody", "--json")
    assert (ended.status, ended.out) == (1, "")
    assert '"code":"not_found"' in ended.err


def test_without_an_installation_nothing_is_made(command: Command, tmp_path):
    ended = command("users", "list", "--data", str(tmp_path / "none"))
    assert ended.status == 1
    assert "there is no data folder" in ended.err
    assert list(tmp_path.iterdir()) == []
