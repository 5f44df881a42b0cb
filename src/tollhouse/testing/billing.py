"""What a real provider would bill: the truth that a ledger is compared with."""

from __future__ import annotations

import msgspec

from tollhouse.dialects.chat import Usage
from tollhouse.testing.request import Request
from tollhouse.testing.steps import Bill, Count, Done, Step


class Billed(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange on the provider's bill.

    Attributes:
        request: its number in `WireProvider.requests`.
        attempt: the first of the request's headers `x-tollhouse-attempt`, `idempotency-key`, `x-request-id`.
        usage: all tokens of a complete answer; of any other, the input and what was said until it ended.
        complete: the answer was made and sent to its end.
        client_left: it was not, because the client went away.
    """

    request: int
    attempt: str | None
    model: str
    usage: Usage
    complete: bool
    client_left: bool


class Meter:
    """Counts one exchange. Nothing is billed before the first word, and bytes only where the script says `bill(…)`."""

    def __init__(self, request: Request, *, makes: bool = True) -> None:
        """`makes` is false where nothing is made, whatever the script counts."""
        self._request = request
        self._makes = makes
        self._planned: Usage | None = None
        self._bill: Usage | None = None
        self._begun = False
        self._generated = False
        self._spoken_tokens = 0

    def plan(self, steps: list[Step]) -> None:
        """Look ahead for the script's own count: a prompt has been counted before the first word is said."""
        self._planned = next((step.usage for step in steps if isinstance(step, Count)), None)

    def add(self, step: Step) -> None:
        """A step that is being performed."""
        if isinstance(step, Bill):
            self._bill = step.usage
            return
        self._begun = True
        self._generated = self._generated or isinstance(step, Done)
        self._spoken_tokens += getattr(step, "tokens", 0)

    def read(self, *, model: str, complete: bool, client_left: bool) -> Billed | None:
        """The bill; None: nothing."""
        usage = self._usage(complete)
        if usage is None:
            return None
        if not self._makes:
            usage = Usage(input_tokens=usage.input_tokens, output_tokens=0)
        return Billed(
            request=self._request.number,
            attempt=_attempt(self._request),
            model=model,
            usage=usage,
            complete=complete,
            client_left=client_left,
        )

    def _usage(self, complete: bool) -> Usage | None:
        if self._bill is not None:
            return self._bill
        if not self._begun:
            return None
        planned = self._planned
        if planned is None:
            # A provider that does not tell its count has one nevertheless: about four bytes a token.
            return Usage(input_tokens=-(-len(self._request.body) // 4), output_tokens=self._spoken_tokens)
        if complete or self._generated:
            return planned
        output_tokens = min(self._spoken_tokens, planned.output_tokens)
        return msgspec.structs.replace(
            planned,
            output_tokens=output_tokens,
            output_reasoning_tokens=min(planned.output_reasoning_tokens, output_tokens),
        )


def _attempt(request: Request) -> str | None:
    """The mark by which a request is found again in a log."""
    for name in ("x-tollhouse-attempt", "idempotency-key", "x-request-id"):
        if name in request.headers:
            return request.headers[name]
    return None
