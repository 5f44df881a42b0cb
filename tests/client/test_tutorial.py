"""The tutorial that builds a chat application, followed literally: its server runs, and is used as its page uses it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from command_line import run, started
from talks import Told

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "tutorials" / "a-chat-application.md").read_text()
FILES = {
    name: block
    for block in re.findall(r"^```(?:python|html)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for name in re.findall(r"^(?:#|<!--) (chat\.\w+)", block)
}
COMMANDS = [
    line.split()[1:]
    for block in re.findall(r"^```console\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]


class Browser:
    """What the page does."""

    def __init__(self, http: httpx2.Client) -> None:
        self._http = http
        self.conversation = self._post("/conversations")["conversation"]

    def page(self) -> str:
        return self._http.get("/").text

    def ask(self, message: str) -> str:
        run_id: str = self._post(f"/conversations/{self.conversation}", message=message)["run"]
        return run_id

    def follow(self, run_id: str, *, last: str | None = None) -> Iterator[Told]:
        headers = {} if last is None else {"last-event-id": last}
        event: dict[str, str] = {}
        with self._http.stream("GET", f"/runs/{run_id}", headers=headers) as response:
            for line in response.iter_lines():
                name, _, value = line.partition(": ")
                if name:
                    event[name] = value
                    continue
                yield Told(event["event"], event["id"], json.loads(event["data"]))
                event = {}

    def _post(self, path: str, **said: Any) -> Any:
        response = self._http.post(path, json=said)
        assert response.status_code == 200, response.text
        return response.json()


@contextmanager
def serving(folder: Path, gateway_url: str, token: str, model: str = "demo/slow") -> Iterator[Browser]:
    """The application's own server, and somebody who has opened its page."""
    for name, text in FILES.items():
        (folder / name).write_text(text.replace("http://127.0.0.1:8787", gateway_url).replace("demo/slow", model))
    environ = os.environ | {"TOLLHOUSE_KEY": token, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "uvicorn", "chat:app", "--port", "0"]
    server = subprocess.Popen(command, cwd=folder, env=environ, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    with server:
        try:
            url = next(found.group() for line in server.stderr if (found := re.search(r"http://\S+", line)))
            with httpx2.Client(base_url=url, timeout=60) as http:
                yield Browser(http)
        finally:
            server.kill()


@pytest.mark.slow
def test_the_chat_of_the_tutorial_survives_what_the_tutorial_does_to_it(tmp_path: Path):
    assert set(FILES) == {"chat.py", "chat.html"}
    data = tmp_path / "data"
    with ExitStack() as stack:
        gateway = stack.enter_context(started(data))
        url, port = gateway.url, int(gateway.url.rpartition(":")[2])
        with serving(tmp_path, url, gateway.served["api_key"]) as browser:
            assert "EventSource" in browser.page()
            first = said(browser.follow(browser.ask("Where is the Forum?")))
            assert first.startswith("This answer takes its time")

            run_id = browser.ask("And the Colosseum?")
            for told in browser.follow(run_id):
                if told.name == "message.delta":
                    break
            gateway.stop(signal.SIGKILL)
            gateway.wait()
            stack.enter_context(started(data, port=port))
            events = [*browser.follow(run_id, last=told.id)]
            assert "run.reset" in [told.name for told in events]
            assert said(iter(events)) == first

        ended = {" ".join(words): run(*words, "--data", str(data)) for words in COMMANDS}
        assert {text: one.err for text, one in ended.items() if one.status != 0} == {}
        token = re.search(r"th_live_\w{47}", ended["tokens create ada --name chat"].out)
        assert token is not None
        with serving(tmp_path, url, token.group(), model="demo/echo") as ada:
            ends = [[*ada.follow(ada.ask("Hi"))][-1] for _ in range(6)]
            assert [told.name for told in ends] == ["run.succeeded"] * 5 + ["run.failed"]
            assert ends[-1].data["error"]["code"] == "insufficient_quota"


def said(events: Iterator[Told]) -> str:
    """What the page shows at the end."""
    text = ""
    for told in events:
        if told.name == "message.delta":
            text += told.data["text"]
        elif told.name == "run.reset":
            text = ""
        elif told.name == "run.succeeded":
            return text
    raise AssertionError(f"the run did not succeed: {text!r}")
