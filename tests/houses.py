"""Open houses for tests: the real application over a temporary folder, served on a real socket when asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from databases import lay_schema
from tollhouse import app
from tollhouse.admin import access
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.api.server import Server
from tollhouse.app import House, application, open_house
from tollhouse.clock import Clock
from tollhouse.jobs.inline import Inline
from tollhouse.settings import Settings
from tollhouse.tokens import ADMIN


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A user with one token."""

    id: str
    workspace: str
    token_id: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}


def acme_toml(
    base_url: str,
    *,
    api_key: str | None = None,
    share: bool = False,
    extra: str = "",
    dialect: str = "openai_chat",
    of_provider: str = "",
) -> str:
    """A configuration file with one provider, `acme`, at an address such as a `WireProvider`'s `base_url`.

    Args:
        of_provider: more lines of its table; `extra` of the file.
    """
    key = "" if api_key is None else f'api_key = "{api_key}"\nshare = {str(share).lower()}\n'
    more = key + of_provider
    return (
        f'[providers.acme]\ndialect = "{dialect}"\nbase_url = "{base_url}"\nallow_private_address = true\n{more}\n'
        '[providers.acme.models."acme-1"]\ninput_usd_per_million = "2.50"\noutput_usd_per_million = "10.00"\n'
        f"context_tokens = 128000\nmax_output_tokens = 16384\n{extra}"
    )


@asynccontextmanager
async def opened(
    folder: Path,
    *,
    toml: str = "",
    clock: Clock | None = None,
    database_url: str | None = None,
    kind: str = "command",
    works: bool = False,
) -> AsyncIterator[House]:
    """A house over `folder`, made when it is new. `kind="web"` also keeps house: heartbeat, recovery, retention.

    One that works executes what is asked in the background, by an engine without memory.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / "tollhouse.toml"
    file.write_text(toml, encoding="utf-8")
    settings = Settings.load(data=folder, config=file, overrides={"database_url": database_url})
    await lay_schema(app.database_url(settings))
    async with open_house(
        settings, kind=kind, may_migrate=True, may_create_key=True, clock=clock, make_engine=lambda _: Inline()
    ) as house:
        if works:
            house.worker.begin()
        yield house


@asynccontextmanager
async def served(house: House) -> AsyncIterator[str]:
    """The base URL of a real server in this event loop, on a free port; `/v1` is not part of it."""
    url: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def tell(it: str) -> None:
        url.set_result(it)

    server = Server(
        lambda is_ready: application(house, is_ready=is_ready), host="127.0.0.1", port=0, drain_s=0, on_started=tell
    )
    serving = asyncio.create_task(server.serve())
    try:
        yield await url
    finally:
        server.should_exit = True
        await serving


async def make_person(
    house: House,
    name: str = "ada",
    *,
    scopes: Iterable[str] | None = None,
    without_limits: bool = True,
    workspace: str | None = None,
    time_zone: str = "UTC",
) -> Person:
    """A user with one token, of the usual scopes unless told otherwise."""
    user = await access.create_user(
        house.desk,
        COMMAND_LINE,
        name=name,
        time_zone=time_zone,
        without_limits=without_limits,
        workspace=workspace,
    )
    made = await access.create_token(house.desk, COMMAND_LINE, user.id, name="test", scopes=scopes)
    return Person(id=user.id, workspace=user.workspace, token_id=made.id, token=made.token)


async def make_admin(house: House, name: str = "root") -> Person:
    """A user whose token manages, and does nothing else."""
    return await make_person(house, name, scopes=[ADMIN])


@pytest.fixture
async def open_a_house(tmp_path: Path) -> AsyncIterator[Callable[..., object]]:
    """`await open_a_house(toml=…, clock=…, database_url=…)` opens one that is closed with the test."""
    async with AsyncExitStack() as stack:
        yield lambda **options: stack.enter_async_context(opened(tmp_path / "data", **options))


@pytest.fixture
async def stored_house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """A house on SQLite, and again on PostgreSQL."""
    async with opened(tmp_path / "data", database_url=database_url) as it:
        yield it


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A house with the built-in providers only, of which the demo needs no key and no network."""
    async with opened(tmp_path / "data") as it:
        yield it
