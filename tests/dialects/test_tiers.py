"""The tier that served is told in the words of the client's dialect, or not at all."""

from __future__ import annotations

from types import ModuleType

import pytest

from clients import DIALECTS, Client
from tollhouse.dialects import chat, openai_responses
from tollhouse.dialects.collect import collect

each_dialect = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.NAME)


def told(dialect: ModuleType, tier: str) -> str | None:
    """What a client hears, whole and streamed."""
    events = (
        chat.Began(id="1", model="m", created=1),
        chat.TextDelta(0, "a"),
        chat.Finished(0, "stop", "stop"),
        chat.UsageSeen(chat.Usage(input_tokens=1, output_tokens=1, service_tier=tier)),
        chat.Ended(),
    )
    writer = dialect.Writer(id="1", model="m", created=1, include_usage=True)
    streamed = collect(Client(dialect).events(b"".join(map(writer.write, events)))).usage
    whole = dialect.read_answer(dialect.write_answer(collect(events))).usage
    assert streamed is not None
    assert whole is not None
    assert streamed.service_tier == whole.service_tier
    return streamed.service_tier


@each_dialect
@pytest.mark.parametrize("tier", ["default", "standard", "on_demand"])
def test_what_serves_who_asks_for_no_tier_is_told_in_the_clients_own_word(dialect, tier):
    assert told(dialect, tier) == ("default" if dialect.NAME.startswith("openai") else "standard")


@each_dialect
def test_a_tier_of_the_same_name_is_told(dialect):
    assert told(dialect, "priority") == "priority"


@each_dialect
def test_a_tier_without_a_word_is_not_told(dialect):
    assert told(dialect, "performance") == ("default" if dialect is openai_responses else None)
