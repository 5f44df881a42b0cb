"""The path of a request with the operator's guards on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from tollhouse.gateway.answer import Steps
from tollhouse.gateway.moderate import Moderate
from tollhouse.gateway.screen import Screen
from tollhouse.guard.declared import declared_policies
from tollhouse.guard.verdicts import Told


def guarded(
    steps: Steps,
    told: Mapping[str, Any],
    canaries: Iterable[str],
    on_verdict: Callable[[Told], None],
    *,
    hear_out_s: float,
) -> Steps:
    """The same path with guards on it, when there are any.

    Args:
        told: the table `[guards]`; `canaries` are those of its answers, opened.
        on_verdict: is told of each.
        hear_out_s: how long a provider is heard on whose answer was stopped.

    Raises:
        ConfigurationError: the table cannot be used.
    """
    asked, answered = declared_policies(told, canaries, Moderate(steps))
    if asked is None and answered is None:
        return steps
    screen = Screen(asked, answered, on_verdict, hear_out_s=hear_out_s, monotonic=steps.clock.monotonic)
    return replace(steps, screen=screen)
