"""A Tollhouse of a test's own: the whole of it, on a real socket, in front of a scripted provider.

```python
with WireProvider.in_thread() as provider, gateway(tmp_path, provider) as tollhouse:
    provider.script(expect(model="gpt-4.1"), answer("Hello", usage=(19, 10)))
    ...  # point the application at tollhouse.base_url, with tollhouse.token
    assert tollhouse.requests()[0].cost_usd == "0.000118"
```

The application names the models that it names in production: OpenAI's, Anthropic's and Google's calls go to the
scripted provider, and cost what they cost there. It runs in a thread with a loop of its own, so that tests may block or
await.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeVar
from unittest.mock import patch
from urllib.parse import urlsplit

import msgspec

from tollhouse.admin import access, budgets, request_log
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.admin.views import BudgetView, RequestView
from tollhouse.api.server import Server
from tollhouse.app import House, application, open_house
from tollhouse.clock import Clock
from tollhouse.jobs.inline import Inline
from tollhouse.settings import Settings
from tollhouse.store.paging import Page
from tollhouse.testing.wire import WireProvider

T = TypeVar("T")

PLAYED: Final = ("openai", "anthropic", "google")
"""The providers whose part the scripted one takes."""

LOOK_EVERY_S: Final = 0.005


class Person(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A user, and a token of theirs."""

    id: str
    token: str


class Gateway:
    """A running Tollhouse, in a test's hands.

    Attributes:
        provider: who answers.
        url: where it is; `base_url` is that for clients of OpenAI's.
        user: who the token belongs to, without limits and budgets.
        running: what keeps it up.
    """

    running: Running

    def __init__(
        self, house: House, server: Server, loop: asyncio.AbstractEventLoop, provider: WireProvider, url: str
    ) -> None:
        self.provider = provider
        self.url = url
        self._house, self._server, self._loop = house, server, loop
        self.user = self.add_user("tester")

    @property
    def base_url(self) -> str:
        """Where clients of OpenAI's API are pointed; Anthropic's and Google's take the `url`."""
        return f"{self.url}/v1"

    @property
    def token(self) -> str:
        """What the application says for a key."""
        return self.user.token

    def add_user(self, name: str, *, without_limits: bool = True, scopes: Sequence[str] | None = None) -> Person:
        """Somebody else; with a new user's usual limits unless told otherwise."""

        async def add() -> Person:
            desk = self._house.desk
            user = await access.create_user(desk, COMMAND_LINE, name=name, without_limits=without_limits)
            made = await access.create_token(desk, COMMAND_LINE, user.id, name="test", scopes=scopes)
            return Person(id=user.id, token=made.token)

        return self._run(add())

    def set_budget(
        self,
        limit: str | int | Decimal,
        *,
        user: Person | None = None,
        **said: Any,
    ) -> BudgetView:
        """Give somebody a budget, in dollars and for ever unless it is said otherwise, as in the management API."""
        said = {"owner_kind": "user", "owner_id": (user or self.user).id, "unit": "usd", "window": "total"} | said
        return self._run(budgets.set_budget(self._house.desk, COMMAND_LINE, limit=limit, **said))

    def budgets(self, user: Person | None = None) -> tuple[BudgetView, ...]:
        """Somebody's budgets, and what is left of them."""
        return tuple(self._settled(budgets.list_budgets(self._house.desk, owner=(user or self.user).id)))

    def requests(self, user: Person | None = None, *, limit: int = 1_000) -> tuple[RequestView, ...]:
        """The request log, or somebody's part of it, oldest first, with all that has been answered."""
        page = Page(limit=limit, descending=False)
        name = None if user is None else user.id
        return tuple(self._settled(request_log.list_requests(self._house.desk, page, user=name)).data)

    def _settled(self, reading: Coroutine[Any, Any, T]) -> T:
        """What is read once every answer that has been heard is in the books."""

        async def read() -> T:
            while self._server.server_state.tasks:  # noqa: ASYNC110 - a set of uvicorn's, which tells nobody
                await asyncio.sleep(LOOK_EVERY_S)
            await self._house.store.write(lambda tx: None)
            return await reading

        return self._run(read())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


P = TypeVar("P", bound=WireProvider)
G = TypeVar("G", bound=Gateway)


@contextmanager
def gateway(folder: Path, provider: WireProvider, *, toml: str = "", clock: Clock | None = None) -> Iterator[Gateway]:
    """Run one until the block ends.

    Args:
        folder: where it keeps its data; an empty one, such as pytest's `tmp_path`.
        provider: plays `openai`, `anthropic` and `google`, and listens already.
        toml: more of its configuration file; `{provider}` stands for the scripted provider's base URL.
        clock: another than the system's.

    Raises:
        ConfigurationError: what is wrong with `toml`.
    """
    with run(Gateway, folder, provider, toml=toml, clock=clock, sleep=asyncio.sleep) as running:
        yield running


@contextmanager
def run(
    make: Callable[[House, Server, asyncio.AbstractEventLoop, P, str], G],
    folder: Path,
    provider: P,
    *,
    toml: str,
    clock: Clock | None,
    sleep: Callable[[float], Awaitable[None]],
) -> Iterator[G]:
    """The same with a `Gateway` of another kind; `sleep` waits between two attempts of a call, in seconds."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / "tollhouse.toml"
    file.write_text(toml.replace("{provider}", provider.base_url) + _played(provider.base_url), encoding="utf-8")
    # What the developer has set for a Tollhouse of theirs is not meant for this one.
    foreign = {name for name in os.environ if name.startswith("TOLLHOUSE_")}
    with patch.dict(os.environ):
        for name in foreign:
            del os.environ[name]
        settings = Settings.load(data=folder / "data", config=file, overrides={"port": 0})
    with _thread() as loop:
        running = Running(settings, clock, sleep)
        started = asyncio.run_coroutine_threadsafe(running.start(), loop).result()
        try:
            made = make(started, running.server, loop, provider, running.url)
            made.running = running
            yield made
        finally:
            asyncio.run_coroutine_threadsafe(running.stop(), loop).result()


class Running:
    """The house and its server, in one task of the thread's loop: what opens it closes it."""

    server: Server
    url: str

    def __init__(self, settings: Settings, clock: Clock | None, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._settings, self._clock, self._sleep = settings, clock, sleep
        self._port = 0

    async def start(self) -> House:
        """Serve, where it was served before; raises what keeps it from that."""
        self._house: asyncio.Future[House] = asyncio.get_running_loop().create_future()
        self._serving = asyncio.create_task(self._serve())
        await asyncio.wait((self._house, self._serving), return_when=asyncio.FIRST_COMPLETED)
        if self._serving.done():
            await self._serving
        return self._house.result()

    async def stop(self) -> None:
        """Let it end, and wait."""
        self.server.should_exit = True
        await self._serving

    async def _serve(self) -> None:
        async with open_house(
            self._settings,
            kind="web",
            may_migrate=True,
            may_create_key=True,
            clock=self._clock,
            make_engine=lambda _: Inline(),
            sleep=self._sleep,
        ) as house:

            async def tell(url: str) -> None:
                self.url = url
                self._port = urlsplit(url).port or 0
                house.worker.begin()
                self._house.set_result(house)

            self.server = Server(
                lambda is_ready: application(house, is_ready=is_ready),
                host="127.0.0.1",
                port=self._port,
                drain_s=0,
                on_started=tell,
            )
            await self.server.serve()


@contextmanager
def _thread() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop of its own, in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="tollhouse", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        asyncio.run_coroutine_threadsafe(loop.shutdown_default_executor(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _played(base_url: str) -> str:
    """The providers' tables of the configuration file."""
    table = f'base_url = "{base_url}"\nallow_private_address = true\napi_key = "sk-test"\nshare = true\n'
    return "".join(f"\n[providers.{name}]\n{table}" for name in PLAYED)
