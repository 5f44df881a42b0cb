"""The settings in force in one process, and what its parts have been handed of them.

What management sets lies in the database, and is looked at every few seconds: a few dozens of rows, beside the
heartbeat and never on the way of a request. What has changed is taken over at once and whole: first everything that
follows from it is made, and when any of it cannot be, all stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from tollhouse.errors import ConfigurationError
from tollhouse.held import Held
from tollhouse.settings import Settings, Stored, laid_over
from tollhouse.store import stored_settings as sql
from tollhouse.store.engine import Store
from tollhouse.telemetry import Event, log

T = TypeVar("T")


class InForce:
    """What is set.

    Attributes:
        settings: as they are now.
        stored: the rows of the database, as they were seen last.
    """

    def __init__(self, settings: Settings, store: Store) -> None:
        """Begin with what the operator has said; `look` takes over what management has."""
        self.settings = settings
        self.stored: Stored = {}
        self._store = store
        self._handed: list[tuple[Held[Any], Callable[[Settings], Any]]] = []
        self._told: list[Callable[[Settings], None]] = []

    def hand(self, make: Callable[[Settings], T]) -> Held[T]:
        """What follows from the settings, made anew whenever they change.

        Args:
            make: does nothing else; raises ConfigurationError when the settings cannot be used so.
        """
        held = Held(make(self.settings))
        self._handed.append((held, make))
        return held

    def tell(self, act: Callable[[Settings], None]) -> None:
        """Tell who takes them over in a manner of its own: now, and whenever they change."""
        act(self.settings)
        self._told.append(act)

    def try_on(self, stored: Stored) -> Settings:
        """What the settings would be with these rows. Raises ConfigurationError when they cannot be used."""
        settings = laid_over(self.settings, stored)
        self._made(settings)
        return settings

    async def begin(self, *, strictly: bool) -> None:
        """Take over what was set before.

        Args:
            strictly: raise ConfigurationError when that cannot be used any more; else it is told, and does not count.
        """
        problems = await self.look()
        if problems and strictly:
            hint = "`tollhouse config unset NAME` takes back what was set in the database"
            raise ConfigurationError(*problems, hint)

    async def look(self) -> tuple[str, ...]:
        """Take over what was changed since; when it cannot be used, all stays as it was. Raises Unavailable.

        Returns:
            Why it cannot be used, one sentence each, which the log is told, too; nothing for what was seen before.
        """
        stored = await self._store.read(sql.all_set)
        if stored == self.stored:
            return ()
        self.stored = stored
        try:
            self._take_over(stored)
        except ConfigurationError as error:
            for problem in error.problems:
                log.warning(Event.SETTINGS_DOUBTFUL, warning=problem)
            return error.problems
        log.info(Event.SETTINGS_CHANGED, settings=sorted(stored))
        return ()

    def _take_over(self, stored: Stored) -> None:
        settings = laid_over(self.settings, stored)
        made = self._made(settings)
        self.settings = settings
        for (held, _), value in zip(self._handed, made, strict=True):
            held.now = value
        for act in self._told:
            act(settings)

    def _made(self, settings: Settings) -> list[Any]:
        return [make(settings) for _, make in self._handed]
