"""What may be said to management. Every field is typed strictly; one that is not here is refused, never ignored."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, RootModel, WithJsonSchema, model_validator

from tollhouse.admin.budgets import OwnerKind
from tollhouse.admin.credentials import Role
from tollhouse.admin.views import DeliveryStatus
from tollhouse.conversations.messages.views import RunStatus
from tollhouse.money.budgets import Mode, Unit, Window
from tollhouse.notify.events import Subscribable
from tollhouse.store.paging import Page
from tollhouse.store.people import TokenState
from tollhouse.tokens import Scope

Text: TypeAlias = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
Limit: TypeAlias = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Body(BaseModel):
    """A body, or the parameters of a query."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema["properties"].values():
        field.pop("default", None)


class Change(Body):
    """Each field may be left out, and then leaves things as they are: its default is never looked at."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)


class SettingsChange(RootModel[Annotated[dict[Text, JsonValue], Field(min_length=1)]]):
    """Settings by their names: `{"requests.max_age_days": 30}`."""

    model_config = ConfigDict(hide_input_in_errors=True)


class NewWorkspace(Body):
    name: Text
    time_zone: Text = "UTC"


class WorkspaceChange(Body):
    time_zone: Text


class NewUser(Body):
    name: Text
    email: Text | None = None
    time_zone: Text | None = None
    workspace: Text | None = None


class NewToken(Body):
    name: Text
    scopes: list[Scope] | None = None
    expires_at: Annotated[AwareDatetime, Field(strict=False)] | None = None


class Limits(Change):
    """Null is unlimited; what is left out stays."""

    requests_per_minute: Limit | None = None
    tokens_per_minute: Limit | None = None
    concurrent: Limit | None = None


class NewCredential(Body):
    provider: Text
    api_key: Annotated[str, Field(min_length=1, max_length=16_384, json_schema_extra={"writeOnly": True})]
    label: Text | None = None
    role: Role = "primary"
    active: bool = True
    fields: dict[Text, Text] = {}


class CredentialChange(Change):
    label: Text | None = None
    role: Role = "primary"
    active: bool = True


class NewKey(Body):
    api_key: Annotated[str, Field(min_length=1, max_length=16_384, json_schema_extra={"writeOnly": True})]


class Owner(Body):
    """Exactly one of them, by id."""

    user: Text | None = None
    workspace: Text | None = None
    token: Text | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set) != 1 or None in (getattr(self, name) for name in self.model_fields_set):
            raise ValueError("an owner is exactly one of user, workspace and token")
        return self

    @property
    def kind_and_id(self) -> tuple[OwnerKind, str]:
        """Which of them, and its id."""
        if self.user is not None:
            return "user", self.user
        if self.workspace is not None:
            return "workspace", self.workspace
        return "token", self.token or ""


Amount: TypeAlias = Annotated[
    # Any: the desk checks it against the unit, and says what is wrong in one sentence.
    Any,
    WithJsonSchema(
        {"type": ["string", "integer"], "description": "Dollars as a decimal string; tokens and requests as a number."}
    ),
]
Alerts: TypeAlias = Annotated[list[float], Field(max_length=10)]
Output: TypeAlias = Annotated[int, Field(ge=1, le=10**6)]


class NewBudget(Body):
    owner: Owner
    model: Text | None = None
    unit: Unit
    window: Window
    limit: Amount
    mode: Mode | None = None
    alert_at: Alerts = [0.5, 0.8, 1.0]
    min_output_tokens: Output = 1_024


class BudgetChange(Change):
    limit: Amount = 0
    mode: Mode = "strict"
    alert_at: Alerts = []
    min_output_tokens: Output = 1_024


class NewCredit(Body):
    amount: Amount
    reason: Text


Url: TypeAlias = Annotated[str, Field(min_length=1, max_length=2_048)]
Events: TypeAlias = Annotated[list[Subscribable], Field(min_length=1, max_length=20)]


class NewWebhook(Body):
    url: Url
    events: Events


class WebhookChange(Change):
    url: Url = ""
    events: Events = []
    active: bool = True


class Reason(Body):
    """Why it is done. Whoever is refused because of it is told."""

    reason: Text | None = None


class Paging(Body):
    """OpenAI's words for a page of a list."""

    model_config = ConfigDict(strict=False)

    limit: Annotated[int, Field(ge=1, le=1_000)] = 50
    after: Text | None = None
    before: Text | None = None
    order: Literal["asc", "desc"] = "desc"

    @property
    def page(self) -> Page:
        """The page of the list."""
        return Page(limit=self.limit, after=self.after, before=self.before, descending=self.order == "desc")


class OldestFirst(Paging):
    """A list whose first page is the oldest."""

    order: Literal["asc", "desc"] = "asc"


CostStatus: TypeAlias = Literal["exact", "estimated", "unpriced"]


EPOCH, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
Moment: TypeAlias = Annotated[AwareDatetime, Field(strict=False, ge=EPOCH, le=LATEST)]
"""An instant that something here can have happened at."""

Status: TypeAlias = Annotated[int, Field(ge=100, le=599)]
Bucket: TypeAlias = Literal["1m", "5m", "15m", "1h", "6h", "1d"]


class Filters(Body):
    """What requests are to be like; nothing said, all."""

    model_config = ConfigDict(strict=False)

    since: Annotated[Moment | None, Field(alias="from")] = None
    until: Annotated[Moment | None, Field(alias="to")] = None
    status: Status | None = None
    outcome: Text | None = None
    failed: Annotated[bool | None, Field(description="Any outcome but `succeeded`, or only that.")] = None
    provider: Text | None = None
    model: Text | None = None
    token: Annotated[Text | None, Field(description="The id of the token that was asked with.")] = None
    tag: Text | None = None
    run: Text | None = None
    conversation: Annotated[Text | None, Field(description="All turns of this conversation.")] = None
    cost_status: CostStatus | None = None

    @property
    def said(self) -> dict[str, Any]:
        """All of it, by the names that the log has."""
        names = {"status", "outcome", "failed", "provider", "model", "token", "tag", "cost_status", "since", "until"}
        return {**self.model_dump(include=names), "run_id": self.run, "conversation_id": self.conversation}


class MyRequestsAsked(Filters, Paging):
    """A page of one's own."""


class RequestsAsked(MyRequestsAsked):
    user: Text | None = None
    workspace: Text | None = None


class MyNewsAsked(Filters):
    """Those newer than the newest of one's own that was seen."""

    newer_than: Text | None = None


class NewsAsked(MyNewsAsked):
    user: Text | None = None
    workspace: Text | None = None


class RequestAsked(Body):
    content: Literal["any", "own"] = Field(
        default="any",
        description="Whose words to show. That you saw another one's is written into the audit; `own` leaves them out.",
    )


class MyReportAsked(Filters):
    bucket: Bucket | None = None


class ReportAsked(MyReportAsked):
    user: Text | None = None
    workspace: Text | None = None


class JobsAsked(Paging):
    status: RunStatus | None = None
    user: Text | None = None
    workspace: Text | None = None
    error: Text | None = None


class JobsRetried(Body):
    """Which of those that failed for good; nothing said, all."""

    user: Text | None = None
    workspace: Text | None = None
    error: Text | None = None
    dry_run: bool = False


class CacheAsked(Body):
    """Some of the answers that are kept; nothing said, all."""

    user: Text | None = None
    model: Text | None = None
    tag: Text | None = None


class DeliveriesAsked(Paging):
    target: Text | None = None
    status: DeliveryStatus | None = None


class UsersAsked(Paging):
    workspace: Text | None = None


class CredentialsAsked(OldestFirst):
    workspace: Text | None = None


class TokensAsked(OldestFirst):
    """`unused_since`: those that nobody has used from then on, and that were made before."""

    user: Text | None = None
    workspace: Text | None = None
    state: TokenState | None = None
    unused_since: Moment | None = None


class OwnerAsked(OldestFirst):
    """At most one owner; or all `within` a workspace, whose own budgets are meant, its users' and their tokens'."""

    user: Text | None = None
    workspace: Text | None = None
    token: Text | None = None
    within: Text | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set & {"user", "workspace", "token", "within"}) > 1:
            raise ValueError("ask for one of user, workspace, token and within")
        return self


class HoldsAsked(OldestFirst):
    state: Literal["unconfirmed"] = "unconfirmed"


class SpendAsked(Body):
    by: Literal["user", "token", "model", "provider", "tag", "day"] = "user"
    user: Text | None = None
    workspace: Text | None = None
    since: Moment | None = None
    bucket: Literal["day"] | None = None

    @model_validator(mode="after")
    def _days_of_something(self) -> Self:
        if self.bucket is not None and self.by == "day":
            raise ValueError("with `bucket=day`, `by` is user, token, model, provider or tag")
        return self


class ForecastAsked(Body):
    user: Text | None = None
    workspace: Text | None = None


class ExplainAsked(Body):
    model: Text
    user: Text | None = None
