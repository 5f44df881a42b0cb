"""For what goes round as long as the process lives: one step that fails is told, and does not end it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tollhouse.errors import TollhouseError
from tollhouse.telemetry.events import Event
from tollhouse.telemetry.logs import log


@contextmanager
def survived(step: str) -> Iterator[None]:
    """Log what the block raises, with its trace when it was not on purpose, and go on behind it.

    Whatever it is: without a heartbeat others would take this process for dead, and what waits for it would wait until
    a restart.
    """
    try:
        yield
    except TollhouseError as error:
        log.warning(Event.STORE_FAILED, step=step, error=error.message)
    except Exception:
        log.error(Event.STORE_FAILED, step=step, exc_info=True)
