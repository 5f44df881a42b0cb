"""Open a house, serve it on a free port, and keep both in a thread of their own until the block ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeVar

from tollhouse.api.server import Server
from tollhouse.app import House, application, open_house
from tollhouse.clock import Clock
from tollhouse.jobs.inline import Inline
from tollhouse.settings import Settings
from tollhouse.testing.clock import ManualClock
from tollhouse.testing.faking.fake import API_KEY, AiFake
from tollhouse.testing.whole.tollhouse import Tollhouse

T = TypeVar("T")

ENOUGH_S: Final = 30.0
"""No single thing that a test asks of the house takes longer."""


@contextmanager
def running(
    ai: AiFake,
    *,
    folder: Path | None = None,
    clock: Clock | None = None,
    settings: Mapping[str, Any] | None = None,
    without_limits: bool = True,
) -> Iterator[Tollhouse]:
    """A Tollhouse that runs, with a user and a token. The environment and configuration files are not looked at.

    Args:
        ai: answers for OpenAI, Anthropic and Google, with the models and prices that are published for these.
        folder: for its data; a temporary one unless told.
        clock: a `ManualClock` that stands at this moment, unless told. A pause between two attempts turns it instead
            of being waited for.
        settings: as in `tollhouse.toml`, nested; `providers` are besides those that the fake answers for.
        without_limits: its users are made without the limits of new users.

    Raises:
        AssertionError: at the end, the ledger's entries do not agree with the rest.
    """
    with ExitStack() as stack:
        place = Path(stack.enter_context(TemporaryDirectory())) if folder is None else folder
        said = dict(settings or {})
        providers = providers_of(ai) | said.pop("providers", {})
        chosen = Settings(data=place, port=0, providers=providers, **said)
        told = clock or ManualClock(datetime.now(UTC))
        keeper = stack.enter_context(_in_thread())
        house, url = stack.enter_context(keeper.entered(_served(chosen, told)))
        tollhouse = Tollhouse(ai, house, url, keeper.do, without_limits=without_limits)
        stack.callback(tollhouse.close)
        yield tollhouse
        tollhouse.verify()


def providers_of(ai: AiFake) -> dict[str, Any]:
    """The tables by which a fake answers for the makers of the dialects."""
    shared = {"allow_private_address": True, "api_key": API_KEY, "share": True}
    return {
        "openai": {"base_url": ai.base_url, **shared},
        "anthropic": {"base_url": ai.base_url, **shared},
        "google": {"base_url": f"{ai.root_url}/v1beta", **shared},
    }


class _Keeper:
    """Runs coroutines in the loop of its thread, for whoever has none."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(ENOUGH_S)

    @contextmanager
    def entered(self, context: Any) -> Iterator[Any]:
        """An asynchronous context, entered and left there by one task, which some contexts ask for."""
        entered: Future[Any] = Future()
        left = asyncio.Event()

        async def live() -> None:
            try:
                async with context as value:
                    entered.set_result(value)
                    await left.wait()
            except BaseException as error:
                if entered.done():
                    raise
                entered.set_exception(error)

        living = asyncio.run_coroutine_threadsafe(live(), self._loop)
        try:
            yield entered.result(ENOUGH_S)
        finally:
            self._loop.call_soon_threadsafe(left.set)
            living.result(ENOUGH_S)


@contextmanager
def _in_thread() -> Iterator[_Keeper]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="tollhouse", daemon=True)
    thread.start()
    try:
        yield _Keeper(loop)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@asynccontextmanager
async def _served(settings: Settings, clock: Clock) -> AsyncIterator[tuple[House, str]]:
    async def pass_time(seconds: float) -> None:
        if isinstance(clock, ManualClock):
            clock.advance(seconds=seconds)
        else:
            await asyncio.sleep(seconds)

    url: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def tell(it: str) -> None:
        url.set_result(it)

    async with open_house(
        settings,
        kind="web",
        may_migrate=True,
        may_create_key=True,
        clock=clock,
        make_engine=lambda boot_id: Inline(),
        sleep=pass_time,
    ) as house:
        house.worker.begin()
        server = Server(
            lambda is_ready: application(house, is_ready=is_ready),
            host="127.0.0.1",
            port=0,
            drain_s=0,
            on_started=tell,
        )
        serving = asyncio.create_task(server.serve())
        try:
            yield house, await url
        finally:
            server.should_exit = True
            await serving
