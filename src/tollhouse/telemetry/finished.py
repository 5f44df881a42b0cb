"""What logs and metrics look at in a finished request. The request log's own rows fit, as they are."""

from __future__ import annotations

from typing import Protocol


class Begun(Protocol):
    """Who asked."""

    @property
    def id(self) -> str:
        """`req_…`, the same as in the answer's header."""

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
    def input_tokens(self) -> int | None:
        """All tokens read, cached ones included; None when unknown."""

    @property
    def input_cached_tokens(self) -> int | None:
        """Those of them that came from the provider's cache."""

    @property
    def output_tokens(self) -> int | None:
        """Tokens written; None when unknown."""

    @property
    def input_cost(self) -> int | None: ...

    @property
    def output_cost(self) -> int | None: ...

    @property
    def cost_status(self) -> str | None:
        """`exact`, `estimated` or `unpriced`; None when nothing was to be paid for."""

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


def cost_of(ending: Ended) -> int | None:
    """The whole cost in nanodollars, or None when it is unknown."""
    if ending.input_cost is None or ending.output_cost is None:
        return None
    return ending.input_cost + ending.output_cost
