"""The request log in a browser: filters in the address, keys, and the way from a number to the rows behind it."""

from __future__ import annotations

import json
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
    rows.filter(has_not_text="404 model not found").nth(1).wait_for(state="detached")  # all but the names of columns
    assert rows.count() > 1
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
    page, asked_for = visit.page, []
    page.on("request", lambda request: asked_for.append(urlsplit(request.url).path))
    open_log()
    rows = page.get_by_role("table", name="Requests").get_by_role("row")
    page.get_by_role("button", name="Older").click()
    rows.nth(51).wait_for()
    before = rows.nth(1).get_attribute("data-key")
    assert "/api/reports/new-requests" not in asked_for, "nobody listens before it is asked for"
    page.get_by_role("radio", name="Live").click()
    page.get_by_role("button", name="Refresh").wait_for()
    asked_for.clear()
    visit.gateway.chat("demo/echo")
    news = page.get_by_role("button", name="1 new")
    news.wait_for(timeout=20_000)
    assert rows.nth(1).get_attribute("data-key") == before
    assert "/api/requests" not in asked_for
    assert asked_for.count("/api/reports/new-requests") <= 3
    news.click()
    page.get_by_role("button", name="Refresh").wait_for()
    assert rows.nth(2).get_attribute("data-key") == before
    assert asked_for.count("/api/requests") == 1, "however many pages were turned"


def test_a_view_is_kept_under_its_name(visit: Visit, open_log: Callable[..., None]):
    open_log("&outcome=model_not_found")
    page = visit.page
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("menuitemcheckbox", name="Tag").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Views").click()
    page.get_by_role("menuitem", name="Save this view").click()
    page.get_by_role("textbox", name="Name").fill("Nobody there")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Nobody there").click()
    page.get_by_role("menuitem", name="Failed").click()
    page.wait_for_url("**failed=true**")
    assert "outcome" not in asked(visit)
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("menuitemcheckbox", name="Tag").click()
    page.keyboard.press("Escape")
    page.reload()
    page.get_by_role("button", name="Views").click()
    page.get_by_role("menuitem", name="Nobody there").click()
    page.wait_for_url("**outcome=model_not_found**")
    assert asked(visit)["range"] == ["30d"]
    page.get_by_role("columnheader", name="Tag").wait_for()
    page.get_by_role("button", name="Nobody there").click()
    page.get_by_role("menuitem", name="Forget").click()
    page.get_by_role("button", name="Views").wait_for()


def test_what_failed_leads_to_what_failed(visit: Visit, open_log: Callable[..., None]):
    open_log("&provider=openai")
    page = visit.page
    page.get_by_role("link", name="% failed").click()
    page.wait_for_url("**failed=true**")
    assert (asked(visit)["provider"], asked(visit)["range"]) == (["openai"], ["30d"])


def test_all_that_matches_can_be_taken_along(visit: Visit, open_log: Callable[..., None]):
    open_log()
    page = visit.page
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as downloading:
        page.get_by_role("menuitem", name="JSON lines").click()
    rows = Path(downloading.value.path()).read_text().splitlines()
    assert len(rows) > 50, "more than one page"
    assert len({json.loads(row)["id"] for row in rows}) == len(rows)


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


@pytest.mark.parametrize("by", ["token", "tag"])
def test_what_a_key_or_a_tag_cost_leads_to_its_requests(visit: Visit, by: str):
    visit.sign_in()
    page = visit.open(f"/spend?range=30d&by={by}")
    page.get_by_role("table", name="Spend by").get_by_role("link").first.click()
    page.wait_for_url(f"**/requests?*{by}=*")
    page.get_by_role("table", name="Requests").get_by_role("row").nth(1).wait_for()
    assert asked(visit)["range"] == ["30d"]
    (value,) = asked(visit)[by]
    assert f"{by}:{value}" in page.get_by_role("textbox", name="Filter").input_value()


def test_the_palette_leads_everywhere(visit: Visit, open_log: Callable[..., None]):
    open_log()
    page = visit.page
    page.keyboard.press("Control+k")
    page.get_by_placeholder("Page, or an id").wait_for()
    page.keyboard.type("audit")
    page.get_by_role("menuitem", name="Audit").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/ui/audit?range=30d")
