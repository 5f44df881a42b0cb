"""Budgets and holds, for people: rules are set here and balances read. Only the ledger moves money."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, TypeAlias, get_args

from msgspec import UNSET, UnsetType

from tollhouse import ids
from tollhouse.admin.desk import Actor, Desk
from tollhouse.admin.lists import EVERY, page_of
from tollhouse.admin.views import Amount, BudgetView, HeldView, HoldView, Listing
from tollhouse.errors import NotFound, Unprocessable
from tollhouse.money.amounts import Nanodollars, nanodollars_from_usd, usd_text
from tollhouse.money.budgets import Balance, Budget, Mode, Unit, Window, bucket_id, period, resets_at
from tollhouse.money.ledger import Correction, read_amounts
from tollhouse.money.rules import budget_of
from tollhouse.notify.watch import rearm_above
from tollhouse.store import ledger as sql
from tollhouse.store import people
from tollhouse.store.engine import Reading, Writing
from tollhouse.store.paging import Page
from tollhouse.store.types import from_micros

OwnerKind: TypeAlias = Literal["workspace", "user", "token"]

ALERT_AT = (0.5, 0.8, 1.0)
ALERTS_MOST = 10
COUNT_MOST = 10**15
MIN_OUTPUT_TOKENS = 1_024
MIN_OUTPUT_TOKENS_MOST = 10**6
MODEL_MOST = 200
REASON_MOST = 200
KINDS: dict[str, OwnerKind] = {"ws": "workspace", "usr": "user", "tok": "token"}
"""The kind of an owner, by its id's prefix."""


# --- budgets ---------------------------------------------------------------------------------------------------------


async def set_budget(
    desk: Desk,
    actor: Actor,
    *,
    owner_kind: str,
    owner_id: str,
    unit: str,
    window: str,
    limit: str | int | Decimal,
    mode: str | None = None,
    model: str | None = None,
    alert_at: Sequence[float] = ALERT_AT,
    min_output_tokens: int = MIN_OUTPUT_TOKENS,
) -> BudgetView:
    """Set how much an owner may use in a window. What is set for the same owner, model, unit and window is replaced,
    and what was spent in the period still counts.

    Args:
        limit: dollars as a decimal string, exact; tokens and requests as a whole number.
        mode: `strict` for dollars and `estimate` for the rest, when not said.
        model: only for calls of this model or alias.
        alert_at: fractions of the limit at which somebody is told.
        min_output_tokens: a call that cannot afford so much output is refused.

    Raises:
        Unprocessable: names the field.
        NotFound: no such owner.
    """
    unit_ = _one_of("unit", unit, get_args(Unit))
    values = {
        "model": _checked_model(model),
        "unit": unit_,
        "window": _one_of("window", window, get_args(Window)),
        "mode": _one_of("mode", mode or ("strict" if unit == "usd" else "estimate"), get_args(Mode)),
        "amount": _checked_amount("limit", unit_, limit),
        "alert_at": _checked_alerts(alert_at),
        "min_output_tokens": _checked_output(min_output_tokens),
    }

    def work(tx: Writing) -> BudgetView:
        owner, time_zone = _owner(tx, owner_kind, owner_id)
        return _put(tx, desk, actor, {**values, "owner": owner, "time_zone": time_zone})

    return await desk.change(work)


async def list_budgets(
    desk: Desk, owner: str | None = None, page: Page = EVERY, *, within: str | None = None
) -> Listing[BudgetView]:
    """Budgets, or an owner's, oldest first.

    Args:
        owner: an id, or a user's name.
        within: a workspace: only its own budgets, its users' and their tokens'.

    Raises:
        NotFound: no such owner or workspace.
    """

    def query(tx: Reading, page: Page) -> list[BudgetView]:
        space = None if within is None else _owner(tx, "workspace", within)[0]
        return budgets_of(tx, desk, None if owner is None else _any_owner(tx, owner), page, within=space)

    return await page_of(desk, page, query)


async def get_budget(desk: Desk, budget_id: str) -> BudgetView:
    """One budget. Raises NotFound."""
    return await desk.store.read(lambda tx: _view(tx, _find(tx, budget_id), desk.clock.now()))


async def change_budget(
    desk: Desk,
    actor: Actor,
    budget_id: str,
    *,
    limit: str | int | Decimal | UnsetType = UNSET,
    mode: str | UnsetType = UNSET,
    alert_at: Sequence[float] | UnsetType = UNSET,
    min_output_tokens: int | UnsetType = UNSET,
) -> BudgetView:
    """Change a budget; what is not said stays. Raises Unprocessable, NotFound."""

    def work(tx: Writing) -> BudgetView:
        row = _find(tx, budget_id)
        values: dict[str, Any] = {}
        if limit is not UNSET:
            values["amount"] = _checked_amount("limit", row["unit"], limit)
        if mode is not UNSET:
            values["mode"] = _one_of("mode", mode, get_args(Mode))
        if alert_at is not UNSET:
            values["alert_at"] = _checked_alerts(alert_at)
        if min_output_tokens is not UNSET:
            values["min_output_tokens"] = _checked_output(min_output_tokens)
        if values:
            _change(tx, desk, actor, row, values)
        return _view(tx, {**row, **values}, desk.clock.now())

    return await desk.change(work)


async def remove_budget(desk: Desk, actor: Actor, budget_id: str) -> BudgetView:
    """Lift a budget; gives how it stood. What was spent stays in the ledger. Raises NotFound."""

    def work(tx: Writing) -> BudgetView:
        last = _view(tx, _find(tx, budget_id), desk.clock.now())
        sql.change_budget(tx, budget_id, {"removed_at": desk.clock.now()})
        desk.note(tx, actor, "budget.remove", budget_id, owner=last.owner)
        return last

    return await desk.change(work)


async def credit_budget(desk: Desk, actor: Actor, budget_id: str, *, amount: str | int, reason: str) -> BudgetView:
    """Correct what a budget has posted in its current period; the log keeps what the calls cost.

    Args:
        amount: what is given back, at most what is posted; below 0, what is charged besides. Dollars as a decimal
            string, exact; tokens and requests as a whole number.
        reason: for whoever reads the audit.

    Raises:
        Unprocessable: names the field.
        NotFound: no such budget.
        Conflict: more than is posted.
    """
    if not (0 < len(reason) <= REASON_MOST and reason.isprintable()):
        raise Unprocessable(f"`reason` is a sentence of up to {REASON_MOST} characters.", param="reason")
    row = await desk.store.read(lambda tx: _find(tx, budget_id))
    correction_id, bucket = ids.new("cor"), bucket_id(_rule(row), desk.clock.now())
    facts = {"correction": correction_id, "bucket": bucket, "amount": str(amount), "reason": reason}
    note = desk.note_of(actor, "budget.credit", budget_id, **facts)
    corrected = _checked_correction(row["unit"], amount)
    await desk.ledger.correct(Correction(id=correction_id, bucket=bucket, amount=corrected, note=note))

    def rearm(tx: Writing) -> BudgetView:
        row, now = _find(tx, budget_id), desk.clock.now()
        _rearm(tx, bucket, limit=row["amount"], now=now)
        return _view(tx, row, now)

    return await desk.change(rearm)


def add_daily_tokens(tx: Writing, desk: Desk, actor: Actor, user_id: str, time_zone: str, tokens: int) -> None:
    """A new user's budget of tokens a day, in the transaction that makes the user. Nobody is told that it is used up,
    unless that is asked for: it is there to stop one user, every day, and of users there may be thousands."""
    values = {
        "owner": user_id,
        "model": None,
        "unit": "tokens",
        "window": "day",
        "time_zone": time_zone,
        "mode": "estimate",
        "amount": tokens,
        "min_output_tokens": MIN_OUTPUT_TOKENS,
        "alert_at": list[float](),
    }
    _put(tx, desk, actor, values)


def move_budgets(tx: Writing, desk: Desk, actor: Actor, owner: str, time_zone: str) -> None:
    """The owner's budgets follow another calendar from now on, in the transaction that moves the owner. What was spent
    in a period counts in the period of the same name."""
    for row in sql.budget_rows(tx, EVERY, owner=owner):
        _change(tx, desk, actor, row, {"time_zone": time_zone})


def budgets_of(
    tx: Reading, desk: Desk, owner: str | None, page: Page = EVERY, *, within: str | None = None
) -> list[BudgetView]:
    """Budgets in force, of all, of one owner's id or within a workspace's, as they stand now."""
    now = desk.clock.now()
    return [_view(tx, row, now) for row in sql.budget_rows(tx, page, owner=owner, within=within)]


def _put(tx: Writing, desk: Desk, actor: Actor, values: dict[str, Any]) -> BudgetView:
    """Add a budget, or replace the one for the same owner, model, unit and window."""
    same = ("owner", "model", "unit", "window")
    now = desk.clock.now()
    for row in sql.budget_rows(tx, EVERY, owner=values["owner"]):
        if all(row[name] == values[name] for name in same):
            _change(tx, desk, actor, row, values)
            return _view(tx, {**row, **values}, now)
    new = {**values, "id": ids.new("bud"), "created_at": now, "removed_at": None}
    sql.add_budget(tx, new)
    desk.note(tx, actor, "budget.create", new["id"], **values)
    return _view(tx, new, now)


def _change(tx: Writing, desk: Desk, actor: Actor, row: Any, values: dict[str, Any]) -> None:
    sql.change_budget(tx, row["id"], values)
    desk.note(tx, actor, "budget.change", row["id"], **values)
    if "amount" in values:
        now = desk.clock.now()
        _rearm(tx, bucket_id(_rule(row), now), limit=values["amount"], now=now)


def _rearm(tx: Writing, bucket: str, *, limit: int, now: datetime) -> None:
    """Thresholds that are not reached any more can be told again."""
    found = sql.balances(tx, [bucket]).get(bucket)
    taken = 0 if found is None else found["posted"] + found["unconfirmed"]
    rearm_above(tx, bucket, limit=limit, taken=taken, now=now)


def _find(tx: Reading, budget_id: str) -> Any:
    row = sql.budget_row(tx, budget_id)
    if row is None:
        raise NotFound(f"There is no budget {budget_id[:MODEL_MOST]!r}.")
    return row


# --- holds -----------------------------------------------------------------------------------------------------------


async def list_holds(desk: Desk, state: str = "unconfirmed", page: Page = EVERY) -> Listing[HoldView]:
    """Holds of calls whose outcome is unknown, oldest first: they count as spent. Raises Unprocessable."""
    _one_of("state", state, ("unconfirmed",))
    return await page_of(desk, page, lambda tx, page: [_hold_view(row) for row in sql.unconfirmed_holds(tx, page)])


async def release_hold(desk: Desk, actor: Actor, hold_id: str) -> HoldView:
    """Give back an unconfirmed hold: somebody knows that the provider did not bill it.

    Raises:
        NotFound: no such hold.
        Conflict: it is not unconfirmed.
    """
    row = await desk.store.read(lambda tx: sql.hold_row(tx, hold_id))
    if row is None:
        raise NotFound(f"There is no hold {hold_id[:MODEL_MOST]!r}.")
    note = desk.note_of(actor, "hold.release", hold_id, usd=usd_text(row["usd"]), request=row["request_id"])
    await desk.ledger.release(hold_id, note)
    return _hold_view({**row, "state": "released"})


# --- checking --------------------------------------------------------------------------------------------------------


def _owner(tx: Reading, kind: str, owner_id: str) -> tuple[str, str]:
    """The owner's id, and the time zone its budgets follow."""
    match kind:
        case "user":
            row = people.find_user(tx, owner_id)
        case "token":
            row = people.find_token(tx, owner_id)
        case "workspace":
            row = people.find_workspace(tx, owner_id)
        case _:
            raise Unprocessable("A budget's owner is a user, a workspace or a token.", param="owner")
    if row is None:
        raise NotFound(f"There is no {kind} {owner_id[:MODEL_MOST]!r}.", param=f"owner.{kind}")
    follows: Any = people.find_user(tx, row["user_id"]) if kind == "token" else row
    return row["id"], follows["time_zone"]


def _any_owner(tx: Reading, id_or_name: str) -> str:
    return _owner(tx, KINDS.get(id_or_name.partition("_")[0], "user"), id_or_name)[0]


def _one_of(field: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise Unprocessable(f"`{field}` is one of {', '.join(allowed)}.", param=field)
    return value


def _checked_amount(field: str, unit: str, amount: str | int | Decimal) -> int:
    """The amount in the unit's whole numbers: nanodollars, tokens, requests."""
    if isinstance(amount, bool) or not isinstance(amount, str | int | Decimal):
        raise Unprocessable(f"`{field}` is a decimal string of dollars, or a whole number.", param=field)
    if unit == "usd":
        try:
            return nanodollars_from_usd(str(amount) if isinstance(amount, int) else amount)
        except ValueError as error:
            raise Unprocessable(f"`{field}`: {error}.", param=field) from None
    digits = str(amount)
    if not digits.isascii() or not digits.isdigit() or len(digits) > 16 or not 1 <= int(digits) <= COUNT_MOST:
        raise Unprocessable(f"`{field}` in {unit} is a whole number from 1 to {COUNT_MOST}.", param=field)
    return int(digits)


def _checked_correction(unit: str, amount: str | int) -> int:
    """The same for an amount that may be below 0, and is not 0."""
    is_charge = isinstance(amount, str | int) and str(amount).startswith("-")
    found = _checked_amount("amount", unit, str(amount)[1:] if is_charge else amount)
    if not found:
        raise Unprocessable("`amount` is what is given back, or below 0 what is charged: not 0.", param="amount")
    return -found if is_charge else found


def _checked_alerts(fractions: Sequence[float]) -> list[float]:
    if len(fractions) > ALERTS_MOST or not all(0 < fraction <= 1 for fraction in fractions):
        raise Unprocessable(
            f"`alert_at` is up to {ALERTS_MOST} fractions of the limit, above 0 and up to 1.", param="alert_at"
        )
    return sorted({float(fraction) for fraction in fractions})


def _checked_model(model: str | None) -> str | None:
    if model is not None and not (0 < len(model) <= MODEL_MOST and model.isprintable()):
        raise Unprocessable("`model` is the name of a model or an alias.", param="model")
    return model


def _checked_output(tokens: int) -> int:
    if not 1 <= tokens <= MIN_OUTPUT_TOKENS_MOST:
        raise Unprocessable(
            f"`min_output_tokens` is a number from 1 to {MIN_OUTPUT_TOKENS_MOST}.", param="min_output_tokens"
        )
    return tokens


# --- rows as views ---------------------------------------------------------------------------------------------------


def _view(tx: Reading, row: Any, now: datetime) -> BudgetView:
    budget = _rule(row)
    bucket = bucket_id(budget, now)
    found = sql.balances(tx, [bucket]).get(bucket)
    balance = (
        Balance() if found is None else Balance(found["posted"], found["open"], found["unconfirmed"], found["overage"])
    )
    return BudgetView(
        id=budget.id,
        owner={KINDS[budget.owner.partition("_")[0]]: budget.owner},
        model=budget.model,
        unit=budget.unit,
        window=budget.window,
        mode=budget.mode,
        limit=_shown(budget.unit, budget.limit),
        posted=_shown(budget.unit, balance.posted),
        open=_shown(budget.unit, balance.open),
        unconfirmed=_shown(budget.unit, balance.unconfirmed),
        overage=_shown(budget.unit, balance.overage),
        available=_shown(budget.unit, max(0, budget.limit - balance.taken)),
        period=period(budget.window, budget.time_zone, now),
        resets_at=resets_at(budget.window, budget.time_zone, now),
        exceeded=balance.posted + balance.unconfirmed >= budget.limit,
        alert_at=tuple(row["alert_at"]),
        min_output_tokens=budget.min_output_tokens,
        time_zone=budget.time_zone,
        created_at=row["created_at"],
    )


def _rule(row: Any) -> Budget:
    columns = ("id", "owner", "model", "unit", "window", "mode", "amount", "time_zone", "min_output_tokens")
    return budget_of([row[column] for column in columns])


def _hold_view(row: Any) -> HoldView:
    return HoldView(
        id=row["id"],
        request=row["request_id"],
        provider=row["provider"],
        model=row["model"],
        state=row["state"],
        usd=usd_text(Nanodollars(row["usd"])),
        budgets=tuple(_held_view(bucket, amount) for bucket, amount in read_amounts(row["held"]).items()),
        deadline=from_micros(row["deadline"]),
    )


def _held_view(bucket: str, amount: int) -> HeldView:
    budget, unit, when = bucket.split(":", 2)
    return HeldView(budget=budget, unit=unit, period=when, amount=_shown(unit, amount))


def _shown(unit: str, amount: int) -> Amount:
    return usd_text(Nanodollars(amount)) if unit == "usd" else amount
