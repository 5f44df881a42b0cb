"""One rule answers whoever asks, by OpenAI's, Anthropic's and Google's own clients; what none answers is told."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import anthropic
import openai
import pytest
from google import genai
from google.genai import types
from langchain_anthropic import ChatAnthropic
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

from tollhouse.testing import ScriptNotFollowed, say, stall, wait
from tollhouse.testing import reply as raw_reply
from tollhouse.testing.faking import (
    AiFake,
    Asked,
    call,
    drop_after,
    error,
    fail_after,
    reply,
    stall_after,
)

WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}


@pytest.fixture
def chat(ai_fake: AiFake) -> Iterator[Callable[..., str | None]]:
    """Asks with OpenAI's client, which does not try again."""
    with openai.OpenAI(base_url=ai_fake.base_url, api_key="sk-1", max_retries=0) as client:

        def ask(text: str, **more: object) -> str | None:
            fields = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]} | more
            return client.chat.completions.create(**fields).choices[0].message.content

        yield ask


def by_chat(client: openai.OpenAI, text: str) -> str | None:
    return (
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": text}])
        .choices[0]
        .message.content
    )


def by_chat_streamed(client: openai.OpenAI, text: str) -> str:
    told = client.chat.completions.create(model="m", messages=[{"role": "user", "content": text}], stream=True)
    return "".join(chunk.choices[0].delta.content or "" for chunk in told if chunk.choices)


def by_responses(client: openai.OpenAI, text: str) -> str:
    return client.responses.create(model="m", input=text).output_text


def by_responses_streamed(client: openai.OpenAI, text: str) -> str:
    with client.responses.stream(model="m", input=text) as told:
        return told.get_final_response().output_text


@pytest.mark.parametrize("ask", [by_chat, by_chat_streamed, by_responses, by_responses_streamed])
def test_a_rule_answers_openais_client(ai_fake: AiFake, ask: Callable[[openai.OpenAI, str], str]):
    ai_fake.chat(contains="Eloquent").reply("It is an ORM.", usage=(30, 15))
    with openai.OpenAI(base_url=ai_fake.base_url, api_key="sk-1") as client:
        assert ask(client, "What is Eloquent?") == "It is an ORM."
    assert ai_fake.assert_called(times=1).tokens == (30, 15)


def test_a_rule_answers_anthropics_client(ai_fake: AiFake):
    ai_fake.chat(model="claude-*").reply("It is an ORM.", reasoning="An ORM?").always()
    with anthropic.Anthropic(base_url=ai_fake.root_url, api_key="sk-1") as client:
        asked = {"model": "claude-opus-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Eloquent?"}]}
        assert [part.type for part in client.messages.create(**asked).content] == ["thinking", "text"]
        with client.messages.stream(**asked) as told:
            assert told.get_final_text() == "It is an ORM."
        assert client.messages.count_tokens(model="m", messages=asked["messages"]).input_tokens > 0


def test_reasoning_is_shown_where_a_dialect_shows_it(ai_fake: AiFake):
    ai_fake.chat().reply("An ORM.", reasoning="Hm.").always()
    words = [{"role": "user", "content": "?"}]
    with openai.OpenAI(base_url=ai_fake.base_url, api_key="sk-1") as client:
        message = client.chat.completions.create(model="m", messages=words).choices[0].message
        assert message.model_extra is not None
        assert message.model_extra["reasoning_content"] == "Hm."
        assert [item.type for item in client.responses.create(model="m", input="?").output] == ["reasoning", "message"]
    client = genai.Client(api_key="k", http_options=types.HttpOptions(base_url=ai_fake.root_url))
    parts = client.models.generate_content(model="m", contents="?").candidates[0].content.parts
    assert [(part.text, part.thought) for part in parts] == [("Hm.", True), ("An ORM.", None)]


def test_many_ask_at_once_and_each_answer_is_given_once(ai_fake: AiFake):
    numbers = [str(number) for number in range(64)]
    ai_fake.chat().script(*numbers)
    with (
        openai.OpenAI(base_url=ai_fake.base_url, api_key="sk-1", max_retries=0) as client,
        ThreadPoolExecutor(16) as pool,
    ):
        told = list(pool.map(lambda number: by_chat(client, number), numbers))
    assert sorted(told) == sorted(numbers)
    ai_fake.assert_called(times=64)
    ai_fake.assert_all_given()


def test_a_rule_answers_googles_client(ai_fake: AiFake):
    ai_fake.chat(model="gemini-*", system="brief").reply("It is an ORM.").always()
    client = genai.Client(api_key="k", http_options=types.HttpOptions(base_url=ai_fake.root_url))
    asked = {"model": "gemini-9", "contents": "Eloquent?", "config": {"system_instruction": "Be brief."}}
    assert client.models.generate_content(**asked).text == "It is an ORM."
    assert "".join(piece.text for piece in client.models.generate_content_stream(**asked)) == "It is an ORM."


def test_answers_come_in_their_order(ai_fake: AiFake, chat):
    ai_fake.chat().reply("one").reply("two").script("three", reply("four"))
    assert [chat("?") for _ in range(4)] == ["one", "two", "three", "four"]
    ai_fake.assert_all_given()


def test_a_list_that_has_run_out_is_an_error(ai_fake: AiFake, chat):
    ai_fake.chat().reply("one")
    chat("?")
    with pytest.raises(openai.BadRequestError, match="it has given 1"):
        chat("?")
    with pytest.raises(ScriptNotFollowed, match=r"chat\(\) at test_rules.py:\d+ is for it, but has no answer left"):
        ai_fake.assert_nothing_unexpected()
    ai_fake.forgive()


def test_the_last_answer_is_given_for_good_when_that_is_said(ai_fake: AiFake, chat):
    rule = ai_fake.chat().reply("one").reply("two").always()
    assert [chat("?") for _ in range(4)] == ["one", "two", "two", "two"]
    with pytest.raises(ValueError, match="nothing can come after"):
        rule.reply("three")


def test_nothing_is_given_for_good_before_there_is_an_answer(ai_fake: AiFake):
    with pytest.raises(ValueError, match=r"say \.reply"):
        ai_fake.chat().always()


def test_answers_of_a_list_come_first_and_the_last_word_for_good_counts(ai_fake: AiFake, chat):
    ai_fake.chat().reply("a fixture's").always()
    ai_fake.chat().reply("a test's").always()
    ai_fake.chat(contains="music").reply("a narrow one's").always()
    ai_fake.chat().reply("once")
    assert [chat("?"), chat("?"), chat("music?")] == ["once", "a test's", "a narrow one's"]


def test_what_no_rule_answers_names_the_nearest_and_why_it_did_not_match(ai_fake: AiFake, chat):
    ai_fake.chat(model="claude-*", contains="Doctrine").reply("far")
    ai_fake.chat(model="gpt-*", contains=re.compile("Eloq")).reply("near")
    with pytest.raises(openai.BadRequestError) as told:
        chat("What is Python?")
    assert re.search(
        r"no rule answers this:\n  chat, model 'gpt-4o' \(openai_chat\)\n    user: 'What is Python\?'\n"
        r"The nearest is chat\(model='gpt-\*', contains=/Eloq/\) at test_rules\.py:\d+:\n"
        r"  contains: /Eloq/ is not in 'What is Python\?'",
        told.value.message,
    )
    ai_fake.forgive()


def test_a_function_answers_what_was_asked(ai_fake: AiFake, chat):
    def answer(asked: Asked) -> object:
        return error(503) if asked.text == "trouble" else f"{asked.model} hears {asked.text}"

    ai_fake.chat().reply(answer).always()
    assert chat("music") == "gpt-4o hears music"
    with pytest.raises(openai.InternalServerError):
        chat("trouble")


def test_a_function_that_fails_is_told_with_its_rule(ai_fake: AiFake, chat):
    ai_fake.chat().reply(lambda asked: 1 // 0)
    with pytest.raises(openai.BadRequestError, match="ZeroDivisionError"):
        chat("?")
    ai_fake.forgive()


@pytest.mark.parametrize(
    ("like", "fits"),
    [
        ({"contains": "Rome"}, True),
        ({"contains": "Paris"}, False),
        ({"model": "gpt-?o"}, True),
        ({"model": "gpt"}, False),
        ({"system": "brief"}, True),
        ({"system": "long"}, False),
        ({"tool": "weather"}, True),
        ({"tool": "news"}, False),
        ({"stream": False}, True),
        ({"stream": True}, False),
        ({"dialect": "openai_chat"}, True),
        ({"dialect": "gemini"}, False),
        ({"when": lambda asked: len(asked.messages) == 4}, True),
        ({"when": lambda asked: False}, False),
    ],
)
def test_a_rule_is_for_requests_that_are_like_it(ai_fake: AiFake, chat, like, fits):
    ai_fake.chat(**like).reply("fits").always()
    ai_fake.chat(when=lambda asked: not fits).reply("does not")
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "I was in Paris."},
        {"role": "assistant", "content": "Oh?"},
        {"role": "user", "content": "I was in Rome."},
    ]
    assert chat("", messages=messages, tools=[WEATHER]) == ("fits" if fits else "does not")
    assert len(ai_fake.called(**like).askings) == fits


def test_a_flaky_provider_is_three_words(ai_fake: AiFake):
    ai_fake.chat().script(error(429, retry_after=0), drop_after(tokens=5), reply("ok"))
    with openai.OpenAI(base_url=ai_fake.base_url, api_key="sk-1", max_retries=2) as client:
        assert by_chat(client, "?") == "ok"
    billed = [one.billed for one in ai_fake.assert_called(times=3).askings]
    assert [one and one.usage.output_tokens for one in billed] == [None, 5, 1]


def test_a_stream_drops_after_so_many_tokens(ai_fake: AiFake):
    ai_fake.chat().script(drop_after(tokens=3))
    heard = []
    with openai.OpenAI(base_url=ai_fake.base_url, api_key="sk-1", max_retries=0) as client:
        told = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "?"}], stream=True)
        with pytest.raises(openai.APIConnectionError):
            heard.extend(chunk.choices[0].delta.content for chunk in told)
    assert "".join(filter(None, heard)) == "word1 word2 word3 "


def test_a_line_drops_before_a_byte_and_nothing_is_billed(ai_fake: AiFake, chat):
    ai_fake.chat().script(drop_after(tokens=0))
    with pytest.raises(openai.APIConnectionError):
        chat("?")
    ai_fake.assert_billed(tokens=(0, 0))


def test_a_provider_falls_silent(ai_fake: AiFake, chat):
    ai_fake.chat().script(stall_after(tokens=0))
    with pytest.raises(openai.APITimeoutError):
        chat("?", timeout=0.2)


def test_an_answer_fails_in_the_middle(ai_fake: AiFake, chat):
    ai_fake.chat().script(fail_after(tokens=1, message="The model broke")).script(fail_after(tokens=1))
    with openai.OpenAI(base_url=ai_fake.base_url, api_key="sk-1", max_retries=0) as client:
        told = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "?"}], stream=True)
        with pytest.raises(openai.APIError, match="The model broke"):
            list(told)
        with pytest.raises(openai.InternalServerError):
            by_chat(client, "?")


def test_the_steps_of_a_script_are_an_answer(ai_fake: AiFake):
    ai_fake.chat().script((say("Hel"), wait(0.01), say("lo"), stall()))
    with openai.OpenAI(base_url=ai_fake.base_url, api_key="sk-1", max_retries=0, timeout=0.3) as client:
        told = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "?"}], stream=True)
        heard = []
        with pytest.raises(Exception, match="timed out"):
            heard.extend(chunk.choices[0].delta.content for chunk in told)
    assert "".join(heard) == "Hello"


def test_an_answer_may_take_its_time(ai_fake: AiFake, chat):
    ai_fake.chat().reply("late", after_s=0.1)
    began_s = time.monotonic()
    assert chat("?") == "late"
    assert time.monotonic() - began_s >= 0.1


def test_a_model_calls_tools_and_hears_what_they_say(ai_fake: AiFake):
    ai_fake.chat(tool="weather").reply(calls=[call("weather", city="Rome"), call("weather", city="Oslo")]).reply(
        "Warm."
    )
    with openai.OpenAI(base_url=ai_fake.base_url, api_key="sk-1") as client:
        asked = {"model": "m", "tools": [WEATHER]}
        messages: list = [{"role": "user", "content": "Where is it warm?"}]
        first = client.chat.completions.create(messages=messages, **asked).choices[0]
        assert first.finish_reason == "tool_calls"
        assert [one.function.arguments for one in first.message.tool_calls] == ['{"city":"Rome"}', '{"city":"Oslo"}']
        messages += [first.message.model_dump(exclude_none=True)]
        messages += [{"role": "tool", "tool_call_id": one.id, "content": "30"} for one in first.message.tool_calls]
        assert client.chat.completions.create(messages=messages, **asked).choices[0].message.content == "Warm."
    ai_fake.assert_called(times=2, tool="weather").with_message("tool", "30")


def test_a_model_calls_no_tool_that_it_was_not_offered(ai_fake: AiFake, chat):
    ai_fake.chat().reply(calls=[call("weather", city="Rome")])
    with pytest.raises(openai.BadRequestError, match="would call weather, but was offered"):
        chat("?")
    ai_fake.forgive()


def by_openai(made: AiFake) -> ChatOpenAI:
    return ChatOpenAI(model="gpt-4o", base_url=made.base_url, api_key="sk-1")


def by_anthropic(made: AiFake) -> ChatAnthropic:
    return ChatAnthropic(model="claude-opus-5", base_url=made.root_url, api_key="sk-1")


class Review(BaseModel):
    title: str
    stars: int
    good: bool


def test_a_value_is_said_and_made_by_the_schema(ai_fake: AiFake):
    ai_fake.chat().reply(json={"title": "Fine", "stars": 5, "good": True}).reply(by_schema=True)
    with openai.OpenAI(base_url=ai_fake.base_url, api_key="sk-1") as client:
        asked = {"model": "m", "messages": [{"role": "user", "content": "?"}], "response_format": Review}
        told = [client.chat.completions.parse(**asked).choices[0].message.parsed for _ in range(2)]
    assert told == [Review(title="Fine", stars=5, good=True), Review(title="title", stars=0, good=True)]


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
@pytest.mark.parametrize("maker", [by_openai, by_anthropic])
def test_a_value_is_said_as_a_framework_wants_it(ai_fake: AiFake, maker, method):
    ai_fake.chat().reply(json={"title": "Fine", "stars": 5, "good": True}).reply(by_schema=True)
    model = maker(ai_fake).with_structured_output(Review, method=method)
    assert model.invoke("?") == Review(title="Fine", stars=5, good=True)
    assert model.invoke("?") == Review(title="title", stars=0, good=True)


def test_a_value_by_a_schema_needs_one(ai_fake: AiFake, chat):
    ai_fake.chat().reply(by_schema=True)
    with pytest.raises(openai.BadRequestError, match="none was asked for"):
        chat("?")
    ai_fake.forgive()


def test_an_answer_is_of_one_kind():
    with pytest.raises(ValueError, match="not several"):
        reply("text", json={})


def test_the_same_text_has_the_same_vector_and_near_texts_near_ones(ai_fake: AiFake):
    ai_fake.embed().deterministic(dims=256)
    with openai.OpenAI(base_url=ai_fake.base_url, api_key="sk-1") as client:
        told = client.embeddings.create(model="m", input=["a warm day", "warm days", "no money", "a warm day"]).data
        base, near, far, same = [one.embedding for one in told]
        short = client.embeddings.create(model="m", input="a", dimensions=8, encoding_format="float").data[0].embedding
    google = genai.Client(api_key="k", http_options=types.HttpOptions(base_url=ai_fake.root_url))
    again = google.models.embed_content(model="m", contents="a warm day").embeddings[0].values
    assert base == same == again
    assert len(short) == 8
    assert dot(base, base) == pytest.approx(1)
    assert dot(base, near) > dot(base, far) + 0.2


def dot(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_vectors_may_be_told(ai_fake: AiFake):
    ai_fake.embed(contains="a").vectors([1.0, 0.0], [0.0, 1.0], usage=(7, 0))
    with openai.OpenAI(base_url=ai_fake.base_url, api_key="sk-1") as client:
        told = client.embeddings.create(model="m", input=["a", "b"])
    assert [one.embedding for one in told.data] == [[1.0, 0.0], [0.0, 1.0]]
    assert ai_fake.assert_called("embed").tokens == (7, 0)


def test_texts_are_judged_one_by_one(ai_fake: AiFake):
    ai_fake.moderate(contains="kill").flag("violence", "hate")
    ai_fake.moderate().allow()
    with openai.OpenAI(base_url=ai_fake.base_url, api_key="sk-1") as client:
        told = client.moderations.create(input=["I kill time", "I read"]).results
        assert [one.flagged for one in told] == [True, False]
        assert told[0].categories.violence
        assert not told[0].categories.sexual
        assert not client.moderations.create(input="I read").results[0].flagged


def test_a_verdict_names_a_category_that_there_is(ai_fake: AiFake):
    ai_fake.moderate().flag("rudeness")
    client = openai.OpenAI(base_url=ai_fake.base_url, api_key="sk-1", max_retries=0)
    with client, pytest.raises(openai.InternalServerError, match="no moderation category: rudeness"):
        client.moderations.create(input="?")
    ai_fake.forgive()


def test_models_are_listed_to_each_client(ai_fake: AiFake):
    ai_fake.models("one")
    ai_fake.chat(model="two").reply("")
    with openai.OpenAI(base_url=ai_fake.base_url, api_key="sk-1") as client:
        assert [model.id for model in client.models.list()] == ["one", "two"]
        assert client.models.retrieve("two").id == "two"
    with anthropic.Anthropic(base_url=ai_fake.root_url, api_key="sk-1") as client:
        assert [model.id for model in client.models.list()] == ["one", "two"]
    google = genai.Client(api_key="k", http_options=types.HttpOptions(base_url=ai_fake.root_url))
    assert [model.name for model in google.models.list()] == ["models/one", "models/two"]


def test_what_cannot_be_read_is_refused(ai_fake: AiFake, chat):
    ai_fake.chat().reply("").always()
    with pytest.raises(openai.BadRequestError, match="it cannot be read: `messages`"):
        chat("?", messages="?")
    ai_fake.forgive()


def test_what_has_no_rules_says_what_to_do(ai_fake: AiFake):
    with openai.OpenAI(base_url=ai_fake.base_url, api_key="sk-1", max_retries=0) as client:
        with pytest.raises(openai.BadRequestError, match=r"script it: ai_fake\.when"):
            client.images.generate(model="m", prompt="?")
        ai_fake.forgive()
        ai_fake.when(path="/v1/images/generations").script(raw_reply(json={"created": 0, "data": [{"url": "u"}]}))
        assert client.images.generate(model="m", prompt="?").data[0].url == "u"


def test_a_fake_may_outlive_a_test(ai_fake: AiFake, chat):
    ai_fake.chat().reply("old").always()
    chat("?")
    ai_fake.reset()
    ai_fake.assert_not_called()
    ai_fake.assert_billed(tokens=(0, 0))
    with pytest.raises(openai.BadRequestError, match="There are no rules"):
        chat("?")
    ai_fake.reset()
