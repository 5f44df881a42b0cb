"""Home in a browser: every number leads to what is behind it, and whoever is new is told what to do first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from as_admin import post
from command_line import started
from visits import Visit


@pytest.mark.parametrize(
    ("tile", "address"),
    [
        ("Requests", "**/requests?range=30d"),
        ("Failed", "**/requests?range=30d&outcome=*"),
        ("Cost", "**/spend**"),
        ("Fullest budget", "**/budgets**"),
        ("Jobs waiting", "**/jobs?status=queued**"),
        ("Jobs failed", "**/jobs?status=failed**"),
    ],
)
def test_a_tile_leads_to_what_is_behind_it(visit: Visit, tile: str, address: str):
    visit.sign_in()
    page = visit.open("/?range=30d")
    page.get_by_role("main").get_by_role("link").filter(has_text=tile).first.click()
    page.wait_for_url(address)


def test_the_fullest_budget_is_named_and_led_to(visit: Visit):
    user = post(visit.gateway, "/api/users", {"name": "Nearly done"})["id"]
    budget = {"owner": {"user": user}, "unit": "requests", "window": "total", "limit": 1}
    made = post(visit.gateway, "/api/budgets", budget)["id"]
    token = post(visit.gateway, f"/api/users/{user}/tokens", {"name": "only"})["token"]
    visit.gateway.chat("demo/echo", token=token)
    visit.sign_in()
    page = visit.open("/")
    tile = page.get_by_role("link").filter(has_text="Fullest budget")
    assert "100 %" in tile.inner_text()
    tile.click()
    page.wait_for_url(f"**/budgets?budget={made}")


def test_first_steps_are_shown_until_a_call_has_succeeded(browser: Any, tmp_path: Path):
    with started(tmp_path / "data") as gateway, browser.awake() as chromium:
        context = chromium.new_context()
        visit = Visit(context.new_page(), gateway)
        visit.sign_in()
        page = visit.open("/")
        steps = page.get_by_role("region", name="First steps").get_by_role("listitem")
        assert steps.filter(has_text="Make a first call: not yet").count() == 1
        assert visit.faults() == []
        gateway.chat("demo/echo")
        visit.open("/?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z")
        page.get_by_role("region", name="Needs attention").get_by_text("All is well").wait_for()
        assert page.get_by_role("region", name="First steps").count() == 0, "however long ago that was"
        context.close()
