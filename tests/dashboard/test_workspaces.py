"""One workspace is chosen above all pages: whatever is listed is of it, wherever one goes, until all are again."""

from __future__ import annotations

import re

import pytest

from as_admin import post
from visits import Visit


@pytest.fixture
def lab(visit: Visit) -> str:
    """A workspace with one user, who has asked once."""
    made = post(visit.gateway, "/api/workspaces", {"name": "lab"})
    if "id" not in made:
        # Another test has made it.
        return "lab"
    ida = post(visit.gateway, "/api/users", {"name": "Ida", "workspace": "lab"})
    token = post(visit.gateway, f"/api/users/{ida['id']}/tokens", {"name": "laboratory"})["token"]
    assert visit.gateway.chat(token=token)[0] == 200
    return str(made["id"])


def test_what_is_listed_is_of_the_workspace_that_is_chosen(visit: Visit, lab: str):
    visit.sign_in()
    page = visit.open("/keys")
    page.get_by_role("button", name="Workspace: All workspaces").click()
    page.get_by_role("menuitemradio", name="lab").click()
    page.wait_for_url(f"**workspace={lab}*")
    users = page.get_by_role("table", name="Users")
    users.get_by_role("row").nth(2).wait_for(state="detached")
    assert [row.split()[0] for row in users.get_by_role("link").all_inner_texts()] == ["Ida"]
    assert page.get_by_role("table", name="Tokens of all").get_by_text("laboratory").is_visible()
    assert visit.faults() == []
    page.get_by_role("link", name="Requests", exact=True).click()
    page.get_by_role("table", name="Requests").wait_for()
    assert f"workspace={lab}" in page.url
    page.wait_for_load_state("networkidle")
    assert page.get_by_role("table", name="Requests").get_by_role("row").count() == 2
    page.get_by_role("button", name="Workspace: lab").click()
    page.get_by_role("menuitemradio", name="All workspaces").click()
    page.get_by_role("table", name="Requests").get_by_role("row").nth(5).wait_for()
    assert "workspace=" not in page.url


@pytest.mark.parametrize("visit", [{"viewport": {"width": 390, "height": 844}}], indirect=True)
def test_it_goes_along_on_a_telephone_too(visit: Visit, lab: str):
    visit.sign_in()
    page = visit.open("/jobs")
    page.get_by_role("button", name="Workspace: All workspaces").click()
    page.get_by_role("menuitemradio", name="lab").click()
    page.get_by_role("button", name="Workspace: lab").wait_for()
    assert visit.faults() == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_tokens_are_found_by_how_they_stand_and_lead_to_their_user(visit: Visit, lab: str):
    visit.sign_in()
    page = visit.open("/keys")
    page.get_by_role("button", name="State: All states").click()
    page.get_by_role("menuitemradio", name="revoked").click()
    page.wait_for_url("**state=revoked*")
    page.get_by_text("laboratory").wait_for(state="detached")
    visit.open("/keys?state=active")
    row = page.get_by_role("table", name="Tokens of all").get_by_role("row", name=re.compile("laboratory"))
    row.get_by_role("link", name="Ida").click()
    page.get_by_role("heading", name="Ida").wait_for()
    assert visit.faults() == []
