"""Run a Tollhouse that waits for nothing, and verify its ledger when the block ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from tollhouse.clock import Clock
from tollhouse.testing.clock import ManualClock
from tollhouse.testing.faking.fake import AiFake
from tollhouse.testing.gateway import run
from tollhouse.testing.whole.tollhouse import Tollhouse

S = TypeVar("S", bound=Tollhouse)


@contextmanager
def running(
    ai: AiFake, *, folder: Path | None = None, clock: Clock | None = None, toml: str = ""
) -> Iterator[Tollhouse]:
    """A Tollhouse that runs, with a user and a token.

    Args:
        ai: plays OpenAI, Anthropic and Google, with the models and prices that are published for these.
        folder: for its data; a temporary one unless told.
        clock: a `ManualClock` that stands at this moment, unless told. A pause between two attempts turns it instead
            of being waited for.
        toml: more of its configuration file, as for `tollhouse.testing.gateway`.

    Raises:
        ConfigurationError: what is wrong with `toml`.
        AssertionError: at the end, the ledger's entries do not agree with the rest.
    """
    with running_as(Tollhouse, ai, folder=folder, clock=clock, toml=toml) as tollhouse:
        yield tollhouse


@contextmanager
def running_as(
    kind: type[S], ai: AiFake, *, folder: Path | None = None, clock: Clock | None = None, toml: str = ""
) -> Iterator[S]:
    """The same with a `Tollhouse` of another kind."""
    told = clock or ManualClock(datetime.now(UTC))

    async def pass_time(seconds: float) -> None:
        if isinstance(told, ManualClock):
            told.advance(seconds=seconds)
        else:
            await asyncio.sleep(seconds)

    with ExitStack() as stack:
        place = Path(stack.enter_context(TemporaryDirectory())) if folder is None else folder
        tollhouse = stack.enter_context(run(kind, place, ai, toml=toml, clock=told, sleep=pass_time))
        stack.callback(tollhouse.close)
        yield tollhouse
        tollhouse.verify()
