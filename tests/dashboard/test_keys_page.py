"""Users and their tokens in a browser: a token is shown once and works, and is over when it is revoked."""

from __future__ import annotations

import re
from typing import Any

from visits import Visit


def open_user(visit: Visit, name: str) -> Any:
    """The page of a user of that name, who is made."""
    visit.sign_in()
    page = visit.open("/keys")
    page.get_by_role("button", name="New user").click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Create").click()
    page.get_by_role("heading", name=name).wait_for()
    return page


def is_let_in(visit: Visit, token: str) -> bool:
    return visit.gateway.chat(token=token)[0] == 200


def test_a_token_is_shown_once_works_and_is_over_when_it_is_revoked(visit: Visit):
    page = open_user(visit, "Till")
    page.get_by_role("button", name="New token").click()
    page.get_by_label("Name").fill("web shop")
    page.get_by_role("button", name="Create").click()
    shown = page.get_by_role("dialog").get_by_text(re.compile("^th_live_")).inner_text()
    assert visit.faults() == []
    assert is_let_in(visit, shown)
    page.get_by_role("button", name="I have it").click()
    page.get_by_role("dialog").wait_for(state="detached")
    assert shown not in page.content()

    page.get_by_role("button", name="Revoke web shop").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    page.get_by_role("table", name="Tokens").get_by_text("revoked").wait_for()
    assert visit.faults() == []
    assert not is_let_in(visit, shown)


def test_limits_are_set_and_taken_away(visit: Visit):
    page = open_user(visit, "Lena")
    field = page.get_by_label("Tokens a minute")
    field.fill("100,000")
    page.get_by_role("button", name="Save").click()
    visit.open("/keys")
    row = page.get_by_role("row", name=re.compile("Lena"))
    assert "100,000 tokens/min" in row.inner_text()
    row.get_by_role("link").click()
    field.fill("")
    page.get_by_role("button", name="Save").click()
    visit.open("/keys")
    assert "tokens/min" not in row.inner_text()
