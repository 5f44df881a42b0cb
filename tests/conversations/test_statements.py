"""What a page costs the database does not grow with the page: no statement for each of its rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event

from talks import Talk
from tollhouse.testing import WireProvider, answer

ASKED = re.compile(r"FROM (conversation|message|run|searchable|search_text|request)\b")


@contextmanager
def statements() -> Iterator[list[str]]:
    """Those that ask for what was said meanwhile, by whichever engine; who asks is looked up now and then, too."""
    said: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        if ASKED.search(statement):
            said.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.fixture
async def turns(ada: Talk, provider: WireProvider) -> str:
    """Six conversations, the last of them with six turns; gives its path."""
    provider.always(answer("egg"))
    for _ in range(5):
        await ada.say(await ada.new(title="egg"), "egg")
    conversation = await ada.new()
    for number in range(6):
        await ada.say(conversation, f"egg {number}")
    return conversation


async def test_a_longer_page_takes_as_many_statements_as_a_short_one(ada: Talk, turns: str):
    """C16."""
    for path, more in [
        ("/api/conversations", {}),
        (f"{turns}/messages", {}),
        ("/api/runs", {}),
        ("/api/search", {"q": "egg"}),
        ("/api/me/requests", {}),
    ]:
        assert await count(ada, path, 1, more) == await count(ada, path, 5, more) > 0, path


async def test_a_turn_reads_its_branch_once(ada: Talk, turns: str):
    """What was read when the question was checked is what the model is told."""
    with statements() as said:
        await ada.say(turns, "egg")
    assert sum("RECURSIVE branch" in one for one in said) == 1, said
    page = await ada.call("GET", f"{turns}/messages")
    question, answered = (it["id"] for it in page["data"][-2:])
    for path, body in ((f"{question}/edit", {"message": "ham"}), (f"{answered}/regenerate", {})):
        with statements() as said:
            await ada.call("POST", f"{turns}/messages/{path}", 201, json=body)
        assert sum("RECURSIVE branch" in one for one in said) == 1, (path, said)


async def count(ada: Talk, path: str, limit: int, more: dict[str, str]) -> int:
    """How many statements a page takes: the least of three times, as others ask something now and then."""
    counts = []
    for _ in range(3):
        with statements() as said:
            page = await ada.call("GET", path, params={"limit": limit, **more})
        assert len(page["data"]) == limit, path
        counts.append(len(said))
    return min(counts)
