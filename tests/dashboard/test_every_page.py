"""What holds for every page: anybody can use it, on a telephone too, in either light, and nothing is complained of."""

from __future__ import annotations

import re

import pytest

from visits import ROOT, Visit, newest_request

PAGES = ROOT / "web" / "src" / "pages"
SPAN = "?range=30d"

WINDOWS = [
    pytest.param({"color_scheme": "light"}, id="light"),
    pytest.param({"color_scheme": "dark"}, id="dark"),
    pytest.param({"viewport": {"width": 390, "height": 844}, "has_touch": True}, id="telephone"),
]


def paths() -> list[str]:
    """Where each page's menu entry leads."""
    found = (re.search(r'routes: \{\s*"([^"]+)"', page.read_text()) for page in sorted(PAGES.glob("*/page.ts")))
    return [match.group(1) for match in found if match is not None]


def test_every_folder_with_a_page_is_looked_at():
    assert len(paths()) == len(list(PAGES.glob("*/page.ts"))) > 5


@pytest.mark.parametrize("visit", WINDOWS, indirect=True)
@pytest.mark.parametrize("path", paths())
def test_a_page_is_for_everybody(visit: Visit, path: str):
    visit.sign_in()
    page = visit.open(path + SPAN)
    assert page.get_by_role("alert").count() == 0
    assert visit.faults() == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it is as wide as its window"


@pytest.mark.parametrize("visit", WINDOWS, indirect=True)
def test_so_is_a_request(visit: Visit):
    visit.sign_in()
    page = visit.open(f"/requests/{newest_request(visit.gateway)}")
    assert page.get_by_role("heading", name="Attempts").is_visible()
    assert visit.faults() == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("visit", WINDOWS, indirect=True)
def test_so_is_the_door(visit: Visit):
    visit.open("/")
    assert visit.faults() == []


def test_a_page_that_is_not_there_says_so(visit: Visit):
    visit.sign_in()
    page = visit.open("/nothing/here")
    assert page.get_by_role("heading", name="Not here").is_visible()
    assert visit.faults() == []
