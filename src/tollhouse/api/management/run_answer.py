"""What a run came to, as the answer to who asked for it and waits: whole, or why it failed; and what it took."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from starlette.responses import Response

from tollhouse.api import errors, ratelimit_headers
from tollhouse.api.management.door import Visit, problem
from tollhouse.api.surface import gateway_headers
from tollhouse.conversations.runs.under_way import Outcome, Running
from tollhouse.errors import TollhouseError
from tollhouse.providers.base import Headers


async def whole(here: Visit, running: Running, status: int, view: Callable[[Outcome], Any]) -> Response:
    """The run when it has ended, with this status and in this view; or what it failed with."""
    try:
        said = view(succeeded(await running.outcome()))
    except TollhouseError as error:
        return refusal(here, running, error)
    response = Response(msgspec.json.encode(said), status, media_type="application/json")
    response.raw_headers.extend(headers(here, running))
    return response


def refusal(here: Visit, running: Running, error: Exception) -> Response:
    """What a run failed with."""
    response = problem(error, here.head)
    response.raw_headers.extend(headers(here, running))
    return response


def headers(here: Visit, running: Running) -> Headers:
    """What became of the run's request, as far as it is known now, and what is left of its caller's limits."""
    steps = here.conversing.steps
    now_s = steps.clock.monotonic()
    limits = ratelimit_headers.headers(steps.admit.snapshot(here.caller, now_s))
    return limits if running.exchange is None else (*gateway_headers(running.exchange, now_s), *limits)


def succeeded(outcome: Outcome) -> Outcome:
    """An end that is no failure. Raises what the run failed with, naming the run."""
    if outcome.error is None:
        return outcome
    error = errors.as_tollhouse(outcome.error)
    named = {"run": outcome.run.id, "conversation": outcome.run.conversation, "message": outcome.message.id}
    error.details = {**error.details, **named}
    raise error
