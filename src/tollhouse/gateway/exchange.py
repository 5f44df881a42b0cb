"""One request on its way through the gateway: what has been learned of it so far."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any, Final

from tollhouse.cache import wishes
from tollhouse.cache.wishes import Wishes
from tollhouse.dialects.texts import Asked
from tollhouse.gateway.bill import Bill
from tollhouse.gateway.identify import Caller
from tollhouse.gateway.lookup import Lookup
from tollhouse.gateway.route import Candidate
from tollhouse.gateway.screening import Screening
from tollhouse.gateway.tally import Tally
from tollhouse.gateway.translate import AnyTranslation
from tollhouse.limits import Admission
from tollhouse.money.ledger import Held, Put
from tollhouse.money.pricebook import Terms
from tollhouse.providers.base import Headers
from tollhouse.store.requests import Skeleton

NO_TRANSLATIONS: Final[Mapping[str, AnyTranslation]] = {}


class Attempt:
    """One try of a call, under a hold of its own.

    Attributes:
        translated: the request as a provider of another dialect reads it; None when the client's own bytes go there.
        outcome: how it ended; None while it has not.
        is_sent: the provider may have heard of it.
        is_charged: it failed, and its hold stays charged as unconfirmed.
        began_s, heard_s: when it was begun, and when it began to speak or failed, on the monotonic clock.
    """

    __slots__ = (
        "began_s",
        "candidate",
        "heard_s",
        "held",
        "input_bound",
        "is_charged",
        "is_sent",
        "number",
        "outcome",
        "provider_status",
        "terms",
        "translated",
    )

    def __init__(
        self,
        number: int,
        candidate: Candidate,
        terms: Terms,
        held: Held,
        input_bound: int,
        translated: bytes | None = None,
    ) -> None:
        self.number = number
        self.candidate = candidate
        self.terms = terms
        self.held = held
        self.input_bound = input_bound
        self.outcome: str | None = None
        self.is_sent = False
        self.is_charged = False
        self.provider_status: int | None = None
        self.translated = translated
        self.began_s = self.heard_s = 0.0


class Exchange:
    """The working record of one request. The steps of `answer` fill it in; `finish` makes the row of it.

    Attributes:
        dialect: what the client speaks.
        hints: headers of the client's that belong to its dialect, for providers who speak it.
        request: all that is asked, read when a provider speaks another dialect.
        translations: provider -> the request for it, when it speaks another dialect.
        glance: the dialect's shallow look at the body; None when it could not be read.
        began_s, began_us: when it came, on the monotonic clock and in microseconds since 1970.
        upstream_s: seconds spent waiting for providers, and until they could be asked again.
        asked_s: since when one of them is being waited for; None while nobody is.
        bill: what the answer came to, once it is complete.
        skeleton: the row as far as it is known before anything is sent.
        error: what ended it, when it did not succeed.
        has_left: the client went away.
        wait_s: how long the client would rather wait than be refused for lack of money.
        cache: what spared the call, or would have: `hit`, `similar`, `miss`, `bypass`, `replayed`; None when nothing
            could.
        lookup: what the cache made of it; None when there is none.
        wishes: what the client says about being answered from it.
        put: takes what settles and records it, for who writes that with something of their own, and owes it; else the
            writer does.
        may_repeat: a candidate may be asked again after a pause; not for who tries again themselves.
        traceparent: the client's place in a trace, as it came; None without one, and where nobody wants spans.
        screening: what guards have said of it; None while none has.
    """

    __slots__ = (
        "admission",
        "asked_model",
        "asked_s",
        "attempts",
        "began_s",
        "began_us",
        "bill",
        "body",
        "cache",
        "caller",
        "client_request_id",
        "dialect",
        "error",
        "first_s",
        "glance",
        "has_left",
        "hints",
        "id",
        "ip",
        "keeps_bodies",
        "lookup",
        "may_repeat",
        "put",
        "request",
        "run_id",
        "said",
        "screening",
        "skeleton",
        "status",
        "stream",
        "surface",
        "tag",
        "tally",
        "traceparent",
        "translations",
        "upstream_s",
        "user_agent",
        "wait_s",
        "wishes",
    )

    def __init__(
        self, *, request_id: str, surface: str, dialect: ModuleType, body: bytes, began_s: float, began_us: int
    ) -> None:
        self.id = request_id
        self.surface = surface
        self.dialect = dialect
        self.body = body
        self.began_s = began_s
        self.began_us = began_us
        self.hints: Headers = ()
        self.request: Asked | None = None
        self.translations: Mapping[str, AnyTranslation] = NO_TRANSLATIONS
        self.caller: Caller | None = None
        self.glance: Any = None
        self.asked_model: str | None = None
        self.stream = False
        self.ip: str | None = None
        self.user_agent: str | None = None
        self.client_request_id: str | None = None
        self.tag: str | None = None
        self.run_id: str | None = None
        self.wait_s = 0.0
        self.cache: str | None = None
        self.lookup: Lookup | None = None
        self.wishes: Wishes = wishes.NONE
        self.admission: Admission | None = None
        self.attempts: list[Attempt] = []
        self.tally = Tally()
        self.upstream_s = 0.0
        self.asked_s: float | None = None
        self.first_s: float | None = None
        self.bill: Bill | None = None
        self.skeleton: Skeleton | None = None
        self.error: BaseException | None = None
        self.status: int | None = None
        self.has_left = False
        self.keeps_bodies = False
        self.may_repeat = True
        self.put: Put | None = None
        self.traceparent: bytes | None = None
        self.said: list[bytes] = []
        self.screening: Screening | None = None

    def read(self) -> Asked:
        """All that is asked, read once. Raises InvalidRequest."""
        if self.request is None:
            self.request = self.dialect.read_request(self.body)
        return self.request

    def waited_s(self, now_s: float) -> float:
        """Seconds spent waiting for providers until now."""
        return self.upstream_s if self.asked_s is None else self.upstream_s + now_s - self.asked_s

    @property
    def attempt(self) -> Attempt | None:
        """The attempt that answers, or was tried last."""
        return self.attempts[-1] if self.attempts else None

    @property
    def candidate(self) -> Candidate | None:
        """Who answers, has answered before, or was asked last."""
        if self.attempts:
            return self.attempts[-1].candidate
        return None if self.lookup is None else self.lookup.candidate

    @property
    def is_recalled(self) -> bool:
        """What was answered before is said again."""
        return self.lookup is not None and self.lookup.candidate is not None

    def begin(self, boot_id: str) -> Skeleton:
        """The row as far as it is known before anything is sent."""
        caller = self.caller
        if caller is None:
            raise ValueError("a request without a caller has no row")
        self.skeleton = skeleton = Skeleton(
            id=self.id,
            created_at=self.began_us,
            user_id=caller.user_id,
            workspace_id=caller.workspace_id,
            token_id=caller.token_id,
            boot_id=boot_id,
            surface=self.surface,
            asked_model=self.asked_model,
            stream=self.stream,
            ip=self.ip,
            user_agent=self.user_agent,
            client_request_id=self.client_request_id,
            tag=self.tag,
            run_id=self.run_id,
        )
        return skeleton
