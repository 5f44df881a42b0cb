"""A real model, a gateway in front of it, each in a process of its own; and somebody who talks to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing

import pytest

from command_line import Gateway, run, started
from production_loop import pytest_asyncio_loop_factories as pytest_asyncio_loop_factories
from real import smollm
from real.callers import Caller, moved_in
from real.smollm import API_KEY, CONTEXT_TOKENS, NAME, Model
from real.surfaces import Surface
from real.ways import UPSTREAMS, WAYS, Way


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Model]:
    """One model server for all tests of this process."""
    if not smollm.IS_INSTALLED:
        pytest.skip("needs the model of requirements-model.lock, which `make test` installs")
    with smollm.running(tmp_path_factory.mktemp("model")) as it:
        yield it


@pytest.fixture(scope="session")
def gateway(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One gateway for all tests of this process; when they are done, it stops cleanly and its books are right."""
    folder = tmp_path_factory.mktemp("gateway")
    config = folder / "tollhouse.toml"
    config.write_text(toml(model.url), encoding="utf-8")
    data = folder / "data"
    with started(data, env={"TOLLHOUSE_CONFIG": str(config), "SMOL_API_KEY": API_KEY}) as it:
        yield it
        it.stop()
        assert it.wait() == 0, it.log()
    verified = run("verify", "--data", str(data), "--config", str(config))
    assert verified.status == 0, verified.out


@pytest.fixture
async def caller(gateway: Gateway) -> AsyncIterator[Caller]:
    """A new user, with a budget of a dollar."""
    async with moved_in(gateway, budget_usd="1") as it:
        yield it


@pytest.fixture(params=WAYS, ids=str)
def way(request: pytest.FixtureRequest) -> Way:
    """The way that everything is asked."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
async def surface(way: Way, caller: Caller) -> AsyncIterator[Surface]:
    """The caller's way to the gateway."""
    async with aclosing(way.surface(caller.url, caller.token, f"{way.provider}/{NAME}")) as it:
        yield it


@pytest.fixture
async def direct(way: Way, model: Model) -> AsyncIterator[Surface]:
    """What the gateway asks, past the gateway."""
    async with aclosing(UPSTREAMS[way.upstream](model.url, API_KEY, NAME)) as it:
        yield it


def toml(model_url: str) -> str:
    """A gateway that hears an answer out for two seconds, and one model, which is not free, in several dialects."""
    providers = [
        f"""
        [providers.smol_{dialect}]
        dialect = "{dialect}"
        base_url = "{model_url}/v1"
        allow_private_address = true
        api_key = "env:SMOL_API_KEY"
        share = true

        [providers.smol_{dialect}.models."{NAME}"]
        input_usd_per_million = "2.50"
        output_usd_per_million = "10.00"
        context_tokens = {CONTEXT_TOKENS}
        """
        for dialect in UPSTREAMS
    ]
    return "\n".join(["hear_out_seconds = 2", *providers])
