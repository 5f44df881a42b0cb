"""The playground in a browser: one model or several side by side, what goes along with words, and what comes of it."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from visits import Visit

TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}]


def say(page: Any, words: str) -> None:
    page.get_by_label("Message").fill(words)
    page.keyboard.press("Enter")


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
    page.get_by_role("button", name="Stop", exact=True).click()
    talk.get_by_text("stopped").wait_for()
    assert "milliseconds" not in talk.inner_text()


def test_the_same_is_had_as_code_without_a_key(visit: Visit):
    visit.sign_in()
    page = visit.open("/playground?model=demo/echo")
    page.get_by_text("Settings").last.click()
    page.get_by_label("Temperature").fill("0.5")
    page.get_by_label("Message").fill("It's me")
    page.get_by_role("radio", name="Code").click()
    code = page.locator("pre").inner_text()
    assert '"temperature": 0.5' in code
    assert "$TOLLHOUSE_KEY" in code
    assert "th_live_" not in code


@pytest.mark.parametrize(
    "visit",
    [
        pytest.param({"color_scheme": "light"}, id="light"),
        pytest.param({"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}, id="telephone"),
    ],
    indirect=True,
)
def test_three_models_are_asked_at_once_each_with_its_own_settings(visit: Visit):
    visit.sign_in()
    page = visit.open("/playground?model=demo/echo&model2=demo/lorem&max_tokens2=3&model3=demo/json")
    say(page, "Hello to all")
    for model in ("demo/echo", "demo/lorem", "demo/json"):
        page.get_by_role("log", name=model).get_by_role("link", name="Request").wait_for()
    lorem = page.get_by_role("log", name="demo/lorem")
    assert "Hello to all" in page.get_by_role("log", name="demo/echo").inner_text()
    assert "Lorem ipsum dolor" in lorem.inner_text()
    assert "3 out" in lorem.inner_text()
    assert "$0.00" in lorem.inner_text()
    assert visit.faults() == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_who_is_compared_stands_in_the_address_and_begins_where_the_first_one_is(visit: Visit):
    visit.sign_in()
    page = visit.open("/playground?model=demo/echo")
    say(page, "Once")
    page.get_by_role("log").get_by_role("link", name="Request").wait_for()
    page.get_by_role("button", name="Compare").click()
    page.wait_for_url("**model2=**")
    second = page.get_by_label("Model or route").nth(1)
    second.fill("demo/lorem")
    second.blur()
    talk = page.get_by_role("log", name="demo/lorem")
    talk.get_by_role("button", name="Again").click()
    talk.get_by_text("Lorem ipsum").wait_for()
    assert parse_qs(urlsplit(page.url).query) == {"model": ["demo/echo"], "model2": ["demo/lorem"]}
    page.get_by_role("button", name="Take demo/echo away").click()
    page.wait_for_url(lambda url: "model2" not in url)
    assert "Lorem ipsum" in page.get_by_role("log").inner_text(), "the other one's talk moved up with it"


def test_one_of_several_is_stopped_and_the_others_go_on(visit: Visit):
    visit.sign_in()
    page = visit.open("/playground?model=demo/slow&model2=demo/echo")
    say(page, "Side by side")
    slow = page.get_by_role("log", name="demo/slow")
    slow.get_by_text("This answer").wait_for()
    page.get_by_role("button", name="Stop demo/slow").click()
    slow.get_by_text("stopped").wait_for()
    page.get_by_role("log", name="demo/echo").get_by_role("link", name="Request").wait_for()


def test_tools_are_declared_called_and_answered(visit: Visit):
    visit.sign_in()
    page = visit.open("/playground?model=demo/tools")
    tools = page.get_by_label("Tools", exact=True)
    tools.fill("{}")
    page.get_by_text("Tools are a list").wait_for()
    page.get_by_label("Message").fill("Is it raining?")
    assert page.get_by_role("button", name="Send").is_disabled()
    tools.fill(json.dumps(TOOLS))
    say(page, "Is it raining?")
    page.get_by_text("Calls weather").wait_for()
    page.get_by_label("What weather answers").fill("rain")
    with page.expect_request("**/v1/chat/completions") as asking:
        page.get_by_role("button", name="Hand over").click()
    _, called, answered = asking.value.post_data_json["messages"]
    assert called["tool_calls"][0]["function"]["name"] == "weather"
    assert answered == {"role": "tool", "tool_call_id": called["tool_calls"][0]["id"], "content": "rain"}
    page.get_by_role("main").get_by_role("link", name="Request", exact=True).nth(1).wait_for()


def test_a_schema_is_kept_to(visit: Visit):
    visit.sign_in()
    page = visit.open("/playground?model=demo/json")
    page.get_by_role("button", name="An example of schema of the answer").click()
    say(page, "A city, please")
    page.get_by_role("main").get_by_role("link", name="Request", exact=True).wait_for()
    assert "population" in page.get_by_role("log").inner_text()


def test_a_file_goes_along(visit: Visit):
    visit.sign_in()
    page = visit.open("/playground?model=demo/echo")
    with page.expect_file_chooser() as choosing:
        page.get_by_role("button", name="Attach").click()
    choosing.value.set_files({"name": "order.csv", "mimeType": "text/csv", "buffer": b"parcel,late"})
    page.get_by_role("button", name="Take order.csv away").wait_for()
    assert visit.faults() == []
    say(page, "What is in it?")
    page.get_by_role("main").get_by_role("link", name="Request", exact=True).wait_for()
    assert "parcel,late" in page.get_by_role("log").inner_text()


def test_the_stream_is_shown_as_it_came(visit: Visit):
    visit.sign_in()
    page = visit.open("/playground?model=demo/echo")
    say(page, "Letter by letter")
    page.get_by_role("main").get_by_role("link", name="Request", exact=True).wait_for()
    page.get_by_text(re.compile("events as they came")).click()
    events = page.get_by_role("list", name="Events")
    assert '"delta"' in events.inner_text()
    assert "[DONE]" in events.inner_text()
    assert visit.faults() == []


def test_a_talk_is_kept_as_a_conversation(visit: Visit):
    visit.sign_in()
    page = visit.open("/playground?model=demo/echo")
    say(page, "Worth keeping")
    page.get_by_role("main").get_by_role("link", name="Request", exact=True).wait_for()
    page.get_by_role("button", name="Save as conversation").click()
    page.get_by_role("link", name="Saved: open it").click()
    page.get_by_role("heading", name="Worth keeping").wait_for()
