"""What real providers answered once is said again without them, and no key is kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import anthropic
import openai
import pytest
from google import genai
from google.genai import types

from tollhouse.testing import WireProvider, answer, status
from tollhouse.testing.faking import AiFake, fake

KEY = "sk-real-0123456789abcdefghijklmnop"


@pytest.fixture
def real() -> Iterator[WireProvider]:
    """Plays the makers of the dialects."""
    with WireProvider.in_thread() as running:
        yield running


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    return tmp_path / "cassettes" / "test.jsonl"


def by_chat(made: AiFake, text: str = "Hi", **more: object) -> str | None:
    with openai.OpenAI(base_url=made.base_url, api_key=KEY, max_retries=0) as client:
        words = [{"role": "user", "content": text}]
        said = client.chat.completions.create(**{"model": "m", "messages": words} | more)
        return said.choices[0].message.content


def by_chat_streamed(made: AiFake) -> list[str | None]:
    with openai.OpenAI(base_url=made.base_url, api_key=KEY, max_retries=0) as client:
        asked = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
        told = client.chat.completions.create(stream=True, stream_options={"include_usage": True}, **asked)
        return [chunk.choices[0].delta.content for chunk in told if chunk.choices]


def by_responses(made: AiFake) -> str:
    client = openai.OpenAI(base_url=made.base_url, api_key=KEY, max_retries=0)
    with client, client.responses.stream(model="m", input="Hi") as told:
        return told.get_final_response().output_text


def by_messages(made: AiFake) -> str:
    with anthropic.Anthropic(base_url=made.root_url, api_key=KEY, max_retries=0) as client:
        words = [{"role": "user", "content": "Hi"}]
        return client.messages.create(model="m", max_tokens=9, messages=words).content[0].text


def by_generate(made: AiFake) -> str | None:
    client = genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=made.root_url))
    return client.models.generate_content(model="m", contents="Hi").text


def by_embed(made: AiFake) -> list[float]:
    with openai.OpenAI(base_url=made.base_url, api_key=KEY, max_retries=0) as client:
        return client.embeddings.create(model="m", input="Hi").data[0].embedding


@pytest.mark.parametrize("ask", [by_chat, by_chat_streamed, by_responses, by_messages, by_generate, by_embed])
def test_an_answer_is_recorded_once_and_said_again(real: WireProvider, tape: Path, ask: Callable[[AiFake], object]):
    real.script(answer("Hello there", usage=(19, 10)))
    with fake() as made:
        made.cassette(tape, record="new", upstream=real.base_url)
        first = ask(made)
        assert ask(made) == first
        billed = made.called().tokens
    assert real.asked == 1
    with fake() as made:
        made.cassette(tape)
        assert ask(made) == first
        assert ask(made) == first
        assert made.called().tokens == billed
    assert KEY not in tape.read_text()
    assert len(tape.read_text().splitlines()) == 1


def test_the_real_provider_hears_the_keys_and_says_what_streams_it_says(real: WireProvider, tape: Path):
    real.script(answer("a b c"))
    with fake() as made:
        made.cassette(tape, record="new", upstream=real.base_url)
        assert by_chat_streamed(made) == ["", "a ", "b ", "c", None]
    assert real.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert real.requests[0].path == "/v1/chat/completions"


def test_keys_in_bodies_are_scrubbed(real: WireProvider, tape: Path):
    real.script(answer(f"Your key is {KEY}, and AIzaSyBqQeWrTyUiOpAsDfGhJkLzXcVbNmQwErTyU"))
    with fake() as made:
        made.cassette(tape, record="new", upstream=real.base_url)
        by_chat(made, f"My key is {KEY}")
    (line,) = tape.read_text().splitlines()
    assert KEY not in line
    assert "AIza" not in line
    recording = json.loads(line)
    assert recording["request"]["body"]["messages"][0]["content"] == "My key is ***"
    assert recording["response"]["body"]["choices"][0]["message"]["content"] == "Your key is ***, and ***"
    assert recording["response"]["headers"].keys() <= {"content-type", "x-request-id"}


def test_another_spelling_is_the_same_and_another_question_is_not(real: WireProvider, tape: Path):
    real.script(answer("first"))
    with fake() as made:
        made.cassette(tape, record="new", upstream=real.base_url)
        by_chat(made, temperature=0)
    with fake() as made:
        made.cassette(tape)
        assert by_chat(made, temperature=0.0, user="somebody else", metadata={"a": "b"}) == "first"
        with pytest.raises(openai.BadRequestError, match=r"not among the 1 recordings of test\.jsonl"):
            by_chat(made, temperature=1)
        made.forgive()


def test_everything_is_recorded_anew_when_that_is_said(real: WireProvider, tape: Path):
    real.script(answer("old"))
    real.script(answer("new"))
    for _ in range(2):
        with fake() as made:
            made.cassette(tape, record="all", upstream=real.base_url)
            by_chat(made)
    with fake() as made:
        made.cassette(tape)
        assert by_chat(made) == "new"


def test_what_was_asked_several_times_comes_in_that_order(real: WireProvider, tape: Path):
    real.script(answer("one"))
    real.script(answer("two"))
    with fake() as made:
        made.cassette(tape, record="all", upstream=real.base_url)
        assert [by_chat(made), by_chat(made)] == ["one", "two"]
    with fake() as made:
        made.cassette(tape)
        assert [by_chat(made), by_chat(made), by_chat(made)] == ["one", "two", "two"]


def test_rules_come_first(ai_fake: AiFake, tape: Path):
    ai_fake.chat().reply("by a rule")
    ai_fake.cassette(tape, record="new", upstream="http://127.0.0.1:1/v1")
    assert by_chat(ai_fake) == "by a rule"


def test_what_fails_is_not_kept_and_says_why(ai_fake: AiFake, real: WireProvider, tape: Path):
    real.script(status(401, f"Incorrect API key provided: {KEY}"))
    ai_fake.cassette(tape, record="new", upstream=real.base_url)
    with pytest.raises(openai.BadRequestError, match=r"nothing was recorded, the provider answers 401: .*\*\*\*"):
        by_chat(ai_fake)
    ai_fake.cassette(tape, record="new", upstream="http://127.0.0.1:1/v1")
    with pytest.raises(openai.BadRequestError, match="nothing was recorded, ConnectError"):
        by_chat(ai_fake)
    assert not tape.exists()
    assert KEY not in "".join(ai_fake.findings)
    ai_fake.forgive()


def test_a_file_that_is_no_cassette_says_where(ai_fake: AiFake, tape: Path):
    tape.parent.mkdir()
    tape.write_text("{}\n")
    with pytest.raises(ValueError, match=r"test\.jsonl, line 1 is no recording"):
        ai_fake.cassette(tape)
