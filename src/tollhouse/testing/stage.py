"""Which script answers which request."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from tollhouse.testing.request import Expectation, Request
from tollhouse.testing.script import expect
from tollhouse.testing.steps import Scripted

Condition: TypeAlias = Callable[[Request], bool] | Expectation


class Scenes:
    """Exchanges in the order in which they are to happen, and what is answered when they are through."""

    def __init__(self) -> None:
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
        super().__init__()
        self._particular: list[tuple[Condition, Scenes]] = []

    def when(
        self,
        matches: Condition | None = None,
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

        `provider.when(model="acme-slow").always(wait(1), answer("At last"))`. Conditions are those of `expect`, or a
        function of the request; the same conditions give the same scenes.
        """
        if matches is None:
            matches = expect(method=method, path=path, model=model, json=json, headers=headers, stream=stream)
        for known, scenes in self._particular:
            if known == matches:
                return scenes
        scenes = Scenes()
        self._particular.append((matches, scenes))
        return scenes

    def choose(self, request: Request) -> tuple[Scripted, bool] | None:
        """What answers this request; None: nothing was scripted for it."""
        for matches, scenes in self._particular:
            if _applies(matches, request) and (taken := scenes.take()):
                return taken
        return self.take()

    @property
    def unasked(self) -> int:
        """Exchanges of all scenes that have not been asked for."""
        return self.waiting + sum(scenes.waiting for _, scenes in self._particular)


def _applies(condition: Condition, request: Request) -> bool:
    if isinstance(condition, Expectation):
        return not condition.differences(request)
    return condition(request)
