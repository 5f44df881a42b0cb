"""People who ask in the background, and insist: through gateways that die under them, until every turn is answered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx2

from proofs.installation import Gateway

LOOK_S = (0.3, 1.5)
"""How long somebody waits before looking again."""


@dataclass
class Turn:
    """One question.

    Attributes:
        name: what is asked; no other question says the same.
        asked_s, ended_s: on the monotonic clock; `ended_s` is None while it is under way.
        retries: how often it was tried again because it had failed for good.
    """

    name: str
    conversation: str
    asked_s: float
    run: str = ""
    message: str = ""
    ended_s: float | None = None
    retries: int = 0


@dataclass
class Told:
    """What was heard.

    Attributes:
        turns: those that were accepted.
        refused: refusals that nobody should hear, as sentences.
        silences: requests that found nobody, or nobody any more.
    """

    turns: list[Turn] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    silences: int = 0

    @property
    def answered(self) -> int:
        return sum(turn.ended_s is not None for turn in self.turns)


class Insisting:
    """Somebody with a token, who asks whichever gateway runs, again and again."""

    def __init__(self, token: str, gateways: Callable[[], list[Gateway]], chance: Random, told: Told) -> None:
        self._http = httpx2.AsyncClient(timeout=20, headers={"authorization": f"Bearer {token}"})
        self._gateways = gateways
        self._chance = chance
        self._told = told

    async def aclose(self) -> None:
        await self._http.aclose()

    async def call(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, json: Any = None) -> Any:
        """The JSON of an answer; what says that nobody is there is asked again. Raises RuntimeError when refused."""
        while True:
            running = self._gateways()
            if running:
                url = f"http://127.0.0.1:{self._chance.choice(running).port}{path}"
                try:
                    response = await self._http.request(method, url, headers=headers, json=json)
                except (httpx2.TransportError, OSError):
                    self._told.silences += 1
                else:
                    if response.status_code < 400:
                        return response.json()
                    if response.status_code not in (409, 503):
                        raise RuntimeError(f"{method} {path}: {response.status_code} {response.text[:300]}")
            await asyncio.sleep(self._chance.uniform(0.05, 0.3))

    async def converse(self, name: str, turns: int) -> None:
        """A conversation of so many turns; some are asked before the one before is answered."""
        made = await self.call("POST", "/api/conversations", json={"model": "acme/acme-1"})
        path = f"/api/conversations/{made['id']}"
        async with asyncio.TaskGroup() as group:
            for number in range(turns):
                turn = await self.ask(path, f"{name}.{number}")
                ending = group.create_task(self.watch(turn))
                if self._chance.random() < 0.5:
                    await ending

    async def ask(self, path: str, name: str, **more: Any) -> Turn:
        """Say something that is answered later. Asked twice under its key, it is one question."""
        turn = Turn(name, path.rpartition("/")[2], time.monotonic())
        body = {"message": name, "background": True, **more}
        accepted = await self.call("POST", f"{path}/messages", headers=once(name), json=body)
        turn.run, turn.message = accepted["run"], accepted["message"]["id"]
        self._told.turns.append(turn)
        return turn

    async def watch(self, turn: Turn) -> None:
        """Look until it is answered. One that fails for good is tried again, as a person would."""
        while True:
            await asyncio.sleep(self._chance.uniform(*LOOK_S))
            run = await self.call("GET", f"/api/runs/{turn.run}")
            if run["status"] == "succeeded":
                turn.ended_s = time.monotonic()
                return
            if run["status"] == "failed":
                if not run["error"]["retryable"]:
                    self._told.refused.append(f"{turn.name} failed for good: {run['error']}")
                    return
                turn.retries += 1
                await self.call("POST", f"/api/runs/{turn.run}/retry", json={"background": True})


def once(name: str) -> dict[str, str]:
    """Headers by which a repetition is known."""
    return {"idempotency-key": name, "x-request-id": name}
