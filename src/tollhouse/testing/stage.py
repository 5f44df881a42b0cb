"""Which script answers which request."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from tollhouse.testing.request import Expectation, Request
from tollhouse.testing.script import Scripted, expect


class Scenes:
    """Exchanges in the order in which they are to happen, and what is answered when they are through."""

    def __init__(self, applies: Callable[[Request], bool]) -> None:
        """For the requests to which this applies."""
        self.applies = applies
        self._waiting: deque[Scripted] = deque()
        self._forever: Scripted | None = None

    def script(self, *steps: Scripted) -> None:
        """Add one exchange; it must happen, to its last step."""
        self._waiting.append(steps)

    def always(self, *steps: Scripted) -> None:
        """Answer so, as often as asked, whenever no scripted exchange is waiting."""
        self._forever = steps

    def take(self) -> tuple[Scripted, bool] | None:
        """The next exchange, and whether it must happen to its end."""
        if self._waiting:
            return self._waiting.popleft(), True
        if self._forever is not None:
            return self._forever, False
        return None

    @property
    def waiting(self) -> int:
        """Exchanges that have not been asked for."""
        return len(self._waiting)


class Stage(Scenes):
    """Scenes for all requests, and before them those for particular ones, in the order they were named."""

    def __init__(self) -> None:
        super().__init__(lambda request: True)
        self._particular: list[Scenes] = []

    def when(
        self,
        matches: Callable[[Request], bool] | Expectation | None = None,
        /,
        *,
        method: str | None = None,
        path: str | None = None,
        model: str | None = None,
        json: Mapping[str, Any] | None = None,
        headers: Mapping[str, str | None] | None = None,
        stream: bool | None = None,
    ) -> Scenes:
        """Scenes for requests like this, whatever else goes on meanwhile.

        Conditions are those of `expect`; or give a function of the request.

        >>> stage = Stage()
        >>> stage.when(model="acme-slow").always(wait(1), answer("At last"))  # doctest: +SKIP
        """
        if matches is None:
            matches = expect(method=method, path=path, model=model, json=json, headers=headers, stream=stream)
        scenes = Scenes(_predicate(matches))
        self._particular.append(scenes)
        return scenes

    def choose(self, request: Request) -> tuple[Scripted, bool] | None:
        """What answers this request; None: nothing was scripted for it."""
        for scenes in self._particular:
            if scenes.applies(request) and (taken := scenes.take()):
                return taken
        return self.take()

    @property
    def unasked(self) -> int:
        """Exchanges of all scenes that have not been asked for."""
        return self.waiting + sum(scenes.waiting for scenes in self._particular)


def _predicate(matches: Callable[[Request], bool] | Expectation) -> Callable[[Request], bool]:
    if isinstance(matches, Expectation):
        return lambda request: not matches.differences(request)
    return matches
