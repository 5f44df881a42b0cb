"""A logged request made once more in a browser, and what it answers now beside what it answered then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from as_admin import post, send
from command_line import Gateway
from visits import Visit, newest_request


@pytest.fixture
def keeps_bodies(seeded: Gateway) -> Iterator[None]:
    """What is asked and answered is kept meanwhile."""
    send(seeded, "PATCH", "/api/settings", {"requests.bodies": True})
    yield
    send(seeded, "PATCH", "/api/settings", {"requests.bodies": False})


@pytest.fixture
def logged(visit: Visit, keeps_bodies: None) -> Callable[[str], str]:
    """Makes a call in the playground, and gives the id that it has in the log."""

    def ask(model: str, words: str = "A toll bridge, please") -> str:
        visit.sign_in()
        page = visit.open(f"/playground?model={model}")
        page.get_by_label("Message").fill(words)
        page.keyboard.press("Enter")
        link = page.get_by_role("log").get_by_role("link", name="Request")
        link.wait_for()
        return str(link.get_attribute("href")).rsplit("/", 1)[1]

    return ask


def test_a_request_is_asked_again_and_says_the_same(visit: Visit, logged: Callable[..., str]):
    request = logged("demo/echo")
    page = visit.open(f"/requests/{request}")
    page.keyboard.press(".")
    page.wait_for_url(f"**/requests/{request}/replay")
    page.get_by_role("button", name="Ask again").click()
    page.get_by_text("say the same").wait_for()
    (again,) = parse_qs(urlsplit(page.url).query)["with"]
    assert again != request
    assert newest_request(visit.gateway) == again
    facts = page.get_by_role("table", name="Both requests")
    assert facts.get_by_role("link", name=again).is_visible()
    assert facts.get_by_role("row").filter(has_text="Tokens out").inner_text().split() == ["Tokens", "out", "4", "4"]
    assert visit.faults() == []


@pytest.mark.parametrize(
    "visit",
    [
        pytest.param({"color_scheme": "dark"}, id="dark"),
        pytest.param({"viewport": {"width": 390, "height": 844}}, id="telephone"),
    ],
    indirect=True,
)
def test_another_model_is_asked_and_what_differs_is_told_in_words_too(visit: Visit, logged: Callable[..., str]):
    request = logged("demo/echo")
    page = visit.open(f"/requests/{request}/replay")
    field = page.get_by_label("Model or route")
    field.fill("demo/lorem")
    field.blur()
    page.get_by_role("button", name="Ask again").click()
    page.get_by_text("From the logged answer to the replay").wait_for()
    assert page.get_by_role("deletion").first.inner_text().startswith("removed:")
    assert page.get_by_role("insertion").first.inner_text().startswith("added:")
    assert visit.faults() == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("radio", name="Side by side").click()
    assert "A toll bridge" in page.get_by_role("figure", name="the logged answer").inner_text()
    assert "A toll bridge" not in page.get_by_role("figure", name="the replay").inner_text()

    page.reload()
    page.get_by_text("From the logged answer to the replay").wait_for()
    assert page.get_by_label("Model or route").input_value() == "demo/lorem", "all of it stands in the address"


def test_one_that_failed_is_replayed_from_its_row_and_the_gateway_says_what_is_wrong(
    visit: Visit, logged: Callable[..., str]
):
    visit.gateway.chat("demo/nobody", token=visit.gateway.served["admin_token"])
    visit.sign_in()
    page = visit.open("/requests?range=1h&outcome=model_not_found")
    page.get_by_role("table", name="Requests").wait_for()
    page.keyboard.press("j")
    page.get_by_role("complementary").get_by_role("link", name="Replay").click()
    page.get_by_role("button", name="Ask again").click()
    assert "demo/nobody" in page.get_by_role("alert").inner_text()
    visit.complaints.clear()  # A browser writes down that something was refused.


def test_what_was_not_kept_can_only_be_written_anew(visit: Visit):
    visit.gateway.chat("demo/echo")
    visit.sign_in()
    page = visit.open(f"/requests/{newest_request(visit.gateway)}/replay")
    page.get_by_text("What it asked is not kept").wait_for()
    assert page.get_by_role("button", name="Ask again").is_disabled()
    page.get_by_role("link", name="Edit in the playground").click()
    page.get_by_text("is not kept, so only its model is known").wait_for()
    assert page.get_by_label("Model or route").input_value() == "demo/echo"


def test_an_edited_request_is_compared_with_what_it_answered_before(visit: Visit, logged: Callable[..., str]):
    request = logged("demo/echo", "A wooden bridge")
    page = visit.open(f"/playground?from={request}")
    page.wait_for_url("**model=demo**")
    message = page.get_by_label("Message")
    assert message.input_value() == "A wooden bridge"
    message.fill("A stone bridge")
    page.keyboard.press("Enter")
    page.get_by_text("Compared with the logged answer").click()
    page.get_by_text("1 word added, 1 word removed").wait_for()
    assert visit.faults() == []


def test_what_another_one_said_is_hidden_until_a_reader_wants_it_and_the_audit_has_it(visit: Visit, keeps_bodies: None):
    user = post(visit.gateway, "/api/users", {"name": "Somebody else"})["id"]
    token = post(visit.gateway, f"/api/users/{user}/tokens", {"name": "theirs"})["token"]
    visit.gateway.chat("demo/echo", token=token)
    request = newest_request(visit.gateway)
    visit.sign_in()
    page = visit.open(f"/requests/{request}/replay")
    page.get_by_text("What Somebody else said is kept.").wait_for()
    assert page.get_by_role("button", name="Ask again").is_disabled()
    page.get_by_role("button", name="Reveal").click()
    page.get_by_role("button", name="Reveal").wait_for(state="detached")
    assert page.get_by_role("button", name="Ask again").is_enabled()
    page.get_by_role("link", name=request).click()
    page.get_by_role("radio", name="Talk").wait_for()
    assert visit.faults() == []
    visit.open("/audit?kind=request")
    assert page.get_by_role("row").filter(has_text="request reveal").filter(has_text=request[-6:]).count() == 1
