"""`tollhouse up`: what the first run makes and says, and what the next ones do not."""

from __future__ import annotations

import http.client
import json
import shlex
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

import pytest

from command_line import ENVIRONMENT, Gateway, run, started


def test_the_first_run_tells_programs_all_they_need(gateway: Gateway):
    served = gateway.served
    assert set(served) == {"url", "base_url", "api_key", "admin_token", "data", "pid", "login_url"}
    assert (served["base_url"], served["pid"]) == (f"{gateway.url}/v1", gateway.process.pid)
    assert urlsplit(gateway.url).port != 0


def test_what_it_makes_is_for_its_owner_only(gateway: Gateway):
    data = Path(gateway.served["data"])
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert stat.S_IMODE((data / "master.key").stat().st_mode) == 0o600


def test_the_key_calls_the_demo_at_once(gateway: Gateway):
    status, body = gateway.chat()
    assert (status, json.loads(body)["choices"][0]["message"]["content"]) == (200, "Hello")


def test_the_key_streams_from_the_demo_at_once(gateway: Gateway):
    status, body = gateway.chat(stream=True)
    assert status == 200
    assert body.endswith(b"data: [DONE]\n\n")


def test_the_key_has_no_limit_and_no_budget(gateway: Gateway, tollhouse):
    users = {user["name"]: user for user in tollhouse("users", "list", "--json").json["data"]}
    assert {"admin", "default"} <= set(users)
    assert set(users["default"]["limits"].values()) == {None}
    assert tollhouse("budgets", "list", "--user", "default", "--json").json["data"] == []


def test_only_the_admin_token_manages(gateway: Gateway, tollhouse):
    scopes = {token["prefix"]: token["scopes"] for token in tollhouse("tokens", "list", "--json").json["data"]}
    assert "admin:*" in scopes[gateway.served["admin_token"][:16]]
    assert "admin:*" not in scopes[gateway.served["api_key"][:16]]


def test_a_second_run_keeps_the_keys_and_shows_no_secret_again(tmp_path: Path):
    with started(tmp_path / "data") as first:
        first.stop()
        assert first.wait() == 0
    for verb, more in (("up", {"login_url"}), ("serve", set())):
        with started(tmp_path / "data", verb=verb) as later:
            assert set(later.served) == {"url", "base_url", "data", "pid"} | more
            assert later.chat(token=first.served["api_key"])[0] == 200
            later.stop()
            assert later.wait() == 0


def test_serve_makes_nothing(tmp_path: Path, command):
    ended = command("serve", "--port", "0", "--data", str(tmp_path / "data"))
    assert ended.status == 1
    assert "tollhouse up" in ended.err
    assert list(tmp_path.iterdir()) == []


def test_serve_would_have_the_key_lie_elsewhere(tmp_path: Path):
    data, elsewhere = tmp_path / "data", tmp_path / "master.key"
    with started(data):
        pass
    with started(data, verb="serve") as beside:
        pass
    assert "the master key lies beside the database" in beside.log()
    (data / "master.key").rename(elsewhere)
    with started(data, verb="serve", env={"TOLLHOUSE_MASTER_KEY": f"file:{elsewhere}"}) as apart:
        pass
    assert "master key" not in apart.log()


def test_who_listens_everywhere_is_found_here(tmp_path: Path):
    with started(tmp_path / "data", env={"TOLLHOUSE_HOST": "0.0.0.0"}) as gateway:
        assert urlsplit(gateway.url).hostname == "127.0.0.1"
        assert gateway.chat()[0] == 200
    assert "other machines can reach 0.0.0.0" in gateway.log()


def test_tokens_that_nobody_saw_are_made_anew(tmp_path: Path):
    with started(tmp_path / "data") as killed:
        killed.process.kill()
        killed.wait()
    with sqlite3.connect(tmp_path / "data" / "tollhouse.db") as database:
        # As if it had been killed between writing and showing them.
        database.execute("""UPDATE fact SET value = replace(value, '"is_shown":true', '"is_shown":false')""")
    database.close()
    with started(tmp_path / "data") as gateway:
        assert gateway.chat()[0] == 200
        assert gateway.chat(token=killed.served["api_key"])[0] == 401


def test_people_get_a_curl_that_works_and_keys_at_hand_are_taken_up(tmp_path: Path, command):
    data, secret = str(tmp_path / "data"), "sk-somebodys-own-key"
    process = subprocess.Popen(
        [sys.executable, "-m", "tollhouse", "up", "--port", "0", "--data", data],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**ENVIRONMENT, "OPENAI_API_KEY": secret},
    )
    with process:
        try:
            assert process.stdout is not None
            page = told(process.stdout)
            status = follow(page[page.index("curl ") :])
            credential = command("credentials", "list", "--data", data, "--json").json["data"][0]
        finally:
            process.terminate()
    assert status == 200
    assert "openai from OPENAI_API_KEY" in page
    assert f"Back up {data}/master.key, apart from the data" in page
    assert process.returncode == 0
    assert (credential["provider"], credential["reference"]) == ("openai", "env:OPENAI_API_KEY")
    assert secret not in page
    assert not [file for file in Path(data).iterdir() if secret.encode() in file.read_bytes()]


def told(out: TextIO) -> str:
    """The page, to the last line of the curl in it."""
    lines = []
    for line in out:
        lines.append(line)
        if line.lstrip().startswith("-d "):
            break
    return "".join(lines)


def follow(curl: str) -> int:
    """Do as a curl command says; gives the status of the answer."""
    url, *options = shlex.split(curl.replace("\\\n", " "))[1:]
    told = list(zip(options[::2], options[1::2], strict=True))
    headers = dict(value.split(": ", 1) for flag, value in told if flag == "-H")
    body = next(value for flag, value in told if flag == "-d")
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
    connection.request("POST", place.path, body, headers)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status


def test_it_serves_over_postgresql_as_well(tmp_path: Path, postgres_url: str, command, monkeypatch):
    data = str(tmp_path / "data")
    monkeypatch.setenv("TOLLHOUSE_DATABASE_URL", postgres_url)
    with started(Path(data), env={"TOLLHOUSE_DATABASE_URL": postgres_url}) as gateway:
        assert gateway.chat()[0] == 200
        assert command("budgets", "set", "5", "--user", "default", "--data", data).status == 0
        assert command("verify", "--data", data).status == 0
        doctor = command("doctor", "--data", data)
        gateway.stop()
        assert gateway.wait() == 0
    assert doctor.status == 0
    assert "PostgreSQL" in doctor.out


def test_a_taken_port_is_one_clear_line(gateway: Gateway, tmp_path: Path):
    port = str(urlsplit(gateway.url).port)
    ended = run("up", "--port", port, "--data", str(tmp_path / "data"))
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.splitlines()[-1].startswith(f"tollhouse: port {port} on 127.0.0.1 is taken")
    assert "Traceback" not in ended.err


def test_a_data_folder_is_served_once(gateway: Gateway):
    ended = run("up", "--port", "0", "--data", gateway.served["data"])
    assert ended.status == 1
    assert "another Tollhouse is already serving" in ended.err


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda data: (data / "master.key").chmod(0o644), "can be read by others (mode 0644)"),
        (lambda data: (data / "master.key").unlink(), "There is no master key"),
        (lambda data: (data / "master.key").write_text("{}"), "is damaged"),
        (lambda data: data.chmod(0o755), "may be read by others"),
    ],
    ids=["readable key", "missing key", "damaged key", "readable folder"],
)
def test_what_could_give_secrets_away_or_lose_them_stops_the_start(installed: Path, command, spoil, message):
    spoil(installed)
    ended = command("up", "--port", "0", "--data", str(installed))
    assert ended.status == 1
    assert message in ended.err
    assert "Traceback" not in ended.err


def test_the_key_of_another_database_stops_the_start(installed: Path, tmp_path: Path, command):
    command("migrate", "--create-key", "--data", str(tmp_path / "other"))
    (tmp_path / "other" / "master.key").replace(installed / "master.key")
    ended = command("up", "--port", "0", "--data", str(installed))
    assert ended.status == 1
    assert "is not the one of this database" in ended.err


@pytest.mark.parametrize(
    "arguments",
    [("up", "--colour"), ("up", "--port", "70000"), ("fly",), ("users", "create"), ("budgets", "set", "5")],
    ids=" ".join,
)
def test_wrong_use_is_exit_status_2(command, tmp_path: Path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    ended = command(*arguments)
    assert ended.status == 2
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def installed(tmp_path: Path, command) -> Path:
    """The data folder of an installation that does not run."""
    data = tmp_path / "data"
    assert command("migrate", "--create-key", "--data", str(data)).status == 0
    return data
