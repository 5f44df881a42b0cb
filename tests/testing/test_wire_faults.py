"""Faults strike at random, and the same each time."""

import asyncio
from itertools import permutations

import pytest

from tollhouse.testing import Request, WireProvider, answer
from tollhouse.testing.faults import KINDS, Faults, Kind
from tollhouse.testing.steps import Step, steps_of

ANSWER = steps_of(answer("one two three", usage=(19, 10)), None)


def request(number: int, body: str) -> Request:
    content = f'{{"stream":true,"say":"{body}"}}'.encode()
    return Request(number=number, connection=0, method="POST", target="/", headers={}, body=content, arrived_at=0.0)


def fates(seed: int, bodies: tuple[str, ...]) -> dict[str, list[list[Step]]]:
    """What becomes of each body's arrivals."""
    faults = Faults(seed, rate=0.5)
    became: dict[str, list[list[Step]]] = {}
    for number, body in enumerate(bodies):
        became.setdefault(body, []).append(faults.strike(request(number, body), ANSWER))
    return became


def test_the_order_of_arrival_does_not_matter():
    assert len({str(sorted(fates(7, order).items())) for order in permutations(("a", "b", "c", "a", "b"))}) == 1


def test_seeds_differ():
    bodies = tuple(str(n) for n in range(50))
    assert fates(1, bodies) != fates(2, bodies)


@pytest.mark.parametrize(("rate", "least", "most"), [(0.0, 0, 0), (0.2, 120, 290), (1.0, 1000, 1000)])
def test_strikes_the_share_it_was_told_to(rate: float, least: int, most: int):
    faults = Faults(3, rate=rate)
    for number in range(1000):
        faults.strike(request(number, str(number)), ANSWER)
    assert least <= len(faults.struck) <= most
    if rate == 1.0:
        assert {struck.kind for struck in faults.struck} == set(KINDS)


@pytest.mark.parametrize(
    ("kind", "heard", "billed"),
    [
        ("reset", "reset", []),
        ("lost", "reset", [10]),
        ("error", "HTTP/1.1 500 ", []),
        ("rate_limit", "HTTP/1.1 429 ", []),
        ("fail", '"error"', [1, 2, 3]),
        ("cut", "HTTP/1.1 200 ", [1, 2, 3]),
        ("slow", "[DONE]", [10]),
    ],
)
async def test_each_kind_is_what_its_name_says(connect, kind: Kind, heard: str, billed: list[int]):
    async with WireProvider() as provider:
        provider.always(answer("one two three", usage=(19, 10)))
        provider.faults(5, rate=1, kinds=[kind])
        client = await connect(provider.port)
        client.ask({"stream": True}, headers="connection: close\r\n")
        try:
            got = (await client.rest()).decode()
        except ConnectionResetError:
            got = "reset"
        await provider.until(lambda: provider.answering == 0)
        assert heard in got
        assert [struck.kind for struck in provider.struck] == [kind]
        assert {b.usage.output_tokens for b in provider.billed} <= set(billed)
        assert [b.usage.input_tokens for b in provider.billed] == ([19] if billed else [])


async def test_a_stall_holds_until_the_client_leaves(connect):
    async with WireProvider() as provider:
        provider.always(answer("one two three"))
        provider.faults(5, rate=1, kinds=["stall"])
        client = await connect(provider.port)
        client.ask({"stream": True})
        await provider.until(lambda: provider.stalled == 1)
        client.writer.close()
        await provider.until(lambda: provider.answering == 0)
        assert [b.client_left for b in provider.billed] == [True]


async def test_scripted_exchanges_are_left_alone(connect):
    async with WireProvider() as provider:
        provider.faults(5, rate=1)
        provider.script(answer("as it is written"))
        client = await connect(provider.port)
        client.ask()
        assert b"as it is written" in (await client.answer())[2]
        assert provider.struck == []


async def test_an_unscripted_request_is_a_finding_under_faults_as_well(connect):
    async with WireProvider() as provider:
        provider.faults(5, rate=1)
        client = await connect(provider.port)
        client.ask()
        assert (await client.answer())[0] == 500
        assert "nothing was scripted" in provider.findings[0]
        provider.forgive()


async def test_a_failing_test_is_told_the_seed():
    with pytest.raises(ZeroDivisionError) as failure:
        await _fail_under_faults(4711)
    assert failure.value.__notes__ == ["wire provider: faults were struck with seed 4711"]


def test_refuses_kinds_and_rates_that_do_not_exist():
    for rate, kinds in [(1.5, KINDS), (0.5, ["earthquake"]), (0.5, [])]:
        with pytest.raises(ValueError, match="rate of 0 to 1"):
            Faults(1, rate=rate, kinds=kinds)  # type: ignore[arg-type]


async def _fail_under_faults(seed: int) -> None:
    async with WireProvider() as provider:
        provider.faults(seed)
        await asyncio.sleep(0)
        raise ZeroDivisionError
