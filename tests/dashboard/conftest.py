"""The built dashboard in a real browser, over a gateway with a month of synthetic traffic."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from command_line import Gateway, run, started
from visits import Visit, browser_path, lacking

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say what is missing, once for all of them."""
    missing = lacking()
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.slow)
            if missing is not None:
                item.add_marker(pytest.mark.skip(reason=missing))


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with a month of traffic that never was, and a little that was."""
    with started(tmp_path_factory.mktemp("dashboard") / "data") as gateway:
        assert run("demo", "seed", "--a-day", "20", "--data", gateway.served["data"]).status == 0
        for model in ("demo/echo", "demo/flaky", "demo/nobody"):
            gateway.chat(model)
        yield gateway


class Browser:
    """A running Chromium, and the event loop of Playwright's that speaks to it.

    Between two calls that loop is suspended in the middle of running, and would be taken for one that runs in this
    thread: no other test could run its own here. So it counts as running only while a test uses the browser.
    """

    def __init__(self, chromium: Any) -> None:
        self.chromium = chromium
        self._loop = asyncio.get_running_loop()
        asyncio._set_running_loop(None)

    @contextmanager
    def awake(self) -> Iterator[Any]:
        asyncio._set_running_loop(self._loop)
        try:
            yield self.chromium
        finally:
            asyncio._set_running_loop(None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    playwright = sync_playwright().start()
    # As root, which is what a container runs as, Chromium has no sandbox.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    running = Browser(playwright.chromium.launch(executable_path=browser_path(), args=arguments))
    yield running
    with running.awake() as chromium:
        chromium.close()
        playwright.stop()


@pytest.fixture
def visit(browser: Browser, seeded: Gateway, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """A window of its own; parametrized indirectly by what `new_context` takes."""
    with browser.awake() as chromium:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **getattr(request, "param", {})})
        visiting = Visit(context.new_page(), seeded)
        yield visiting
        context.close()
    assert visiting.complaints == []
