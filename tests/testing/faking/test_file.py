"""Rules in a file are those that a test writes."""

from __future__ import annotations

from pathlib import Path

import openai
import pytest

from tollhouse.testing.faking import AiFake
from tollhouse.testing.faking import file as module
from tollhouse.testing.faking.file import follow

RULES = """
models = ["gpt-4o"]

[[chat]]
contains = "flaky"
script = [{ error = 429, retry_after = 0 }, { drop_after = 0 }, { reply = "ok", usage = [3, 2] }]

[[chat]]
contains = "value"
json = { title = "Fine" }

[[chat]]
tool = "weather"
calls = [{ name = "weather", arguments = { city = "Rome" } }]

[[embed]]
dims = 8

[[moderate]]
contains = "stupid"
flag = ["harassment"]

[[moderate]]
"""
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}


def test_every_kind_of_rule_is_followed(ai_fake: AiFake, tmp_path: Path):
    (tmp_path / "rules.toml").write_text(RULES)
    follow(ai_fake, tmp_path / "rules.toml")
    with openai.OpenAI(base_url=ai_fake.base_url, api_key="sk-1") as client:

        def message(text: str, **more: object) -> openai.types.chat.ChatCompletionMessage:
            asked = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]} | more
            return client.chat.completions.create(**asked).choices[0].message

        assert message("flaky").content == "ok"
        assert [message("value").content for _ in range(2)] == ['{"title":"Fine"}'] * 2
        assert message("?", tools=[WEATHER]).tool_calls[0].function.arguments == '{"city":"Rome"}'
        assert len(client.embeddings.create(model="m", input="a").data[0].embedding) == 8
        assert [one.flagged for one in client.moderations.create(input=["stupid", "dear"]).results] == [True, False]
        assert not client.moderations.create(input="dear").results[0].flagged
        assert [one.id for one in client.models.list()] == ["gpt-4o"]
    assert ai_fake.called(contains="flaky").tokens == (3, 2)


def test_the_example_of_the_module_is_right(ai_fake: AiFake, tmp_path: Path):
    (tmp_path / "rules.toml").write_text(str(module.__doc__).split("```toml\n")[1].split("```")[0])
    follow(ai_fake, tmp_path / "rules.toml")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[chat]]\nmodle = 1", "unknown field `modle`"),
        ("[[chat]", "rules.toml: "),
        ('[[chat]]\nreply = "a"\nerror = 400', r"number 1: one answer is not reply and error"),
        ('[[chat]]\nreply = "a"\njson = 1', r"number 1: an answer is text, json or by_schema"),
    ],
)
def test_what_is_wrong_is_said(ai_fake: AiFake, tmp_path: Path, text: str, told: str):
    (tmp_path / "rules.toml").write_text(text)
    with pytest.raises(ValueError, match=told):
        follow(ai_fake, tmp_path / "rules.toml")


def test_a_file_that_is_not_there_is_said(ai_fake: AiFake, tmp_path: Path):
    with pytest.raises(ValueError, match="No such file"):
        follow(ai_fake, tmp_path / "rules.toml")
