"""Signing in and out, and what somebody sees who may not see all."""

from __future__ import annotations

from command_line import run
from visits import Visit


def link_for(visit: Visit) -> str:
    ended = run("login", "--data", visit.gateway.served["data"], "--url", visit.gateway.url)
    assert ended.status == 0
    return ended.out.strip()


def test_a_link_signs_in_once_and_leaves_the_address(visit: Visit):
    link = link_for(visit)
    visit.page.goto(link)
    visit.page.get_by_role("heading", name="Home").wait_for()
    assert visit.page.url == f"{visit.gateway.url}/ui/"
    visit.page.context.clear_cookies()
    visit.page.goto("about:blank")
    visit.page.goto(link)
    visit.page.get_by_label("Token").wait_for()
    assert "tollhouse login" in visit.page.get_by_role("alert").inner_text()


def test_a_token_is_taken_and_kept_nowhere(visit: Visit):
    page = visit.open("/requests")
    page.get_by_label("Token").fill(visit.gateway.served["admin_token"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Requests").wait_for()
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])")
    assert visit.gateway.served["admin_token"] not in kept


def test_a_wrong_token_is_told_so(visit: Visit):
    page = visit.open("/")
    page.get_by_label("Token").fill("th_live_wrong")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").wait_for()
    assert page.get_by_label("Token").is_visible()


def test_whoever_signs_out_is_out(visit: Visit):
    visit.sign_in()
    page = visit.open("/")
    page.get_by_role("button", name="Account").click()
    page.get_by_role("menuitem", name="Sign out").click()
    page.get_by_label("Token").wait_for()
    page.goto(f"{visit.gateway.url}/ui/audit")
    page.get_by_label("Token").wait_for()


def test_a_user_sees_what_is_their_own(visit: Visit):
    visit.sign_in(visit.gateway.served["api_key"])
    page = visit.open("/")
    menu = page.get_by_role("navigation", name="Pages")
    assert menu.get_by_role("link", name="Requests").is_visible()
    for title in ("Providers", "Settings", "Audit", "Models & routing"):
        assert menu.get_by_role("link", name=title).count() == 0
    visit.open("/requests")
    rows = page.get_by_role("table", name="Requests").get_by_role("row")
    assert {row.inner_text().count("demo/") for row in rows.all()[1:]} == {1}, "only what was asked with this key"
    assert page.get_by_role("columnheader", name="User").count() == 0
    assert visit.faults() == []
    visit.open("/providers")
    assert page.get_by_role("heading", name="Not here").is_visible()
