"""Providers in a browser: one is paused, passed over, and resumed."""

from __future__ import annotations

import json
import re

from visits import Visit


def test_a_provider_is_paused_which_callers_and_home_are_told_and_resumed(visit: Visit):
    visit.sign_in()
    page = visit.open("/providers")
    page.get_by_role("button", name="Change demo").click()
    page.get_by_role("menuitem", name="Pause").click()
    page.get_by_label("Why, if you like").fill("Repairs")
    assert visit.faults() == []
    page.get_by_role("dialog").get_by_role("button", name="Pause").click()
    row = page.get_by_role("row", name=re.compile("^demo"))
    row.get_by_text("Repairs").wait_for()
    assert visit.faults() == []
    status, answer = visit.gateway.chat("demo/echo")
    assert (status, json.loads(answer)["error"]["code"]) == (503, "provider_paused")
    visit.open("/")
    page.get_by_role("link", name="demo is paused: Repairs").click()
    page.get_by_role("button", name="Change demo").click()
    page.get_by_role("menuitem", name="Resume").click()
    row.get_by_text("paused", exact=True).wait_for(state="detached")
    assert visit.gateway.chat("demo/echo")[0] == 200
