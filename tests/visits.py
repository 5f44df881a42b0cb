"""A visit to the built dashboard in a real browser, and what is needed for one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from command_line import Gateway

ROOT = Path(__file__).parents[1]
BUILT = ROOT / "src" / "tollhouse" / "dashboard" / "index.html"
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def lacking() -> str | None:
    """What is not here that these tests need; None when all is."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "Playwright is not installed: it is in requirements-dev.lock"
    if browser_path() is None:
        return "there is no Chromium on this machine: on Debian and Ubuntu, apt install chromium"
    if not BUILT.is_file():
        return "the dashboard is not built: make ui"
    if not AXE.is_file():
        return "axe is not installed: make ui"
    return None


def browser_path() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)


class Visit:
    """A browser's window at the gateway, that fails for whatever the console complains of."""

    def __init__(self, page: Any, gateway: Gateway) -> None:
        self.page = page
        self.gateway = gateway
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._hear)

    def _hear(self, message: Any) -> None:
        # That nobody is signed in is asked and answered, and the browser writes it down.
        if message.type in ("error", "warning") and "401" not in message.text:
            self.complaints.append(message.text)

    def sign_in(self, token: str | None = None) -> None:
        """As a token's user, for this window's cookies; the admin's unless said."""
        token = token or self.gateway.served["admin_token"]
        answer = self.page.context.request.post(f"{self.gateway.url}/api/session", data={"token": token})
        assert answer.status == 201

    def open(self, path: str) -> Any:
        """Go to a page below /ui, and wait until it has all that it asked for."""
        self.page.goto(f"{self.gateway.url}/ui{path}")
        self.page.locator("h1").wait_for()
        self.page.wait_for_load_state("networkidle")
        return self.page

    def faults(self) -> list[str]:
        """What axe finds that somebody could not use."""
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("axe.run({ resultTypes: ['violations'] })")
        return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found["violations"]]


def newest_request(gateway: Gateway) -> str:
    """The id of the last request in the log."""
    with gateway.connected() as connection:
        head = {"authorization": f"Bearer {gateway.served['admin_token']}"}
        connection.request("GET", "/api/requests?limit=1", headers=head)
        return str(json.loads(connection.getresponse().read())["data"][0]["id"])
