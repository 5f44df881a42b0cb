"""The built dashboard in a real browser, over a gateway with a month of synthetic traffic."""

from __future__ import annotations

import os
from collections.abc import Iterator
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


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # As root, which is what a container runs as, Chromium has no sandbox.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        running = playwright.chromium.launch(executable_path=browser_path(), args=arguments)
        yield running
        running.close()


@pytest.fixture
def visit(browser: Any, seeded: Gateway, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """A window of its own; parametrized indirectly by what `new_context` takes."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **getattr(request, "param", {})})
    visiting = Visit(context.new_page(), seeded)
    yield visiting
    context.close()
    assert visiting.complaints == []
