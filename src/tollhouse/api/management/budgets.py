"""/api/budgets and /api/holds."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from tollhouse.admin import budgets
from tollhouse.admin.views import BudgetView, HoldView, Listing
from tollhouse.api.management import bodies
from tollhouse.api.management.door import Here
from tollhouse.api.management.table import Table
from tollhouse.tokens import ADMIN

table = Table("budgets")


@table.post("/api/budgets", scope=ADMIN, status=201)
async def set_budget(here: Here, body: bodies.NewBudget) -> BudgetView:
    """Set a budget. The one for the same owner, model, unit and window is replaced; what was spent still counts."""
    kind, owner = body.owner.kind_and_id
    said = body.model_dump(exclude={"owner"})
    return await budgets.set_budget(here.desk, here.actor, owner_kind=kind, owner_id=owner, **said)


@table.get("/api/budgets", scope=ADMIN)
async def list_budgets(here: Here, asked: Annotated[bodies.OwnerAsked, Query()]) -> Listing[BudgetView]:
    """A page of the budgets in force, oldest first: all, one owner's, or all within a workspace."""
    owner = asked.user or asked.workspace or asked.token
    return await budgets.list_budgets(here.desk, owner, asked.page, within=asked.within)


@table.get("/api/budgets/{budget}", scope=ADMIN)
async def get_budget(here: Here, budget: str) -> BudgetView:
    """One budget, and how much is left of it."""
    return await budgets.get_budget(here.desk, budget)


@table.patch("/api/budgets/{budget}", scope=ADMIN)
async def change_budget(here: Here, budget: str, body: bodies.BudgetChange) -> BudgetView:
    """Change a budget's limit, mode or alerts."""
    return await budgets.change_budget(here.desk, here.actor, budget, **body.model_dump(exclude_unset=True))


@table.delete("/api/budgets/{budget}", scope=ADMIN)
async def remove_budget(here: Here, budget: str) -> None:
    """Lift a budget."""
    await budgets.remove_budget(here.desk, here.actor, budget)


@table.post("/api/budgets/{budget}/credits", scope=ADMIN, status=201)
async def credit_budget(here: Here, budget: str, body: bodies.NewCredit) -> BudgetView:
    """Give back some of what a budget has posted in its current period; a negative amount is charged besides."""
    return await budgets.credit_budget(here.desk, here.actor, budget, amount=body.amount, reason=body.reason)


@table.get("/api/holds", scope=ADMIN)
async def list_holds(here: Here, asked: Annotated[bodies.HoldsAsked, Query()]) -> Listing[HoldView]:
    """A page of the money set aside for calls whose outcome is unknown, oldest first."""
    return await budgets.list_holds(here.desk, asked.state, asked.page)


@table.post("/api/holds/{hold}/release", scope=ADMIN)
async def release_hold(here: Here, hold: str) -> HoldView:
    """Give a hold back, because the provider is known not to have billed it."""
    return await budgets.release_hold(here.desk, here.actor, hold)
