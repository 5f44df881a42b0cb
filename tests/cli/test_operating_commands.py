"""doctor, config, migrate, fake-provider and help."""

from __future__ import annotations

import http.client
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from command_line import ENVIRONMENT, Ended, Gateway
from redises import RedisServer
from tollhouse import __version__

Command = Callable[..., Ended]


def test_the_doctor_finds_a_running_gateway_in_order(gateway: Gateway, tollhouse: Command):
    ended = tollhouse("doctor", "--json")
    assert ended.status == 0
    found = {finding["subject"]: finding for finding in ended.json}
    assert {finding["level"] for finding in found.values()} == {"ok"}
    assert f"process {gateway.process.pid}" in found["port"]["message"]
    assert "SQLite" in found["database"]["message"]


def test_the_doctor_names_a_problem_and_what_to_do(command: Command, tmp_path: Path):
    data = tmp_path / "data"
    command("migrate", "--create-key", "--data", str(data))
    (data / "master.key").chmod(0o644)
    ended = command("doctor", "--data", str(data))
    assert ended.status == 1
    assert "PROBLEM  start: The master key file" in ended.out
    assert "chmod 600" in ended.out


def test_the_doctor_knows_a_folder_that_is_not_there(command: Command, tmp_path: Path):
    ended = command("doctor", "--data", str(tmp_path / "none"))
    assert ended.status == 1
    assert "tollhouse up" in ended.out


def test_the_doctor_sees_a_reference_that_leads_nowhere(command: Command, tmp_path: Path, monkeypatch):
    data = str(tmp_path / "data")
    command("migrate", "--create-key", "--data", data)
    command("users", "create", "ada", "--data", data)
    monkeypatch.setenv("A_VARIABLE", "sk-something-long")
    assert command("credentials", "add", "ada", "openai", "--env", "A_VARIABLE", "--data", data).status == 0
    monkeypatch.delenv("A_VARIABLE")
    ended = command("doctor", "--data", data)
    assert ended.status == 1
    assert "A_VARIABLE" in ended.out


def test_the_doctor_says_when_a_collector_is_named_and_its_libraries_are_missing(
    command: Command, tmp_path: Path, monkeypatch
):
    data = str(tmp_path / "data")
    command("migrate", "--create-key", "--data", data)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    assert "tollhouse[otel]" not in command("doctor", "--data", data).out
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http", None)
    ended = command("doctor", "--data", data)
    assert ended.status == 0
    assert "warning  settings: traces are sent nowhere" in ended.out
    assert "pip install 'tollhouse[otel]'" in ended.out
    assert "tollhouse[otel]" in command("config", "check", "--data", data).out


def test_the_doctor_looks_at_redis_and_the_gateway_goes_on_without(
    command: Command, tmp_path: Path, redis_server: RedisServer
):
    data, file = str(tmp_path / "data"), tmp_path / "tollhouse.toml"
    file.write_text(f'redis_url = "redis://:canary@127.0.0.1:{redis_server.port}/1"\n')
    command("migrate", "--create-key", "--data", data)
    asking = ("doctor", "--data", data, "--config", str(file))
    ended = command(*asking)
    assert "warning  redis: Redis does not let us in: look at the user, the password" in ended.out
    file.write_text(f'redis_url = "{redis_server.url}"\n')
    ended = command(*asking, "--json")
    (found,) = [finding for finding in ended.json if finding["subject"] == "redis"]
    assert found["level"] == "ok"
    assert f"127.0.0.1:{redis_server.port} answers within" in found["message"]
    assert command("cache", "stats", "--data", data, "--config", str(file), "--json").json["entries"] == 0
    redis_server.stop()
    ended = command(*asking)
    assert ended.status == 0
    assert "warning  redis: Redis cannot be reached" in ended.out
    assert "limits are agreed upon through the database" in ended.out
    assert "canary" not in ended.out + ended.err
    ended = command("cache", "stats", "--data", data, "--config", str(file))
    assert ended.status == 1
    assert "Redis cannot be reached" in ended.err
    ended = command("users", "list", "--data", data, "--config", str(file))
    assert (ended.status, ended.err) == (0, "")


def test_redis_without_its_library_is_no_start(command: Command, tmp_path: Path, monkeypatch):
    data = str(tmp_path / "data")
    command("migrate", "--create-key", "--data", data)
    monkeypatch.setenv("TOLLHOUSE_REDIS_URL", "redis://localhost")
    monkeypatch.setitem(sys.modules, "hiredis", None)
    ended = command("users", "list", "--data", data)
    assert ended.status == 1
    assert "pip install 'tollhouse[redis]'" in ended.err


def test_every_setting_is_shown_with_its_place(command: Command, tmp_path: Path, monkeypatch):
    (tmp_path / "tollhouse.toml").write_text('[log]\nlevel = "debug"\n')
    monkeypatch.setenv("TOLLHOUSE_PORT", "9999")
    file = str(tmp_path / "tollhouse.toml")
    shown = {one["key"]: one for one in command("config", "show", "--config", file, "--json").json}
    assert (shown["log.level"]["value"], shown["log.level"]["origin"]) == ("debug", f"file {file}")
    assert shown["port"]["origin"] == "environment TOLLHOUSE_PORT"
    assert (shown["attempts"]["value"], shown["attempts"]["origin"]) == (3, "default")
    assert (shown["development"]["value"], shown["config"]["value"]) == (False, file)
    assert (shown["database_url"]["value"], shown["trusted_proxies"]["value"]) == (None, [])
    words = {line.split()[0]: line.split()[1:] for line in command("config", "show").out.splitlines()}
    assert (words["development"], words["database_url"], words["trusted_proxies"]) == (["false"], ["none"], [])
    assert "environment TOLLHOUSE_PORT" in command("config", "show", "--origin", "--config", file).out


def test_a_setting_is_changed_and_shown_with_its_place_and_taken_back(command: Command, tmp_path: Path) -> None:
    data, file = str(tmp_path / "data"), tmp_path / "tollhouse.toml"
    file.write_text("attempts = 5\n")
    place = ("--data", data, "--config", str(file))
    command("migrate", "--create-key", *place)

    def shown(name: str) -> tuple[object, str]:
        found = {one["key"]: one for one in command("config", "show", *place, "--json").json}
        return found[name]["value"], found[name]["origin"]

    changed = command("config", "set", "requests.max_age_days", "30", *place)
    assert "when it is tidied next" in changed.out
    assert shown("requests.max_age_days") == (30, "database")
    assert "database" in command("config", "show", "--origin", *place).out
    assert command("config", "set", "requests.max_age_days", "none", *place).status == 0
    assert shown("requests.max_age_days") == (None, "database")
    assert command("config", "set", "guards.input.deny", "Tulip, Rose", *place, "--json").json["value"] == [
        "Tulip",
        "Rose",
    ]
    assert command("config", "unset", "requests.max_age_days", *place).status == 0
    assert shown("requests.max_age_days") == (90, "default")
    facts = [deed["facts"] for deed in command("audit", "list", *place, "--json").json["data"]]
    assert {"before": None, "after": 90} in facts


def test_a_setting_that_stands_elsewhere_is_not_changed_from_here(command: Command, tmp_path: Path) -> None:
    data, file = str(tmp_path / "data"), tmp_path / "tollhouse.toml"
    file.write_text("attempts = 5\n")
    place = ("--data", data, "--config", str(file))
    command("migrate", "--create-key", *place)
    for name, why in (
        ("attempts", f"This is set in: file {file}"),
        ("port", "not changed while we run"),
        ("x", "no such"),
    ):
        ended = command("config", "set", name, "2", *place)
        assert ended.status == 2
        assert f"{name}: " in ended.err
        assert why in ended.err
    assert command("config", "unset", "attempts", *place).status == 1


def test_what_was_set_and_cannot_be_used_any_more_is_named_and_can_be_taken_back(
    command: Command, tmp_path: Path
) -> None:
    data, file = str(tmp_path / "data"), tmp_path / "tollhouse.toml"
    file.write_text('[alerts.smtp]\nhost = "mail.example.com"\nsender = "tollhouse@example.com"\n')
    place = ("--data", data, "--config", str(file))
    command("migrate", "--create-key", *place)
    assert command("config", "set", "alerts.email_to", "ops@example.com", *place).status == 0
    file.write_text("")
    for ended in (command("serve", "--port", "0", *place), command("work", *place)):
        assert ended.status == 2
        assert "email_to needs smtp.host" in ended.err
        assert "tollhouse config unset" in ended.err
    assert "email_to needs smtp.host" in command("config", "show", *place).err
    assert command("config", "unset", "alerts.email_to", *place).status == 0
    assert command("config", "show", *place).err == ""


def test_settings_are_shown_when_their_database_cannot_be_read(command: Command, tmp_path: Path) -> None:
    data = tmp_path / "data"
    command("migrate", "--create-key", "--data", str(data))
    with closing(sqlite3.connect(data / "tollhouse.db", isolation_level=None)) as database:
        database.execute("UPDATE alembic_version SET version_num = '0001'")
    ended = command("config", "show", "--data", str(data))
    assert ended.status == 0
    assert "attempts" in ended.out
    assert "what is set in the database is not shown" in ended.err


def test_settings_that_cannot_be_used_are_all_named(command: Command, tmp_path: Path):
    file = tmp_path / "tollhouse.toml"
    file.write_text('prot = 1\n[timeouts]\nconnect_s = "soon"\n')
    ended = command("config", "check", "--config", str(file))
    assert ended.status == 1
    assert "did you mean port?" in ended.out
    assert "timeouts.connect_s" in ended.out
    assert command("users", "list", "--config", str(file)).status == 2
    file.write_text("port = 8000\n")
    assert command("config", "check", "--config", str(file)).status == 0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[providers.acme]\nshare = true", "providers.acme.dialect: missing; one of anthropic_messages, "),
        ("[providers.acme]\ndialect = 'foo'", "providers.acme.dialect: 'foo' is not one of anthropic_messages, "),
        ("[providers.acme]\ndialect = 'gemini'", "providers.acme.base_url: missing"),
        (
            "[providers.acme]\ndialect = 'gemini'\nbase_url = 'https://10.0.0.1/v1'",
            "providers.acme.base_url: The base URL must not point to a private, local or reserved address.",
        ),
        ("[routes.smart]\ncandidates = ['nope/x']", "routes.smart.candidates: there is no provider nope"),
        (
            "[routes.vectors]\ncandidates = ['openai/text-embedding-3-small', 'mistral/mistral-embed']",
            "routes.vectors.candidates: `openai/text-embedding-3-small` and `mistral/mistral-embed` are different",
        ),
        ("[routes.smart]\ncandidates = ['demo/x']", "routes.smart.candidates: demo lists no model x"),
        ("egress_proxy = 'ftp://x'", "egress_proxy: must be http://host:port"),
        ("redis_url = 'http://x'", "redis_url: must be redis://…"),
        ("redis_url = 'redis://x/y'", "redis_url must name its database by a number"),
        ("[cache]\nstore = 'redis'", "cache.store: redis needs redis_url"),
    ],
)
def test_what_could_not_be_started_is_a_problem_and_not_a_traceback(
    command: Command, tmp_path: Path, text: str, problem: str
):
    data, file = str(tmp_path / "data"), tmp_path / "tollhouse.toml"
    command("migrate", "--create-key", "--data", data)
    file.write_text(text)
    ended = command("config", "check", "--config", str(file), "--json")
    assert ended.status == 1
    (told,) = ended.json["problems"]
    assert told.startswith(problem)
    for refused in (("users", "list"), ("up", "--port", "0")):
        ended = command(*refused, "--data", data, "--config", str(file))
        assert ended.status == 2
        assert ended.err.splitlines()[-1].startswith(f"tollhouse: {problem}")
    assert command("doctor", "--data", data, "--config", str(file)).status in (1, 2)


def test_the_schema_of_the_file_is_json(command: Command):
    assert "providers" in command("config", "schema").json["properties"]


def test_a_database_is_migrated_and_says_what_it_is(command: Command, tmp_path: Path):
    ended = command("migrate", "--create-key", "--data", str(tmp_path / "data"), "--json")
    assert ended.status == 0
    assert ended.json["database"].startswith("SQLite 3.")


def test_the_fake_provider_answers_on_the_port_that_it_prints():
    process = subprocess.Popen(
        [sys.executable, "-m", "tollhouse", "fake-provider", "--text", "All is well."],
        stdout=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )
    with process:
        try:
            assert process.stdout is not None
            connection = http.client.HTTPConnection("127.0.0.1", int(process.stdout.readline()), timeout=30)
            body = json.dumps({"model": "any", "messages": [{"role": "user", "content": "?"}]})
            connection.request("POST", "/v1/chat/completions", body, {"content-type": "application/json"})
            answer = json.loads(connection.getresponse().read())
            connection.close()
        finally:
            process.kill()
    assert answer["choices"][0]["message"]["content"] == "All is well."


def test_the_fake_provider_answers_by_the_rules_of_a_file(tmp_path: Path):
    (tmp_path / "rules.toml").write_text('[[chat]]\nmodel = "gpt-*"\nreply = "It pours."\n')
    process = subprocess.Popen(
        [sys.executable, "-m", "tollhouse", "fake-provider", "--rules", str(tmp_path / "rules.toml")],
        stdout=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )
    with process:
        try:
            assert process.stdout is not None
            connection = http.client.HTTPConnection("127.0.0.1", int(process.stdout.readline()), timeout=30)
            statuses = []
            for model in ("gpt-4o", "gpt-4o", "claude"):
                body = json.dumps({"model": model, "messages": [{"role": "user", "content": "?"}]})
                connection.request("POST", "/v1/chat/completions", body, {"content-type": "application/json"})
                answer = connection.getresponse()
                statuses.append((answer.status, b"It pours." in answer.read()))
            connection.close()
        finally:
            process.kill()
    assert statuses == [(200, True), (200, True), (400, False)]


def test_the_fake_provider_says_what_is_wrong_with_its_rules(command: Command, tmp_path: Path):
    (tmp_path / "rules.toml").write_text('[[chat]]\nmodle = "gpt-*"\n')
    ended = command("fake-provider", "--rules", str(tmp_path / "rules.toml"))
    assert ended.status == 2
    assert "unknown field `modle`" in ended.err


@pytest.mark.parametrize("arguments", [("--help",), ("credentials", "add", "--help"), ("budgets", "set", "--help")])
def test_help_shows_how(command: Command, arguments: tuple[str, ...]):
    ended = command(*arguments)
    assert ended.status == 0
    assert "Usage: tollhouse" in ended.out
    assert "\x1b" not in ended.out


def test_the_version_is_told(command: Command):
    assert command("--version").out == f"tollhouse {__version__}\n"


def test_help_does_not_import_the_house():
    code = "import sys, tollhouse.cli; sys.exit(bool({'sqlalchemy', 'pydantic', 'uvicorn'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], env=os.environ, check=False).returncode == 0
