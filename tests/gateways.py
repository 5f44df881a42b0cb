"""A gateway between a client and a scripted provider, all on real sockets; and what its books say afterwards."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
from sqlalchemy import select

from houses import Person, acme_toml, make_person, opened
from tollhouse.admin import budgets
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.admin.views import BudgetView
from tollhouse.api.application import Asgi
from tollhouse.api.live import Patience
from tollhouse.api.server import Server
from tollhouse.app import House, application
from tollhouse.store import requests
from tollhouse.store.paging import Page
from tollhouse.store.tables import entry, hold
from tollhouse.store.writer import nothing
from tollhouse.testing import WireProvider

ACME_KEY = "sk-acme-canary-0123456789abcdefghijklmn"
"""The operator's key, which only the provider may ever see."""

CHAT = "/v1/chat/completions"
CONTEXT = ssl.create_default_context()

over_both_peers = pytest.mark.parametrize("gateway", ["hot", "asgi"], indirect=True)
"""The hot routes' own protocol, and plain ASGI: nobody may notice a difference."""


class Gateway:
    """What a test has in its hands.

    Attributes:
        provider: plays `acme`, whose only model is `acme-1` at 2.50 and 10 dollars per million tokens.
        pauses: what the gateway would have waited between attempts, in seconds; it does not wait.
        on_pause: called instead.
        chance: what its jitter and its choices are made by.
    """

    def __init__(
        self,
        house: House,
        provider: WireProvider,
        server: Server,
        url: str,
        client: httpx2.AsyncClient,
        person: Person,
    ) -> None:
        self.house = house
        self.provider = provider
        self.server = server
        self.url = url
        self.client = client
        self.person = person
        self.pauses: list[float] = []
        self.on_pause: Callable[[float], Awaitable[None]] | None = None
        self.chance: Callable[[], float] = lambda: 1.0

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    async def chat(self, *, headers: Mapping[str, str] | None = None, **fields: Any) -> httpx2.Response:
        """Ask for a completion; `fields` override those of a small request."""
        return await self.client.post(CHAT, headers=self.person.headers | dict(headers or {}), json=asking(**fields))

    async def post(self, body: bytes, **headers: str) -> httpx2.Response:
        """Ask with any bytes at all."""
        return await self.client.post(CHAT, headers=self.person.headers | headers, content=body)

    async def row(self, response: httpx2.Response) -> Mapping[str, Any]:
        """The request's row, as soon as it is there."""
        request_id = response.headers["x-request-id"]
        async with asyncio.timeout(30):
            while (row := await self.house.store.read(lambda tx: requests.row(tx, request_id))) is None:
                await asyncio.sleep(0.005)
        return row

    async def only_row(self) -> Mapping[str, Any]:
        """The row of the only request, as soon as it is there."""
        async with asyncio.timeout(30):
            while not (rows := await self.rows()):
                await asyncio.sleep(0.01)
        (row,) = rows
        return row

    async def rows(self) -> list[Mapping[str, Any]]:
        """Every row, oldest first."""
        await self.house.store.write(lambda tx: None)
        page = Page(limit=1_000, descending=False)
        return await self.house.store.read(lambda tx: requests.rows(tx, page))

    async def holds(self, row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """The request's holds, one for each attempt."""
        query = select(hold).where(hold.c.request_id == row["id"]).order_by(hold.c.id)
        return await self.house.store.read(lambda tx: list(tx.execute(query).mappings()))

    async def settled(self, row: Mapping[str, Any]) -> list[int]:
        """What the request's holds were settled at, in nanodollars."""
        mine = [one["id"] for one in await self.holds(row)]
        query = select(entry.c.usd).where(entry.c.hold_id.in_(mine), entry.c.kind == "settle").order_by(entry.c.id)
        return await self.house.store.read(lambda tx: list(tx.execute(query).scalars()))

    async def budget(self, limit: str | int, **options: Any) -> BudgetView:
        """Give the caller a budget: in dollars and for ever, unless `options` say otherwise."""
        options = {"unit": "usd", "window": "total"} | options
        return await budgets.set_budget(
            self.house.desk, COMMAND_LINE, owner_kind="user", owner_id=self.person.id, limit=limit, **options
        )

    async def balance(self) -> BudgetView:
        """The caller's only budget."""
        # Behind all that was put: what was heard is settled.
        await self.house.store.join(nothing, None)
        (budget,) = await budgets.list_budgets(self.house.desk, owner=self.person.id)
        return budget

    async def in_flight(self) -> int:
        """Calls to providers that are under way, by the client's own count."""
        (client,) = self.house.upstreams
        return int(client.stats.in_flight)  # type: ignore[attr-defined]


def asking(**fields: Any) -> dict[str, Any]:
    """A small request, with some fields otherwise; None leaves a field out."""
    whole = {"model": "acme/acme-1", "messages": [{"role": "user", "content": "Hi"}]} | fields
    return {name: value for name, value in whole.items() if value is not None}


def provider_table(name: str, base_url: str) -> str:
    """A further provider, whose model `m` needs no key and costs nothing."""
    return (
        f'\n[providers.{name}]\ndialect = "openai_chat"\nbase_url = "{base_url}"\nallow_private_address = true\n'
        f"free = true\n[providers.{name}.models.m]\ncontext_tokens = 1000\n"
    )


@asynccontextmanager
async def listening(make: Callable[[Callable[[], bool]], Asgi], peer: str) -> AsyncIterator[tuple[str, Server]]:
    """A server in this event loop, whose clients are `hot` or plain `asgi` peers; and its URL."""
    urls: list[str] = []

    async def tell(url: str) -> None:
        urls.append(url)

    server = Server(make, host="127.0.0.1", port=0, drain_s=0, on_started=tell)
    if peer == "asgi":
        server.config.http = "httptools"
    server.config.load()
    await server.startup()
    await server.on_tick(0)
    try:
        yield urls[0], server
    finally:
        await server.shutdown()


@asynccontextmanager
async def gateway_over(
    folder: Path,
    *,
    peer: str = "hot",
    toml: str = "",
    extra: str = "",
    dialect: str = "openai_chat",
    of_provider: str = "",
    patience: Patience | None = None,
    without_limits: bool = True,
    wrap: Callable[[Asgi], Asgi] = lambda app: app,
    **options: Any,
) -> AsyncIterator[Gateway]:
    """An open house, served, with a caller and a scripted provider; it does not wait between attempts.

    Args:
        toml: more of the configuration file, before the provider's table; `extra` after it, where `{base_url}` is
            the provider's address.
        dialect: what the provider speaks; `of_provider` are more lines of its table.
        wrap: puts something around the application.
        options: as for `houses.opened`.
    """

    async def pause(seconds: float) -> None:
        gateway.pauses.append(seconds)
        if gateway.on_pause is not None:
            await gateway.on_pause(seconds)

    async with AsyncExitStack() as stack:
        provider = await stack.enter_async_context(WireProvider())
        more = extra.replace("{base_url}", provider.base_url)
        table = {"dialect": dialect, "of_provider": of_provider, "extra": more}
        acme = acme_toml(provider.base_url, api_key=ACME_KEY, share=True, **table)
        house = await stack.enter_async_context(opened(folder, toml=toml + acme, **options))
        calling = msgspec.structs.replace(house.steps.calling, sleep=pause, chance=lambda: gateway.chance())
        house.path.now = msgspec.structs.replace(house.steps, calling=calling)
        person = await make_person(house, without_limits=without_limits)

        def make(is_ready: Callable[[], bool]) -> Asgi:
            return wrap(application(house, is_ready=is_ready, patience=patience))

        url, server = await stack.enter_async_context(listening(make, peer))
        client = httpx2.AsyncClient(base_url=url, trust_env=False, verify=CONTEXT, timeout=20)
        gateway = Gateway(house, provider, server, url, await stack.enter_async_context(client), person)
        yield gateway


@pytest.fixture
async def open_gateway(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """`await open_gateway(peer=…, toml=…, …)` opens one that is closed with the test."""
    async with AsyncExitStack() as stack:
        yield lambda **options: stack.enter_async_context(gateway_over(tmp_path / "data", **options))


@pytest.fixture
async def gateway(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Gateway]:
    """One with `hot` peers, or those that `over_both_peers` names."""
    async with gateway_over(tmp_path / "data", peer=getattr(request, "param", "hot")) as it:
        yield it
