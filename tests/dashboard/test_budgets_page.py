"""Budgets in a browser: set, seen as they are used, changed and removed."""

from __future__ import annotations

import re

from visits import Visit


def test_a_budget_is_set_used_changed_and_removed(visit: Visit):
    visit.sign_in()
    page = visit.open("/budgets")
    page.get_by_role("button", name="New budget").click()
    page.get_by_label("Whose").select_option(label="admin")
    page.get_by_label("As much as").fill("10")
    page.get_by_label("Of", exact=True).select_option(label="Requests")
    page.get_by_label("In", exact=True).select_option(label="In all")
    assert visit.faults() == []
    page.get_by_role("button", name="Set", exact=True).click()
    row = page.get_by_role("listitem").filter(has_text="requests in all")
    row.get_by_text("0 spent").wait_for()

    visit.gateway.chat(token=visit.gateway.served["admin_token"])
    visit.open("/budgets")
    assert "10 % of 10 requests" in row.inner_text()
    assert "9 left" in row.inner_text()

    row.get_by_role("button", name="Change the budget of admin").click()
    page.get_by_role("menuitem", name="Change", exact=True).click()
    page.get_by_label(re.compile("^Limit")).fill("1")
    page.get_by_role("button", name="Change", exact=True).click()
    row.get_by_text("used up, calls are refused").wait_for()
    assert visit.faults() == []

    row.get_by_role("button", name="Change the budget of admin").click()
    page.get_by_role("menuitem", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    row.wait_for(state="detached")


def test_an_endpoints_secret_is_shown_once(visit: Visit):
    visit.sign_in()
    page = visit.open("/budgets")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_label("Address").fill("https://hooks.example.com/tollhouse")
    page.get_by_role("dialog").get_by_role("button", name="Add").click()
    secret = page.get_by_role("dialog").get_by_text(re.compile("^whsec_")).inner_text()
    page.get_by_role("button", name="I have it").click()
    page.get_by_role("table", name="Endpoints").wait_for()
    assert secret not in page.content()
    assert visit.faults() == []
