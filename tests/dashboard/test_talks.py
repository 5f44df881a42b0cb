"""Talks with models in a browser: in the playground, and as applications keep them."""

from __future__ import annotations

from as_admin import post
from visits import Visit


def test_an_answer_is_written_as_it_comes_and_leads_to_its_request(visit: Visit):
    visit.sign_in()
    page = visit.open("/playground?model=demo/echo")
    page.get_by_label("Message").fill("**Loud** and clear")
    page.keyboard.press("Enter")
    talk = page.get_by_role("log")
    talk.get_by_role("link", name="Request").wait_for()
    assert talk.locator("strong").inner_text() == "Loud"
    assert "$0.00" in talk.inner_text()
    assert visit.faults() == []
    talk.get_by_role("link", name="Request").click()
    page.get_by_role("heading", name="Attempts").wait_for()


def test_an_answer_is_stopped_and_what_was_said_stays(visit: Visit):
    visit.sign_in()
    page = visit.open("/playground?model=demo/slow")
    page.get_by_label("Message").fill("Slowly, please")
    page.keyboard.press("Enter")
    talk = page.get_by_role("log")
    talk.get_by_text("This answer").wait_for()
    page.get_by_role("button", name="Stop").click()
    talk.get_by_text("stopped").wait_for()
    assert "milliseconds" not in talk.inner_text()


def test_the_same_is_had_as_code_without_a_key(visit: Visit):
    visit.sign_in()
    page = visit.open("/playground?model=demo/echo")
    page.get_by_label("Temperature").fill("0.5")
    page.get_by_label("Message").fill("It's me")
    page.get_by_role("radio", name="Code").click()
    code = page.locator("pre").inner_text()
    assert '"temperature": 0.5' in code
    assert "$TOLLHOUSE_KEY" in code
    assert "th_live_" not in code


def test_a_run_is_heard_while_it_speaks_and_stays_when_it_is_over(visit: Visit):
    conversation = post(visit.gateway, "/api/conversations", {"model": "demo/slow", "title": "A slow story"})["id"]
    visit.sign_in()
    visit.open("/conversations")
    post(visit.gateway, f"/api/conversations/{conversation}/messages", {"message": "Tell me", "background": True})
    page = visit.page
    page.goto(f"{visit.gateway.url}/ui/conversations/{conversation}")
    page.get_by_text("answering").wait_for()
    main = page.get_by_role("main")
    main.get_by_role("link", name="Request", exact=True).wait_for()
    assert "so that waiting, stopping and timeouts show." in main.inner_text()
    assert page.get_by_text("answering").count() == 0
    assert visit.faults() == []


def test_a_conversation_is_found_deleted_and_restored(visit: Visit):
    conversation = post(visit.gateway, "/api/conversations", {"model": "demo/echo", "title": "Order 1182"})["id"]
    post(visit.gateway, f"/api/conversations/{conversation}/messages", {"message": "My parcel is late"})
    visit.sign_in()
    page = visit.open("/conversations")
    page.keyboard.press("/")
    page.keyboard.type("parcel late")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Order 1182").first.click()
    page.get_by_role("heading", name="Order 1182").wait_for()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.get_by_role("radio", name="Deleted").click()
    page.get_by_role("button", name="Restore Order 1182").click()
    page.get_by_role("button", name="Restore Order 1182").wait_for(state="detached")
    visit.open(f"/conversations/{conversation}")
    assert page.get_by_role("heading", name="Order 1182").is_visible()
