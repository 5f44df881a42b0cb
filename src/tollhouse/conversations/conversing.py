"""What conversations need, made once by `app`."""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec

from tollhouse.clock import Clock
from tollhouse.conversations.runs.under_way import UnderWay
from tollhouse.gateway.answer import Steps
from tollhouse.held import Held
from tollhouse.store.engine import Store


class Habits(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator has set.

    Attributes:
        max_message_chars: of a user's message; None for what the model reads.
        unknown_context_tokens: taken for the window of a model whose own is not known.
        title_model: makes titles; None leaves the first words.
        store_responses: keep OpenAI's responses that do not say whether to.
    """

    max_message_chars: int | None = None
    unknown_context_tokens: int = 32_768
    title_model: str | None = None
    store_responses: bool = False


class Conversing(msgspec.Struct, frozen=True, kw_only=True):
    """The parts.

    Attributes:
        path: that of a request, as it is now.
        as_set: what the operator has set, as it is now.
        heard_by: the channels that the settings name to hear of runs in the background that fail.
        on_queued: a run waits for a worker.
        on_ended: a run in the background has ended, as this word says, durably.
    """

    store: Store
    clock: Clock
    boot_id: str
    path: Held[Steps]
    under_way: UnderWay
    as_set: Held[Habits]
    heard_by: Held[tuple[str, ...]]
    chance: Callable[[], float] = random.random
    on_queued: Callable[[], None] = lambda: None
    on_ended: Callable[[str], None] = lambda status: None

    @property
    def steps(self) -> Steps:
        """The path of a request."""
        return self.path.now

    @property
    def habits(self) -> Habits:
        """What the operator has set."""
        return self.as_set.now
