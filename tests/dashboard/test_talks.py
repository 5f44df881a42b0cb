"""Talks with models in a browser, as applications keep them."""

from __future__ import annotations

from as_admin import post
from visits import Visit


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
