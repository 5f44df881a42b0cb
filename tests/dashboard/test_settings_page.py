"""Changing a setting in a browser: by the gateway's rules, in its words, and written in the audit log."""

from __future__ import annotations

from visits import Visit

NAME = "requests.max_age_days"


def test_a_setting_is_changed_and_taken_back(visit: Visit):
    visit.sign_in()
    page = visit.open("/settings?q=max_age_days")
    row = page.get_by_role("listitem").filter(has_text=NAME)
    row.get_by_role("button", name=f"Change {NAME}").click()
    page.get_by_label("Value, or none").fill("30")
    page.get_by_role("button", name="Set", exact=True).click()
    row.get_by_text("set here").wait_for()
    assert row.get_by_text("30", exact=True).is_visible()

    visit.open("/audit?kind=setting")
    assert page.get_by_role("row").filter(has_text="setting set").filter(has_text="90 → 30").count() == 1

    visit.open("/settings?q=max_age_days")
    row.get_by_role("button", name=f"Change {NAME}").click()
    page.get_by_role("button", name="Back to 90").click()
    row.get_by_text("as it comes").wait_for()


def test_what_cannot_be_is_refused_in_the_gateways_words(visit: Visit):
    visit.sign_in()
    page = visit.open("/settings?q=max_age_days")
    page.get_by_role("button", name=f"Change {NAME}").click()
    page.get_by_label("Value, or none").fill("soon")
    with page.expect_response(lambda answer: answer.request.method == "PATCH") as refusing:
        page.get_by_role("button", name="Set", exact=True).click()
    assert refusing.value.status == 422
    assert NAME in page.get_by_role("alert").inner_text()
    visit.complaints.clear()  # A browser writes down that something was refused.


def test_what_the_command_line_says_cannot_be_changed_here(visit: Visit):
    visit.sign_in()
    page = visit.open("/settings?q=port")
    row = page.get_by_role("listitem").filter(has_text="The port to listen on")
    assert row.get_by_text("the command line").is_visible()
    assert row.get_by_role("button").count() == 0
