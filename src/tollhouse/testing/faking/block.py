"""`fake()`: a fake for a block, or for a function, with or without pytest."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from typing import Any, TypeVar, cast

from tollhouse.testing.faking.fake import AiFake

F = TypeVar("F", bound=Callable[..., Any])


class fake(AbstractContextManager[AiFake]):  # noqa: N801 - it is used as a word
    """A fake on a free port, in a thread of its own, for code that blocks as much as for code that awaits.

    ```python
    with fake() as ai:
        ai.chat().reply("Hello")

    @fake(environment=True)
    def test_greets(ai_fake):
        ai_fake.chat().reply("Hello")
    ```

    Leaving it verifies that nothing was asked which no rule answers.
    """

    def __init__(self, *, environment: bool = False) -> None:
        """Prepare. With `environment`, the SDKs find it by the variables of this process until it is over."""
        self._environment = environment
        self._open: list[AbstractContextManager[AiFake]] = []

    def __enter__(self) -> AiFake:
        opened = _faked(self._environment)
        made = opened.__enter__()
        self._open.append(opened)
        return made

    def __exit__(self, *error: Any) -> None:
        self._open.pop().__exit__(*error)

    def __call__(self, function: F) -> F:
        """The function with a fake of its own at each call, as the keyword argument `ai_fake`."""

        @wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            with fake(environment=self._environment) as made:
                return function(*arguments, **named, ai_fake=made)

        @wraps(function)
        async def call_awaited(*arguments: Any, **named: Any) -> Any:
            with fake(environment=self._environment) as made:
                return await function(*arguments, **named, ai_fake=made)

        wrapper: Any = call_awaited if inspect.iscoroutinefunction(function) else call
        # Whoever looks for what to give, as pytest does, must not look for this one.
        told = inspect.signature(function)
        left = [parameter for name, parameter in told.parameters.items() if name != "ai_fake"]
        wrapper.__signature__ = told.replace(parameters=left)
        return cast(F, wrapper)


@contextmanager
def _faked(environment: bool) -> Iterator[AiFake]:
    with AiFake.in_thread() as made:
        if not environment:
            yield made
            return
        told = made.environ()
        before = {name: os.environ.get(name) for name in told}
        os.environ.update(told)
        try:
            yield made
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
