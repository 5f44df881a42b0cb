"""credentials and rotate-key: secrets go in by safe ways and never come out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from command_line import Ended

Command = Callable[..., Ended]

KEY = "sk-a-key-that-is-nobodys-1234"


@pytest.fixture
def here(tmp_path: Path, command: Command) -> Command:
    """Commands over an installation that does not run, with a user."""
    data = str(tmp_path / "data")
    file = tmp_path / "tollhouse.toml"
    file.write_text(
        '[providers.acme]\ndialect = "openai_chat"\nbase_url = "http://127.0.0.1:9/v1"\nallow_private_address = true\n'
    )

    def run_here(*arguments: str, **options: str) -> Ended:
        return command(*arguments, "--data", data, "--config", str(file), **options)

    assert run_here("migrate", "--create-key").status == 0
    assert run_here("users", "create", "ada").status == 0
    return run_here


def test_a_key_is_read_from_standard_input_and_not_shown_again(here: Command, tmp_path: Path):
    added = here("credentials", "add", "ada", "openai", "--api-key", "-", "--label", "mine", stdin=f"{KEY}\n")
    assert (added.status, added.err) == (0, "")
    listed = here("credentials", "list", "--user", "ada", "--json")
    assert listed.json["data"][0]["last4"] == "1234"
    assert KEY not in added.out + listed.out
    assert not [file for file in (tmp_path / "data").iterdir() if KEY.encode() in file.read_bytes()]


def test_a_key_on_the_command_line_is_taken_with_a_warning(here: Command):
    added = here("credentials", "add", "ada", "openai", "--api-key", KEY)
    assert added.status == 0
    assert "shell's history" in added.err
    assert KEY not in added.out + added.err


def test_without_a_key_or_a_terminal_it_says_how_to_give_one(here: Command):
    ended = here("credentials", "add", "ada", "openai")
    assert ended.status == 2
    assert "--api-key -" in ended.err


def test_a_reference_keeps_no_secret(here: Command, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("A_VARIABLE", KEY)
    refer = ("credentials", "add", "ada", "openai", "--env")
    added = here(*refer, "A_VARIABLE", "--field", "organization=org-1", "--json")
    assert added.json["reference"] == "env:A_VARIABLE"
    assert added.json["fields"] == {"organization": "org-1"}
    assert added.err == ""


def test_a_reference_may_lead_to_what_only_the_gateway_has(here: Command):
    added = here("credentials", "add", "ada", "openai", "--env", "NO_SUCH_VARIABLE")
    assert added.status == 0
    assert "nothing at env:NO_SUCH_VARIABLE" in added.err
    assert here("credentials", "add", "ada", "openai", "--env", "").status == 2


def test_a_rotated_key_leaves_the_old_one_as_a_fallback_until_it_is_removed(here: Command):
    old = here("credentials", "add", "ada", "openai", "--api-key", "-", "--json", stdin=KEY).json
    new = here("credentials", "rotate", old["id"], "--api-key", "-", "--json", stdin="sk-another-key-5678").json
    roles = {one["id"]: one["role"] for one in here("credentials", "list", "--json").json["data"]}
    assert roles == {old["id"]: "fallback", new["id"]: "primary"}
    assert here("credentials", "remove", old["id"]).status == 0
    assert here("credentials", "remove", old["id"]).status == 1


def test_a_good_key_verifies(here: Command):
    credential = here("credentials", "add", "ada", "demo", "--api-key", "-", "--json", stdin=KEY).json
    verified = here("credentials", "verify", credential["id"], "--json")
    assert verified.status == 0
    assert verified.json["verified_at"] is not None


def test_a_provider_that_cannot_be_asked_is_exit_status_1(here: Command):
    credential = here("credentials", "add", "ada", "acme", "--api-key", "-", "--json", stdin=KEY).json
    ended = here("credentials", "verify", credential["id"])
    assert ended.status == 1
    assert ended.err.startswith("tollhouse: ")
    assert KEY not in ended.out + ended.err


def test_after_a_new_master_key_credentials_still_open(here: Command):
    credential = here("credentials", "add", "ada", "demo", "--api-key", "-", "--json", stdin=KEY).json
    rotated = here("rotate-key", "--json")
    assert (rotated.status, rotated.json["rewrapped"], rotated.json["left"]) == (0, 1, {})
    assert here("credentials", "verify", credential["id"]).status == 0


def test_an_unknown_provider_is_wrong_use_and_near_ones_are_named(here: Command):
    ended = here("credentials", "add", "ada", "opnai", "--api-key", "-", stdin=KEY)
    assert ended.status == 2
    assert "openai" in ended.err
