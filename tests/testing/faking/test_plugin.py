"""The plugin in a project of somebody else's: found by its entry point, quick, and hard on what nobody answers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PLUGINS = ("--disable-plugin-autoload", "-p", "tollhouse")
"""Ours, by the name of its entry point. Whatever else is installed here would take seconds to load."""


@pytest.fixture
def run_tests(tmp_path: Path, installed: str) -> Callable[..., str]:
    """Runs pytest over a test file, in a process where Tollhouse is installed as `pyproject.toml` says."""
    folder = tmp_path / "project"
    folder.mkdir()

    def run(text: str, *options: str, **environment: str) -> str:
        (folder / "test_it.py").write_text(text)
        (folder / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *PLUGINS, *options],
            cwd=folder,
            env=os.environ | environment | {"PYTHONPATH": installed},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr

    return run


def test_a_test_fails_when_its_application_swallows_what_nobody_answers(run_tests):
    told = run_tests(
        """
import contextlib, openai

def ask(fake):
    client = openai.OpenAI(base_url=fake.base_url, api_key="k", max_retries=0)
    with contextlib.suppress(openai.OpenAIError):
        return client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}])

def test_swallows(ai_fake):
    ai_fake.chat(contains="Bye").reply("Bye")
    ask(ai_fake)

def test_fails_by_itself(ai_fake):
    assert ask(ai_fake) is not None

def test_forgives(ai_fake):
    ask(ai_fake)
    ai_fake.forgive()

def test_is_answered(ai_fake, ai_environment):
    ai_fake.chat().reply("Hi")
    with openai.OpenAI() as client:
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}])
"""
    )
    assert "2 failed, 2 passed" in told
    assert "The nearest is chat(contains='Bye') at test_it.py:10" in told
    assert "ai_fake: request 0, POST /v1/chat/completions: no rule answers this" in told
    assert "ERROR" not in told


def test_the_plugin_imports_little_until_a_fixture_is_asked_for():
    code = "import sys, tollhouse.pytest_plugin; print(*sorted(n for n in sys.modules if n.startswith('tollhouse')))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.split() == ["tollhouse", "tollhouse.pytest_plugin"]


NETWORK = """
import contextlib, socket, pytest

def reach():
    with contextlib.suppress(Exception), socket.socket() as connecting:
        connecting.settimeout(0.01)
        connecting.connect(("192.0.2.1", 443))

@pytest.mark.no_network
def test_swallows():
    reach()

@pytest.mark.no_network(allow=["*"])
def test_is_allowed():
    reach()

def test_unmarked():
    reach()
"""


def test_a_test_fails_that_swallows_the_error_of_a_blocked_network(run_tests):
    told = run_tests(NETWORK)
    assert "1 failed, 2 passed" in told
    assert "NetworkBlocked: this test has no network, and would connect to 192.0.2.1" in told


def test_a_whole_run_may_be_without_a_network(run_tests):
    assert "2 failed, 1 passed" in run_tests(NETWORK, "--tollhouse-no-network")


def test_a_cassette_is_recorded_beside_its_test(run_tests, tmp_path: Path):
    text = """
import openai, os, pytest
from tollhouse.testing import WireProvider, answer

@pytest.fixture
def real(ai_fake, ai_cassette, request):
    with WireProvider.in_thread() as real:
        record = request.config.getoption("--tollhouse-record")
        ai_fake.cassette(ai_cassette, record=record, upstream=real.base_url)
        real.always(answer("recorded"))
        yield real

@pytest.mark.parametrize("how", ["a/b"])
def test_it(how, real, ai_environment):
    with openai.OpenAI() as client:
        told = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}])
    assert told.choices[0].message.content == "recorded"
    print("asked", real.asked, os.environ["OPENAI_API_KEY"])
"""
    key = "sk-real-0123456789abcdef"
    assert f"asked 1 {key}" in run_tests(text, "-s", "--tollhouse-record=new", OPENAI_API_KEY=key)
    assert "asked 0 sk-fake-" in run_tests(text, "-s", OPENAI_API_KEY=key)
    (tape,) = tmp_path.rglob("*.jsonl")
    assert tape.relative_to(tmp_path) == Path("project/cassettes/test_it/test_it-a-b.jsonl")
    assert key not in tape.read_text()


def test_a_failure_says_at_which_moment_tollhouse_died(run_tests):
    told = run_tests(
        """
from tollhouse.client import Generate

def test_is_impatient(ai_fake, crash_points):
    ai_fake.chat().reply("An ORM.").always()
    for tollhouse in crash_points():
        tollhouse.user.client.send(Generate("Hi", "openai/gpt-4o"))
"""
    )
    assert "1 failed" in told
    assert "tollhouse: it died before commit 1" in told
