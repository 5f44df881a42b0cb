"""Documentation that cannot lie: generated pages are up to date, links lead somewhere, names in it exist."""

from __future__ import annotations

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from typer.main import get_command

from tollhouse.cli import app

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def generator() -> ModuleType:
    spec = spec_from_file_location("generate_docs", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_up_to_date():
    for name, text in generator().pages().items():
        assert (ROOT / "docs" / "reference" / name).read_text() == text, f"{name}: run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path):
    links = [link for link in LINK.findall(page.read_text()) if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_page_is_linked_from_the_index():
    index = (ROOT / "docs" / "index.md").read_text() + (ROOT / "docs" / "decisions" / "README.md").read_text()
    linked = {Path(link).name for link in LINK.findall(index)}
    pages = {page.name for page in (ROOT / "docs").rglob("*.md")} - {"index.md"}
    assert sorted(pages - linked) == []


def test_the_verbs_that_pages_name_exist():
    makefile = (ROOT / "Makefile").read_text()
    verbs = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = {verb for page in PAGES for verb in re.findall(r"`make ([a-z-]+)", page.read_text())}
    assert sorted(named - verbs) == []


def test_the_commands_that_pages_tell_to_type_exist_with_their_options():
    typed = re.compile(r"^(?:\S*/)?tollhouse ([a-z].*)$", re.MULTILINE)
    lines = {line for page in PAGES for line in typed.findall(page.read_text())}
    assert len(lines) > 20
    assert {line: missing for line in lines if (missing := unknown(line.split()))} == {}


def unknown(words: list[str]) -> list[str]:
    """The words that no command, and the options that not this command, has."""
    command: Any = get_command(app)
    while words and hasattr(command, "commands"):
        if words[0] not in command.commands:
            return words[:1]
        command, words = command.commands[words[0]], words[1:]
    options = {name for parameter in command.params for name in parameter.opts} | {"--help"}
    return [word for word in words if word.startswith("--") and word not in options]
