"""The wire provider's own HTTP endpoints, for tests in another process: scripts in, recordings out.

```text
POST /_wire/script     Order: an exchange, for all requests or for some, once or always
POST /_wire/release    let stalled exchanges go on
POST /_wire/faults     FaultOrder: strike at random
GET  /_wire/requests   what was asked
GET  /_wire/billed     what a real provider would bill
GET  /_wire/state      State: what goes on now, and what is amiss
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tollhouse.testing.faults import KINDS, Kind, Struck
from tollhouse.testing.request import Expectation, Request
from tollhouse.testing.steps import Step

if TYPE_CHECKING:
    from tollhouse.testing.wire import WireProvider

PREFIX = "/_wire/"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An exchange to be scripted; `when` None: for every request."""

    steps: list[Step]
    when: Expectation | None = None
    always: bool = False


class FaultOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Faults to be struck; see `Faults`."""

    seed: int
    rate: float = 0.2
    kinds: tuple[Kind, ...] = KINDS


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What goes on at this moment; `findings` is what `verify` would say."""

    requests: int
    answering: int
    stalled: int
    open_connections: int
    struck: list[Struck]
    findings: list[str]


def obey(provider: WireProvider, request: Request) -> tuple[int, dict[str, str], bytes]:
    """Do what a control request asks: status, headers and body of the answer."""
    status, told = _status_and_value(provider, request)
    return status, {"content-type": "application/json"}, msgspec.json.encode(told)


def _status_and_value(provider: WireProvider, request: Request) -> tuple[int, object]:
    try:
        return 200, _obey(provider, request)
    except ValueError as error:
        return 400, {"error": str(error)}
    except LookupError as error:
        return 404, {"error": str(error)}


def _obey(provider: WireProvider, request: Request) -> object:
    match request.method, request.path.removeprefix(PREFIX):
        case "POST", "script":
            order = msgspec.json.decode(request.body, type=Order)
            scenes = provider if order.when is None else provider.when(order.when)
            (scenes.always if order.always else scenes.script)(order.steps)
            return {}
        case "POST", "release":
            provider.release()
            return {}
        case "POST", "faults":
            faults = msgspec.json.decode(request.body, type=FaultOrder)
            provider.faults(faults.seed, rate=faults.rate, kinds=faults.kinds)
            return {}
        case "GET", "requests":
            return provider.requests
        case "GET", "billed":
            return provider.billed
        case "GET", "state":
            return State(
                requests=provider.asked,
                answering=provider.answering,
                stalled=provider.stalled,
                open_connections=provider.open_connections,
                struck=provider.struck,
                findings=provider.findings,
            )
    raise LookupError(f"no control endpoint {request.method} {request.path}")
