"""A user of the running gateway, and what its books say about that user; all over the management API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import httpx2
import msgspec

from command_line import Gateway
from gateways import CONTEXT
from tollhouse import ids

INPUT_USD = Decimal("2.50") / 1_000_000
OUTPUT_USD = Decimal("10.00") / 1_000_000


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """A user with a token and a budget in dollars. `admin` is a client of the management API."""

    id: str
    token: str
    url: str
    admin: httpx2.AsyncClient

    async def row(self, call: str) -> dict[str, Any]:
        """The row of the request log for a call by its client's name, as soon as it is there."""
        async with asyncio.timeout(60):
            while not (rows := [row for row in await self.rows() if row["client_request_id"] == call]):
                await asyncio.sleep(0.02)
        (row,) = rows
        return row

    async def rows(self) -> list[dict[str, Any]]:
        """All rows of this user."""
        response = await self.admin.get("/api/requests", params={"user": self.id, "limit": 1_000})
        rows: list[dict[str, Any]] = response.raise_for_status().json()["data"]
        return rows

    async def budget(self) -> dict[str, Decimal]:
        """The budget in dollars: `posted`, `open` and `unconfirmed`."""
        response = await self.admin.get("/api/budgets", params={"user": self.id})
        (budget,) = (one for one in response.raise_for_status().json()["data"] if one["unit"] == "usd")
        return {name: Decimal(budget[name]) for name in ("posted", "open", "unconfirmed")}


def cost_usd(input_tokens: int, output_tokens: int) -> Decimal:
    """What so many tokens cost, in dollars."""
    return input_tokens * INPUT_USD + output_tokens * OUTPUT_USD


@asynccontextmanager
async def moved_in(gateway: Gateway, *, budget_usd: str) -> AsyncIterator[Caller]:
    """A new user of a gateway that has just been set up."""
    headers = {"authorization": f"Bearer {gateway.served['admin_token']}"}
    async with httpx2.AsyncClient(
        base_url=gateway.url, headers=headers, verify=CONTEXT, trust_env=False, timeout=30
    ) as admin:

        async def made(path: str, body: Any) -> Any:
            return (await admin.post(path, json=body)).raise_for_status().json()

        user = await made("/api/users", {"name": ids.new("name")})
        token = await made(f"/api/users/{user['id']}/tokens", {"name": "test"})
        budget = {"owner": {"user": user["id"]}, "unit": "usd", "window": "total", "limit": budget_usd}
        await made("/api/budgets", budget)
        yield Caller(id=user["id"], token=token["token"], url=gateway.url, admin=admin)
