"""The provider bills what a real one would, whatever became of the line."""

from contextlib import suppress

import pytest

from tollhouse.testing import (
    WireProvider,
    answer,
    bill,
    cut,
    done,
    fail,
    finish,
    head,
    reply,
    reset,
    say,
    stall,
    status,
    usage,
    wait,
)
from tollhouse.testing.steps import Scripted

STREAM = {"stream": True}


async def billed(connect, *steps: Scripted, stream: bool = True) -> list[tuple[int, int, bool]]:
    """(input, output, complete) of what one exchange is billed."""
    async with WireProvider() as provider:
        provider.script(*steps)
        client = await connect(provider.port)
        client.ask(STREAM if stream else None, headers="connection: close\r\n")
        with suppress(ConnectionResetError):
            await client.rest()
        await provider.until(lambda: provider.answering == 0)
        return [(b.usage.input_tokens, b.usage.output_tokens, b.complete) for b in provider.billed]


@pytest.mark.parametrize("stream", [True, False])
async def test_a_complete_answer_bills_what_was_counted(connect, stream: bool):
    assert await billed(connect, answer("Hello", usage=(19, 10)), stream=stream) == [(19, 10, True)]


async def test_a_cut_stream_bills_the_input_and_what_was_said(connect):
    steps = (say("Hel"), say("lo", tokens=3), cut(), say(" you"), usage(19, 10), done())
    assert await billed(connect, *steps) == [(19, 4, False)]


async def test_never_more_is_billed_than_the_whole_would_have_been(connect):
    assert await billed(connect, say("Hel", tokens=50), cut(), usage(19, 10)) == [(19, 10, False)]


async def test_an_error_event_ends_the_answer_and_bills_what_was_said(connect):
    assert await billed(connect, say("Hel"), fail(), say("lo"), usage(19, 10), done()) == [(19, 1, False)]


async def test_a_whole_answer_was_made_before_it_was_cut(connect):
    assert await billed(connect, cut(after_bytes=9), answer(usage=(19, 10)), stream=False) == [(19, 10, False)]


async def test_a_stream_without_its_terminal_event_is_complete_as_scripted(connect):
    assert await billed(connect, say("Hello"), finish(), usage(19, 10)) == [(19, 10, True)]


@pytest.mark.parametrize(
    "steps",
    [(status(500),), (status(429),), (reset(),), (cut(),), (head(), cut()), (wait(0.001), reset()), (reply(json={}),)],
    ids=str,
)
async def test_nothing_is_billed_before_the_first_word(connect, steps):
    assert await billed(connect, *steps) == []


async def test_a_script_may_bill_what_nobody_hears(connect):
    assert await billed(connect, bill(19, 10), reset()) == [(19, 10, False)]
    assert await billed(connect, bill(19, 10), status(500)) == [(19, 10, True)]


async def test_a_provider_that_tells_no_count_bills_nevertheless(connect):
    ((input_tokens, output_tokens, complete),) = await billed(connect, answer("a b c", usage=None))
    assert input_tokens == -(-len(b'{"model": "acme-1", "stream": true}') // 4)
    assert (output_tokens, complete) == (3, True)


async def test_a_client_that_leaves_pays_for_what_was_said(connect):
    async with WireProvider() as provider:
        provider.always(say("Hel"), say("lo"), stall(), say(" you"), usage(19, 10), done())
        client = await connect(provider.port)
        client.ask(STREAM)
        await client.reader.readuntil(b'"content":"lo"')
        client.writer.close()
        await provider.until(lambda: bool(provider.billed))
        (left,) = provider.billed
        assert (left.usage.input_tokens, left.usage.output_tokens) == (19, 2)
        assert (left.complete, left.client_left) == (False, True)


async def test_what_the_provider_cut_is_not_blamed_on_the_client(connect):
    async with WireProvider() as provider:
        provider.script(say("Hel"), cut())
        client = await connect(provider.port)
        client.ask(STREAM)
        await client.rest()
        client.writer.close()
        await provider.until(lambda: provider.open_connections == 0)
        assert [b.client_left for b in provider.billed] == [False]


async def test_the_bill_names_the_attempt_by_which_a_log_finds_it(connect):
    async with WireProvider() as provider:
        provider.always(answer())
        client = await connect(provider.port)
        for headers in (
            "X-Request-Id: r\r\nIdempotency-Key: i\r\nX-Tollhouse-Attempt: a\r\n",
            "x-request-id: r\r\nidempotency-key: i\r\n",
            "x-request-id: r\r\n",
            "",
        ):
            client.ask(headers=headers)
            await client.answer()
        assert [(b.request, b.attempt, b.model) for b in provider.billed] == [
            (0, "a", "acme-1"),
            (1, "i", "acme-1"),
            (2, "r", "acme-1"),
            (3, None, "acme-1"),
        ]
