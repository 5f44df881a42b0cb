"""What was asked and billed can be asserted, and a failure shows what was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import openai
import pytest

from tollhouse.testing.faking import AiFake

SCHEMELESS = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}


@pytest.fixture
def chat(ai_fake: AiFake) -> Iterator[Callable[..., None]]:
    with openai.OpenAI(base_url=ai_fake.base_url, api_key="sk-1", max_retries=0) as client:

        def ask(text: str, **more: object) -> None:
            fields = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]} | more
            client.chat.completions.create(**fields)

        yield ask


def test_how_often_and_with_which_words(ai_fake: AiFake, chat):
    ai_fake.chat().reply("An ORM.").always()
    chat("What is Eloquent?")
    chat("What is Doctrine?", model="claude", tools=[SCHEMELESS])
    ai_fake.assert_called(times=2)
    ai_fake.assert_called(times=1, model="gpt-*").with_message("user", "What is Eloquent?")
    ai_fake.assert_called(contains="Doctrine").with_message("user", contains="Doctrine").with_tool("weather").times(1)
    ai_fake.assert_not_called(contains="Hibernate")
    ai_fake.assert_not_called("embed")


@pytest.mark.parametrize(
    ("assertion", "told"),
    [
        (lambda fake: fake.assert_called(times=2), r"expected 2 requests like any call\(\), but there is 1"),
        (lambda fake: fake.assert_called(model="o3"), r"expected a request like any call\(model='o3'\), but .* none"),
        (lambda fake: fake.assert_not_called(), "expected 0 requests"),
        (lambda fake: fake.assert_called().with_message("user", "What"), r"with_message\('user', 'What'\)"),
        (lambda fake: fake.assert_called().with_message("system", contains="a"), r"'system', contains='a'"),
        (lambda fake: fake.assert_called().with_tool("news"), r"with_tool\('news'\)"),
        (lambda fake: fake.assert_billed(tokens=(30, 16)), "expected 30 tokens read and 16 made .* 30 and 15"),
        (lambda fake: fake.assert_billed(cost="0.00023"), r"expected \$0.00023 for any call\(\), .* \$0.000225"),
        (lambda fake: fake.assert_called(times=1, cost="1"), r"expected \$1"),
    ],
)
def test_what_fails_shows_what_was_asked(ai_fake: AiFake, chat, assertion, told):
    ai_fake.chat().reply("An ORM.", usage=(30, 15))
    chat("What is Eloquent?")
    with pytest.raises(AssertionError, match=told) as failed:
        assertion(ai_fake)
    assert str(failed.value).endswith(
        "This was asked:\n1. chat, model 'gpt-4o' (openai_chat)\n     user: 'What is Eloquent?'\n"
        "     billed: 30 tokens read, 15 made"
    )


def test_it_says_so_when_nothing_was_asked(ai_fake: AiFake):
    with pytest.raises(AssertionError, match="This was asked:\nnothing"):
        ai_fake.assert_called()


def test_the_bill_is_exact_by_published_prices(ai_fake: AiFake, chat):
    ai_fake.chat().reply("An ORM.", usage=(30, 15)).always()
    chat("?")
    chat("?", model="gpt-4o-mini")
    ai_fake.assert_called(times=1, model="gpt-4o", tokens=(30, 15), cost="0.000225")
    ai_fake.assert_billed(tokens=(60, 30), cost="0.0002385")


def test_the_bill_is_exact_by_prices_of_its_own(ai_fake: AiFake, chat):
    ai_fake.price("acme-*", input_usd_per_million="10", output_usd_per_million="30.00")
    ai_fake.chat().reply("An ORM.", usage=(30, 15))
    chat("?", model="acme-1")
    ai_fake.assert_billed(cost="0.00075")


def test_a_price_that_nobody_knows_is_no_price(ai_fake: AiFake, chat):
    ai_fake.chat().reply("An ORM.")
    chat("?", model="acme-1")
    with pytest.raises(LookupError, match=r"tell it with ai_fake\.price\('acme-1'"):
        ai_fake.assert_billed(cost="0")


def test_answers_that_were_not_given_can_be_asserted(ai_fake: AiFake):
    ai_fake.chat(model="gpt-4o").reply("one").reply("two")
    with pytest.raises(AssertionError, match=r"chat\(model='gpt-4o'\) at test_called.py:\d+ has 2 answers left"):
        ai_fake.assert_all_given()
