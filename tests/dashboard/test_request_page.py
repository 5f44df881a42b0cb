"""All that is known of one request, in a browser: what was decided on its way, and how its answer came."""

from __future__ import annotations

from as_admin import send
from visits import Visit, newest_request


def test_what_was_decided_ends_where_the_gateway_said_no_and_leads_to_the_rule(visit: Visit):
    visit.gateway.chat("demo/nobody")
    visit.sign_in()
    page = visit.open(f"/requests/{newest_request(visit.gateway)}")
    decisions = page.get_by_role("region", name="Decisions")
    last = decisions.get_by_role("definition").last
    assert "demo/nobody" in last.inner_text()
    assert decisions.get_by_text("held before").count() == 0, "no budget was asked any more"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "however long the reason is"
    last.get_by_role("link").click()
    page.wait_for_url("**/models?model=demo%2Fnobody**")


def test_a_stream_is_kept_event_by_event(visit: Visit):
    send(visit.gateway, "PATCH", "/api/settings", {"requests.bodies": True})
    visit.sign_in()
    page = visit.open("/playground?model=demo/lorem")
    page.get_by_label("Message").fill("Slowly")
    page.keyboard.press("Enter")
    link = page.get_by_role("log").get_by_role("link", name="Request")
    link.wait_for()
    send(visit.gateway, "PATCH", "/api/settings", {"requests.bodies": False})
    link.click()
    page.get_by_role("radio", name="Events").click()
    assert '"Lorem ' in page.get_by_role("list", name="Events").inner_text()
    assert visit.faults() == []


def test_a_page_without_words_says_why(visit: Visit):
    visit.gateway.chat("demo/echo")
    visit.sign_in()
    page = visit.open(f"/requests/{newest_request(visit.gateway)}")
    page.get_by_text("requests.bodies is off").wait_for()
    page.get_by_role("link", name="The setting").click()
    page.wait_for_url("**/settings?q=requests.bodies")
