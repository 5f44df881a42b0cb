"""The request log in a browser: filters in the address, keys, and the way from a number to the rows behind it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from visits import Visit

LOG = "/requests?range=30d"


def asked(visit: Visit) -> dict[str, list[str]]:
    """What the address asks for."""
    return parse_qs(urlsplit(visit.page.url).query)


@pytest.fixture
def open_log(visit: Visit) -> Callable[[str], None]:
    visit.sign_in()

    def open_(more: str = "") -> None:
        visit.open(LOG + more)
        visit.page.get_by_role("table", name="Requests").wait_for()

    return open_


def test_what_is_typed_stands_in_the_address_and_narrows_the_log(visit: Visit, open_log: Callable[..., None]):
    open_log()
    visit.page.keyboard.press("/")
    visit.page.keyboard.type("outcome:model_not_found")
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url("**outcome=model_not_found**")
    rows = visit.page.get_by_role("table", name="Requests").get_by_role("row")
    rows.nth(2).wait_for(state="detached")
    assert "404 model not found" in rows.nth(1).inner_text()
    assert asked(visit)["range"] == ["30d"], "the span of time stays"


def test_a_filter_that_is_none_is_explained(visit: Visit, open_log: Callable[..., None]):
    open_log()
    box = visit.page.get_by_role("textbox", name="Filter")
    box.fill("modle:x")
    box.press("Enter")
    assert "There is no filter" in visit.page.get_by_text("modle:").inner_text()
    assert "modle" not in visit.page.url


def test_a_facet_is_put_on_and_taken_off(visit: Visit, open_log: Callable[..., None]):
    open_log()
    openai = visit.page.get_by_role("button", name="openai", exact=False).first
    openai.click()
    visit.page.wait_for_url("**provider=openai**")
    visit.page.get_by_role("button", name="openai", pressed=True).click()
    visit.page.wait_for_url(lambda url: "provider" not in url)


def test_rows_are_walked_through_by_key(visit: Visit, open_log: Callable[..., None]):
    open_log()
    page = visit.page
    page.keyboard.press("j")
    page.keyboard.press("j")
    peek = page.get_by_role("complementary", name="The chosen request")
    assert peek.get_by_role("heading", name="Attempts").is_visible()
    second = page.locator("tr[aria-current]").get_attribute("data-key")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/requests/{second}")
    page.get_by_role("heading", name=second).wait_for()


def test_whoever_wants_no_keys_has_none(visit: Visit, open_log: Callable[..., None]):
    open_log()
    visit.page.keyboard.press("?")
    visit.page.get_by_label("Single keys do something").uncheck()
    visit.page.keyboard.press("Escape")
    visit.page.keyboard.press("j")
    assert visit.page.locator("tr[aria-current]").count() == 0


def test_the_table_holds_still_until_its_reader_wants_the_news(visit: Visit, open_log: Callable[..., None]):
    open_log()
    rows = visit.page.get_by_role("table", name="Requests").get_by_role("row")
    before = rows.nth(1).get_attribute("data-key")
    visit.gateway.chat("demo/echo")
    news = visit.page.get_by_role("button", name="1 new")
    news.wait_for(timeout=20_000)
    assert rows.nth(1).get_attribute("data-key") == before
    news.click()
    visit.page.get_by_role("button", name="Refresh").wait_for()
    assert rows.nth(2).get_attribute("data-key") == before


def test_what_is_shown_can_be_taken_along(visit: Visit, open_log: Callable[..., None]):
    open_log("&outcome=model_not_found")
    page = visit.page
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as downloading:
        page.get_by_role("menuitem", name="CSV").click()
    names, row, *_ = Path(downloading.value.path()).read_text().splitlines()
    assert names.startswith("id,user,")
    assert row.startswith("req_")
    assert "demo/nobody" in row


def test_what_a_model_cost_leads_to_its_requests(visit: Visit):
    visit.sign_in()
    page = visit.open("/spend?range=30d")
    page.get_by_role("table", name="Spend by model").get_by_role("link").first.click()
    page.wait_for_url("**/requests?**")
    page.get_by_role("table", name="Requests").wait_for()
    (model,) = asked(visit)["model"]
    cells = page.get_by_role("table", name="Requests").get_by_role("row").nth(1).inner_text()
    assert model in cells


def test_the_palette_leads_everywhere(visit: Visit, open_log: Callable[..., None]):
    open_log()
    page = visit.page
    page.keyboard.press("Control+k")
    page.get_by_placeholder("Page, or an id").wait_for()
    page.keyboard.type("audit")
    page.get_by_role("menuitem", name="Audit").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/ui/audit?range=30d")
