"""Open the house for one command, and take it down again."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tollhouse.errors import CannotStart

if TYPE_CHECKING:
    from tollhouse.admin.desk import Actor, Desk
    from tollhouse.app import House
    from tollhouse.settings import Settings

T = TypeVar("T")


def load_settings(data: Path | None, config: Path | None, **said: Any) -> Settings:
    """The settings, with what the command line says on top. Raises ConfigurationError."""
    from tollhouse.settings import Settings

    return Settings.load(data=data, config=config, overrides=said)


def with_desk(data: Path | None, config: Path | None, act: Callable[[Desk, Actor], Awaitable[T]]) -> T:
    """Do something that management can do, as the operator at this machine. Raises as `with_house` does."""
    from tollhouse.admin.desk import COMMAND_LINE

    return with_house(load_settings(data, config), lambda house: act(house.desk, COMMAND_LINE))


def with_house(
    settings: Settings,
    act: Callable[[House], Awaitable[T]],
    *,
    may_migrate: bool = False,
    may_create_key: bool = False,
) -> T:
    """Do something with the house of an installation.

    Args:
        may_create_key: there may be none yet, and it is made.

    Raises:
        CannotStart: there is none, or it cannot be opened.
    """
    from tollhouse.app import open_house
    from tollhouse.telemetry import configure_logs

    if settings.database_url is None and not settings.data.is_dir() and not may_create_key:
        raise CannotStart(
            f"there is no data folder {settings.data}: make one with `tollhouse up`, or name it with --data"
        )
    configure_logs(level="warning", format=settings.log.format)

    async def run() -> T:
        async with open_house(settings, may_migrate=may_migrate, may_create_key=may_create_key) as house:
            return await act(house)

    return asyncio.run(run())


def doubts(settings: Settings) -> tuple[str, ...]:
    """What the settings say that had better be otherwise: one sentence each, without secrets.

    Raises ConfigurationError when it cannot be used.
    """
    from tollhouse.telemetry.collector import MISSING, collector_of, is_extra_missing

    is_for_nothing = collector_of(*settings.telemetry.resolve(), os.environ) is not None and is_extra_missing()
    return (*settings.warnings, MISSING) if is_for_nothing else settings.warnings


def require_folder(settings: Settings) -> None:
    """Make no folder where a name was mistyped. Raises CannotStart when there is none, and one is needed."""
    if settings.database_url is None and not settings.data.is_dir():
        raise CannotStart(
            f"there is no data folder {settings.data}: make one with `tollhouse up`, or name it: --data DIR"
        )
