"""What management shows: each view's JSON is what the API answers and what `--json` prints.

Money is a decimal string of dollars, an instant RFC 3339 in UTC, an id its prefixed text. No view has room for a
secret, but those of a token and of a webhook that were just made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Generic, Literal, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

V = TypeVar("V")
Amount: TypeAlias = str | int
"""Dollars as a decimal string; tokens and requests as a number."""

DeliveryStatus: TypeAlias = Literal["pending", "delivered", "failed"]


class Listing(msgspec.Struct, Generic[V], frozen=True, kw_only=True):
    """A page of a list, in OpenAI's shape."""

    object: Literal["list"] = "list"
    data: tuple[V, ...]
    first_id: str | None = None
    last_id: str | None = None
    has_more: bool = False

    def __iter__(self) -> Iterator[V]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)


def listing(views: Sequence[Any], *, has_more: bool = False) -> Listing[Any]:
    """The views as a page; views without an id are a list whose pages cannot be turned."""
    page = tuple(views)
    ends = [getattr(view, "id", None) for view in (page[0], page[-1])] if page else [None, None]
    return Listing(data=page, first_id=ends[0], last_id=ends[1], has_more=has_more)


class WorkspaceView(msgspec.Struct, frozen=True, kw_only=True):
    """A group of users who share budgets and a bill."""

    id: str
    name: str
    time_zone: str
    created_at: datetime


class LimitsView(msgspec.Struct, frozen=True, kw_only=True):
    """How much at a time; null is unlimited."""

    requests_per_minute: int | None
    tokens_per_minute: int | None
    concurrent: int | None


class UserView(msgspec.Struct, frozen=True, kw_only=True):
    """Who has tokens, credentials and limits."""

    id: str
    name: str
    email: str | None
    workspace: str
    time_zone: str
    limits: LimitsView
    created_at: datetime
    disabled_at: datetime | None


class TokenView(msgspec.Struct, frozen=True, kw_only=True):
    """A token, without itself: `prefix` is the part that is no secret."""

    id: str
    user: str
    name: str
    prefix: str
    scopes: tuple[str, ...]
    created_by: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class TokenMade(TokenView, frozen=True, kw_only=True):
    """A new token. `token` is shown this once and kept nowhere."""

    token: str

    def __repr__(self) -> str:
        return f"TokenMade(id={self.id!r}, token=***)"


class CacheView(msgspec.Struct, frozen=True, kw_only=True):
    """Answers that can be given again; `saved_usd` is what those have cost that were, each time."""

    entries: int
    size_bytes: int
    hits: int
    saved_usd: str


class TrialsView(msgspec.Struct, frozen=True, kw_only=True):
    """Answers to questions like those that were asked, under a name, compared with what the model said.

    Attributes:
        wrong: how many of those compared were other answers.
        share: of wrong ones; between `low` and `high` it lies truly, at 95 % confidence.
    """

    name: str
    compared: int
    wrong: int
    share: float
    low: float
    high: float


class CredentialView(msgspec.Struct, frozen=True, kw_only=True):
    """A provider's key, without itself.

    Attributes:
        fingerprint: equal for equal keys of one workspace, and says nothing more.
        reference: where the operator keeps it, when it is not sealed here.
        age_days: whole days since it was entered.
    """

    id: str
    user: str
    provider: str
    label: str | None
    role: str
    active: bool
    last4: str
    fingerprint: str
    reference: str | None
    fields: dict[str, str]
    created_at: datetime
    verified_at: datetime | None
    last_used_at: datetime | None
    last_error: str | None
    last_error_at: datetime | None
    age_days: int


class RotationView(msgspec.Struct, frozen=True, kw_only=True):
    """How far the rotation of the master key has come.

    Attributes:
        primary: the key id that seals now.
        rewrapped: secrets that were moved to it.
        dropped: old key ids that nothing needed any more.
        left: old key id -> secrets still under it, which could not be read.
    """

    primary: str
    rewrapped: int
    dropped: tuple[str, ...]
    left: dict[str, int]


class BudgetView(msgspec.Struct, frozen=True, kw_only=True):
    """A budget and how much of it is left in the current period.

    Attributes:
        owner: `{"user": id}`, `{"workspace": id}` or `{"token": id}`.
        posted: spent.
        open: set aside for calls under way.
        unconfirmed: set aside for calls whose end is unknown; counts as spent.
        overage: what was posted above what had been set aside.
        exceeded: nothing is left, with what is under way not counted.
    """

    id: str
    owner: dict[str, str]
    model: str | None
    unit: str
    window: str
    mode: str
    limit: Amount
    posted: Amount
    open: Amount
    unconfirmed: Amount
    overage: Amount
    available: Amount
    period: str
    resets_at: datetime | None
    exceeded: bool
    alert_at: tuple[float, ...]
    min_output_tokens: int
    time_zone: str
    created_at: datetime


class HeldView(msgspec.Struct, frozen=True, kw_only=True):
    """What a hold sets aside in one budget."""

    budget: str
    period: str
    unit: str
    amount: Amount


class HoldView(msgspec.Struct, frozen=True, kw_only=True):
    """Money set aside for one attempt."""

    id: str
    request: str
    provider: str
    model: str
    state: str
    usd: str
    budgets: tuple[HeldView, ...]
    deadline: datetime


class UsageView(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of one request; the parts are included in the sums."""

    input_tokens: int
    output_tokens: int
    total_tokens: int
    input_cached_tokens: int
    input_cache_write_tokens: int
    output_reasoning_tokens: int


class ErrorView(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request did not succeed."""

    code: str
    message: str | None


class AttemptView(msgspec.Struct, frozen=True, kw_only=True):
    """One try of a call.

    Attributes:
        began_ms, heard_ms: when it was begun, and when it began to speak or failed, in milliseconds since the request
            came. Unknown of a request that succeeded at once: there the request's own times say as much.
    """

    number: int
    provider: str
    model: str
    credential: str | None
    hold: str
    outcome: str | None
    provider_status: int | None
    began_ms: float | None = None
    heard_ms: float | None = None


class GuardView(msgspec.Struct, frozen=True, kw_only=True):
    """What one guard said of one side of a request.

    Attributes:
        side: `input` or `output`.
        by: the guard: `rules`, `personal_data`, `moderation`, or `guards` for all of them.
        verdict: `allow`, `flag`, `block` or `unavailable`.
        acts: something came of it.
        reasons: rules, kinds or categories; or why it could not judge.
        model: the moderation model that was asked, and `version` what it calls itself.
        scores: what the model said of each category, from 0 to 1.
    """

    side: str
    by: str
    verdict: str
    acts: bool
    reasons: tuple[str, ...] = ()
    model: str | None = None
    version: str | None = None
    scores: dict[str, float] = {}


class PayloadView(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked and answered, as far as it is kept, without secrets."""

    request: str | None
    response: str | None


class RequestView(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the request log; what is not known is null.

    Attributes:
        run: the turn of a conversation that it was made for.
        has_payload, payload: come with one request: whether bodies are kept, and they, for who may see them.
    """

    id: str
    user: str
    workspace: str
    token: str
    surface: str
    stream: bool
    provider: str | None
    model: str | None
    asked_model: str | None
    credential: str | None
    status: int
    outcome: str
    error: ErrorView | None
    finish_reason: str | None
    usage: UsageView | None
    cost_usd: str | None
    cost_status: str | None
    response_time_ms: float
    time_to_first_token_ms: float | None
    upstream_ms: float
    ip: str | None
    user_agent: str | None
    client_request_id: str | None
    tag: str | None
    run: str | None
    attempts: tuple[AttemptView, ...]
    cache: str | None
    guards: tuple[GuardView, ...]
    created_at: datetime
    has_payload: bool | UnsetType = UNSET
    payload: PayloadView | UnsetType = UNSET


class SpendRow(msgspec.Struct, frozen=True, kw_only=True):
    """What one user, token, model, provider, tag or day (UTC) came to."""

    user: str | UnsetType = UNSET
    token: str | UnsetType = UNSET
    provider: str | UnsetType | None = UNSET
    model: str | UnsetType | None = UNSET
    tag: str | UnsetType = UNSET
    day: str | UnsetType = UNSET
    requests: int
    unpriced_requests: int
    estimated_requests: int
    input_tokens: int
    input_cached_tokens: int
    output_tokens: int
    cost_usd: str


class ForecastView(msgspec.Struct, frozen=True, kw_only=True):
    """A month's spend so far, and what it will come to at the pace of the last seven whole days (UTC)."""

    month: str
    spent_usd: str
    pace_usd_per_day: str
    forecast_usd: str


class MeView(msgspec.Struct, frozen=True, kw_only=True):
    """The caller, as the gateway knows them."""

    user: UserView
    token: TokenView
    limits: LimitsView
    budgets: tuple[BudgetView, ...]


class MyUsageView(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller spent since an instant, by day and by model, and what is left."""

    since: datetime
    days: tuple[SpendRow, ...]
    models: tuple[SpendRow, ...]
    budgets: tuple[BudgetView, ...]


class RouteView(msgspec.Struct, frozen=True, kw_only=True):
    """An alias, and who may answer for it."""

    name: str
    strategy: str
    candidates: tuple[str, ...]
    weights: tuple[int, ...]


class PriceView(msgspec.Struct, frozen=True, kw_only=True):
    """What a model costs, in dollars per million tokens; null when that is unknown."""

    provider: str
    model: str
    version: str
    input_usd_per_million: str | None
    output_usd_per_million: str | None
    input_cached_usd_per_million: str | None
    context_tokens: int | None
    imported_at: datetime | None


class CandidateView(msgspec.Struct, frozen=True, kw_only=True):
    """One who may answer, and why in this place."""

    position: int
    provider: str
    model: str
    credential: str | None
    role: str | None
    why: str
    price: PriceView


class ExplainedView(msgspec.Struct, frozen=True, kw_only=True):
    """Who would answer a request for a model, best first."""

    asked_model: str
    user: str
    strategy: str
    candidates: tuple[CandidateView, ...]


class RefreshedView(msgspec.Struct, frozen=True, kw_only=True):
    """Imported prices that were dropped; each is imported anew when it is next needed."""

    dropped: int


class WebhookView(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint that hears of alerts, without its secret.

    Attributes:
        gone_at: when it said that it wants no more (410), and was disabled.
    """

    id: str
    url: str
    events: tuple[str, ...]
    active: bool
    gone_at: datetime | None
    created_at: datetime


class WebhookMade(WebhookView, frozen=True, kw_only=True):
    """An endpoint with a new secret, which is shown this once."""

    secret: str

    def __repr__(self) -> str:
        return f"WebhookMade(id={self.id!r}, secret=***)"


class AlertView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was raised, once.

    Attributes:
        rearmed_at: when it could be raised again: a limit was raised, a credential worked again.
    """

    id: str
    type: str
    facts: dict[str, Any]
    created_at: datetime
    rearmed_at: datetime | None


class DeliveryView(msgspec.Struct, frozen=True, kw_only=True):
    """What came of telling one target of one alert.

    Attributes:
        alert: the alert's id, which the target sees as `webhook-id`.
        target: id of a webhook, `email` or `chat`.
        attempts: how often it was sent, or begun to be.
        error: why the last attempt failed.
    """

    id: str
    alert: str
    event: str
    target: str
    status: DeliveryStatus
    attempts: int
    response_status: int | None
    error: str | None
    created_at: datetime
    tried_at: datetime | None
    next_try_at: datetime | None


class DeedView(msgspec.Struct, frozen=True, kw_only=True):
    """Who changed what.

    Attributes:
        actor: a token's id, or `command line`.
        subject: id of what was changed.
        facts: what it was changed to, and why where that was said.
    """

    id: str
    at: datetime
    actor: str
    deed: str
    subject: str
    facts: dict[str, Any]
