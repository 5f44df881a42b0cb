"""`tollhouse login`, and the link that `up` prints: what signs in to the dashboard, once."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from command_line import Gateway, started


def sign_in(gateway: Gateway, link: str) -> tuple[int, dict[str, object]]:
    """Do as the dashboard's page does with a link."""
    code = urlsplit(link).fragment.removeprefix("code=")
    with gateway.connected() as connection:
        connection.request("POST", "/api/session", json.dumps({"code": code}), {"content-type": "application/json"})
        response = connection.getresponse()
        return response.status, json.loads(response.read())


def test_the_link_that_up_prints_signs_in_once(gateway: Gateway):
    link = gateway.served["login_url"]
    assert link.startswith(f"{gateway.url}/ui/#code=")
    status, view = sign_in(gateway, link)
    assert (status, view["is_admin"], view["name"]) == (201, True, "admin")
    assert sign_in(gateway, link)[0] == 401


def test_login_prints_another_one_and_nothing_else(gateway: Gateway, tollhouse):
    ended = tollhouse("login")
    assert ended.status == 0
    assert ended.out.startswith("http://127.0.0.1:8787/ui/#code=")
    assert len(ended.out.splitlines()) == 1
    assert sign_in(gateway, ended.out.strip())[0] == 201


def test_login_is_for_whom_it_is_said_and_where(gateway: Gateway, tollhouse):
    ended = tollhouse("login", "--user", "default", "--url", "https://gate.example/", "--json").json
    assert ended["login_url"].startswith("https://gate.example/ui/#code=")
    status, view = sign_in(gateway, ended["login_url"])
    assert (status, view["is_admin"], view["name"]) == (201, False, "default")


def test_there_is_no_link_for_nobody(tollhouse):
    ended = tollhouse("login", "--user", "nobody")
    assert (ended.status, ended.out) == (1, "")
    assert "nobody" in ended.err


@pytest.mark.parametrize(("host", "shown"), [("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]")])
def test_a_link_leads_to_an_address_that_browsers_can_go_to(tollhouse, monkeypatch, host: str, shown: str):
    monkeypatch.setenv("TOLLHOUSE_HOST", host)
    assert tollhouse("login").out.startswith(f"http://{shown}:8787/ui/#")


def test_up_serves_without_a_link_where_no_token_manages_any_more(tmp_path: Path, command):
    data = tmp_path / "data"
    with started(data) as first:
        first.stop()
        assert first.wait() == 0
    manages = [
        token["id"]
        for token in command("tokens", "list", "--data", str(data), "--json").json["data"]
        if "admin:*" in token["scopes"]
    ]
    for token in manages:
        assert command("tokens", "revoke", token, "--data", str(data)).status == 0
    with started(data) as later:
        assert "login_url" not in later.served
        assert later.get("/ui/")[0] == 200
    refused = command("login", "--data", str(data))
    assert refused.status == 1
    assert "tollhouse tokens create admin --scope 'admin:*'" in refused.err
