"""Agents on the command line: how each is told where the gateway is, asked something, and heard."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

PATIENCE_S = 120.0
QUESTION = "Say hello to the visitors"

CODEX = """
model_provider = "tollhouse"
web_search = "disabled"

[model_providers.tollhouse]
name = "Tollhouse"
base_url = "{url}/v1"
env_key = "TOLLHOUSE_KEY"
wire_api = "responses"
"""


@dataclass(frozen=True)
class Agent:
    """One agent.

    Attributes:
        settle: writes what it reads in its home, and gives the environment that it wants.
        words: (model, question) -> what it is called with.
        heard: what it answered, in what it printed.
    """

    name: str
    program: str
    settle: Callable[[Path, str, str], Mapping[str, str]]
    words: Callable[[str, str], list[str]]
    heard: Callable[[str], str] = str

    def ask(self, folder: Path, home: Path, url: str, key: str, model: str) -> str | None:
        """Ask one question in a home of its own; why it went wrong, or None."""
        home.mkdir(parents=True)
        place = home / "project"
        place.mkdir()
        environ = {"HOME": str(home), "PATH": os.environ["PATH"], "TERM": "dumb"} | dict(self.settle(home, url, key))
        command = [str(folder / "node_modules" / ".bin" / self.program), *self.words(model, QUESTION)]
        try:
            ended = subprocess.run(
                command, cwd=place, env=environ, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_S
            )
            said, aside = ended.stdout.decode(errors="replace"), ended.stderr.decode(errors="replace")
            if ended.returncode == 0 and QUESTION in self.heard(said):
                return None
        except (OSError, subprocess.TimeoutExpired, ValueError, LookupError) as error:
            return f"{type(error).__name__}: {error}"
        return f"ended with {ended.returncode}: {(said + aside)[-400:]}"


def _settle_codex(home: Path, url: str, key: str) -> Mapping[str, str]:
    (home / ".codex").mkdir()
    (home / ".codex" / "config.toml").write_text(CODEX.format(url=url))
    return {"TOLLHOUSE_KEY": key}


def _settle_claude(home: Path, url: str, key: str) -> Mapping[str, str]:
    return {
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_AUTH_TOKEN": key,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }


def _settle_gemini(home: Path, url: str, key: str) -> Mapping[str, str]:
    (home / ".gemini").mkdir()
    chosen = {"security": {"auth": {"selectedType": "gemini-api-key"}}}
    (home / ".gemini" / "settings.json").write_text(json.dumps(chosen))
    return {"GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": key, "GEMINI_CLI_TRUST_WORKSPACE": "true"}


AGENTS = (
    Agent(
        name="Codex",
        program="codex",
        settle=_settle_codex,
        words=lambda model, question: ["exec", "--skip-git-repo-check", "-m", model, question],
    ),
    Agent(
        name="Claude Code",
        program="claude",
        settle=_settle_claude,
        words=lambda model, question: ["-p", question, "--model", model, "--output-format", "json"],
        heard=lambda said: str(json.loads(said)["result"]),
    ),
    Agent(
        name="Gemini CLI",
        program="gemini",
        settle=_settle_gemini,
        words=lambda model, question: ["-m", model, "-p", question],
    ),
)
