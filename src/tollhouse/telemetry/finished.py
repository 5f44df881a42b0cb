"""What logs, metrics and spans look at in a finished request. The request log's own rows fit, as they are."""

from __future__ import annotations

from typing import Protocol

import msgspec


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt of a request, as its span tells it. `*_us` are microseconds since the request came.

    Attributes:
        outcome: one of the request log's few words.
        provider_status: the HTTP status of a provider that refused; None when it did not, or nobody answered.
        first_us: until the first token; None when none came.
    """

    number: int
    provider: str
    model: str
    outcome: str
    provider_status: int | None
    began_us: int
    first_us: int | None
    ended_us: int


class Journey(msgspec.Struct, frozen=True, kw_only=True):
    """What only a trace tells of a request, and no row keeps.

    Attributes:
        traceparent: the client's own place in a trace, as it came.
    """

    traceparent: bytes | None
    attempts: tuple[Tried, ...]


class Begun(Protocol):
    """Who asked."""

    @property
    def id(self) -> str:
        """`req_…`, the same as in the answer's header."""

    @property
    def created_at(self) -> int:
        """When it came, in microseconds since 1970."""

    @property
    def surface(self) -> str:
        """Which way it was asked."""

    @property
    def asked_model(self) -> str | None:
        """The client's name of the model; None when it gave none."""

    @property
    def stream(self) -> bool: ...

    @property
    def tag(self) -> str | None:
        """What the client calls this kind of spending."""

    @property
    def run_id(self) -> str | None:
        """`run_…` of the turn it belongs to, when it does."""

    @property
    def user_id(self) -> str:
        """`usr_…`"""

    @property
    def client_request_id(self) -> str | None:
        """What the client calls it, and finds in the answer's header instead; None when it gave none."""


class Ended(Protocol):
    """How it ended. Costs are nanodollars, None when the price is unknown; `*_us` are microseconds."""

    @property
    def status(self) -> int:
        """The HTTP status answered."""

    @property
    def outcome(self) -> str:
        """One of the request log's few words."""

    @property
    def provider(self) -> str | None:
        """Who answered, or was asked last; None when nobody was."""

    @property
    def model(self) -> str | None:
        """The provider's name of the model."""

    @property
    def finish_reason(self) -> str | None:
        """Why the model stopped, in the provider's word."""

    @property
    def input_tokens(self) -> int | None:
        """All tokens read, cached ones included; None when unknown."""

    @property
    def input_cached_tokens(self) -> int | None:
        """Those of them that came from the provider's cache."""

    @property
    def input_cache_write_tokens(self) -> int | None:
        """Those that went into it."""

    @property
    def output_tokens(self) -> int | None:
        """Tokens written; None when unknown."""

    @property
    def output_reasoning_tokens(self) -> int | None:
        """Those of them that the model thought in."""

    @property
    def input_cost(self) -> int | None: ...

    @property
    def output_cost(self) -> int | None: ...

    @property
    def cost_status(self) -> str | None:
        """`exact`, `estimated` or `unpriced`; None when nothing was to be paid for."""

    @property
    def cache(self) -> str | None:
        """`hit`, `similar`, `miss`, `bypass` or `replayed`; None when nothing could have spared the call."""

    @property
    def response_time_us(self) -> int:
        """From the request's first byte to the answer's last."""

    @property
    def first_token_us(self) -> int | None:
        """Until the first token was passed on."""

    @property
    def upstream_us(self) -> int:
        """What of the response time was spent waiting for providers."""


class Finished(Protocol):
    """A request that has been answered."""

    @property
    def skeleton(self) -> Begun: ...

    @property
    def ending(self) -> Ended: ...

    @property
    def journey(self) -> Journey | None:
        """None where nobody wants spans, and of a request whose process died."""


def cost_of(ending: Ended) -> int | None:
    """The whole cost in nanodollars, or None when it is unknown."""
    if ending.input_cost is None or ending.output_cost is None:
        return None
    return ending.input_cost + ending.output_cost


class Opinion(Protocol):
    """What a guard thinks. Each is one of few words."""

    @property
    def by(self) -> str:
        """The guard."""

    @property
    def verdict(self) -> str:
        """What it thinks."""


class Judged(Protocol):
    """A guard's verdict on one side of a request."""

    @property
    def side(self) -> str:
        """`input` or `output`."""

    @property
    def opinion(self) -> Opinion: ...

    @property
    def acts(self) -> bool:
        """Something came of it."""
