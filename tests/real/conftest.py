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
from real.surfaces import SURFACES, Surface


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


@pytest.fixture(params=SURFACES, ids=lambda surface: surface.name)
async def surface(request: pytest.FixtureRequest, caller: Caller) -> AsyncIterator[Surface]:
    """The caller's way to the gateway."""
    async with aclosing(request.param(caller.url, caller.token, f"smol/{NAME}")) as it:
        yield it


@pytest.fixture
async def direct(surface: Surface, model: Model) -> AsyncIterator[Surface]:
    """The same way, past the gateway."""
    async with aclosing(type(surface)(model.url, API_KEY, NAME)) as it:
        yield it


def toml(model_url: str) -> str:
    """A gateway that hears an answer out for two seconds, and one model, which is not free."""
    return f"""
        hear_out_seconds = 2

        [providers.smol]
        dialect = "openai_chat"
        base_url = "{model_url}/v1"
        allow_private_address = true
        api_key = "env:SMOL_API_KEY"
        share = true

        [providers.smol.models."{NAME}"]
        input_usd_per_million = "2.50"
        output_usd_per_million = "10.00"
        context_tokens = {CONTEXT_TOKENS}
    """
