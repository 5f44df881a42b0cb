"""What a test has in its hands: people, budgets, turns, runs, and the books."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, TypeVar

import httpx2

from tollhouse.admin import access, budgets
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.admin.views import BudgetView
from tollhouse.app import House
from tollhouse.client import Client, SayLater, StartConversation
from tollhouse.money.amounts import Nanodollars, nanodollars_from_usd, usd_text
from tollhouse.money.verify import Checked, Difference, differences
from tollhouse.store import queue, requests
from tollhouse.store.engine import Reading, Writing
from tollhouse.store.paging import Page
from tollhouse.testing.clock import ManualClock
from tollhouse.testing.faking.called import Asking
from tollhouse.testing.faking.environment import pointing_to
from tollhouse.testing.faking.fake import AiFake
from tollhouse.testing.whole.ran import Ran, Runs

T = TypeVar("T")

_ID: Final = re.compile(r"\b[a-z]+_[0-9A-Za-z]{8,}")

MODEL: Final = "openai/gpt-4o"
"""Whom a turn asks unless told."""

DRAINED_S: Final = 30.0
QUIET_S: Final = 10.0
"""An answer that nobody hears any more is heard out for five seconds."""

LOOK_EVERY_S: Final = 0.01


class Person:
    """A user with one token.

    Attributes:
        client: Tollhouse's own, as this user; it tries nothing twice.
        http: the same for whatever it has no word for, with addresses such as `/api/conversations`.
    """

    def __init__(self, url: str, user_id: str, name: str, token: str) -> None:
        self.id = user_id
        self.name = name
        self.token = token
        self.headers = {"authorization": f"Bearer {token}"}
        # With a transport of its own it asks no proxy of the environment.
        self.client = Client(url, token, attempts=1, transport=httpx2.HTTPTransport())
        self.http = httpx2.Client(base_url=url, headers=self.headers, trust_env=False, timeout=30)

    def close(self) -> None:
        """Let go of all connections."""
        self.client.close()
        self.http.close()


class Tollhouse:
    """A gateway that runs.

    Attributes:
        ai: the provider that it asks, whoever is asked for.
        clock: what time it is there; turned by `pass_time`.
        user: the one that tests begin with.
    """

    def __init__(
        self, ai: AiFake, house: House, url: str, do: Callable[[Coroutine[Any, Any, Any]], Any], *, without_limits: bool
    ) -> None:
        """Over an open house that is served at a URL; `do` awaits what happens in its event loop."""
        self.ai = ai
        self.url = url
        self.clock = house.clock
        self._house = house
        self._do = do
        self._without_limits = without_limits
        self._people: list[Person] = []
        self._drained: set[str] = set()
        self.user = self.person("ada")

    @property
    def base_url(self) -> str:
        """Where clients of OpenAI's API are pointed."""
        return f"{self.url}/v1"

    @property
    def token(self) -> str:
        """The user's."""
        return self.user.token

    def environ(self) -> dict[str, str]:
        """The variables by which the SDKs of OpenAI, Anthropic and Google find it, as the user."""
        return pointing_to(self.url, self.token)

    # --- people, money and time ---

    def person(self, name: str) -> Person:
        """Another user, with a token of the usual scopes."""
        user, made = self._do(self._make_person(name))
        person = Person(self.url, user.id, name, made.token)
        self._people.append(person)
        return person

    def budget(
        self, limit: str | int, *, of: Person | None = None, unit: str = "usd", window: str = "total", **more: Any
    ) -> BudgetView:
        """Give a user a budget: in dollars and for ever unless told otherwise. Any: as `admin.budgets.set_budget`."""
        owner = (of or self.user).id
        return self._did(
            budgets.set_budget(
                self._house.desk,
                COMMAND_LINE,
                owner_kind="user",
                owner_id=owner,
                unit=unit,
                window=window,
                limit=limit,
                **more,
            )
        )

    def limit(self, *, of: Person | None = None, **limits: int | None) -> None:
        """Limit a user: `requests_per_minute`, `tokens_per_minute`, `concurrent`. What is not told stays as it is."""
        self._do(access.set_limits(self._house.desk, COMMAND_LINE, (of or self.user).id, **limits))

    def pass_time(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Turn its clock. Raises TypeError when it has one that goes by itself."""
        clock = self.clock
        if not isinstance(clock, ManualClock):
            raise TypeError("this Tollhouse was given a clock that goes by itself")

        async def turn() -> None:
            clock.advance(seconds=seconds, minutes=minutes, hours=hours, days=days)

        self._do(turn())

    # --- turns and jobs ---

    def turn(
        self, text: str, *, conversation: str | None = None, model: str = MODEL, of: Person | None = None
    ) -> Turned:
        """Say something, in a new conversation unless told, and let it be answered in the background."""
        person = of or self.user
        before = len(self.ai.askings)
        place = conversation or person.client.send(StartConversation(model=model)).id
        run = person.client.send(SayLater(place, text, model=model)).run
        ran = next(one for one in self.drain_jobs() if one.id == run)
        return Turned(self, person, ran, self.ai.askings[before:])

    def drain_jobs(self) -> Runs:
        """Let all runs in the background come to their end, and give those that have since the last time.

        What waits for another attempt does not wait: the clock is turned to it.

        Raises:
            TimeoutError: they do not come to an end.
        """
        rows = self._did(self._drain())
        fresh = [Ran(row) for row in rows if row["id"] not in self._drained]
        self._drained.update(run.id for run in fresh)
        return Runs(fresh)

    # --- assertions ---

    def assert_messages(self, conversation: str, roles: Sequence[str], *, of: Person | None = None) -> None:
        """A conversation has messages of exactly these roles, in this order. Raises AssertionError."""
        page = (of or self.user).http.get(f"/api/conversations/{conversation}/messages", params={"limit": 100})
        if page.is_error:
            raise AssertionError(f"{conversation} could not be read: {page.status_code}, {page.text}")
        found = [message["role"] for message in page.json()["data"]]
        if found != list(roles):
            raise AssertionError(f"expected messages of {list(roles)} in {conversation}, but there are {found}")

    def assert_spent(self, cost: str, *, of: Person | None = None) -> None:
        """All that was asked, by one or by everybody, came to so many US dollars, exactly. Raises AssertionError."""
        rows = [row for row in self.requests if of is None or row["user_id"] == of.id]
        spent = Nanodollars(sum((row["input_cost"] or 0) + (row["output_cost"] or 0) for row in rows))
        if spent != nanodollars_from_usd(cost):
            raise AssertionError(f"expected ${cost} to be spent, but it is ${usd_text(spent)} in {len(rows)} requests")

    @property
    def requests(self) -> list[Any]:
        """The rows of the request log, oldest first."""
        return self._did(self._rows())

    def verify(self) -> None:
        """The ledger's entries agree with balances, holds and the request log, to the nanodollar.

        Raises:
            AssertionError: they do not; each difference is told.
        """
        if found := self._did(self._differences()):
            told = "\n".join(f"  {difference.subject}: {difference.what}" for difference in found)
            raise AssertionError(f"the books are not right:\n{told}")

    def assert_done_once(self, send: Callable[[str], T]) -> T:
        """What is sent twice under one idempotency key, which `send` is given, is asked of a provider once.

        Gives what was heard the second time. What runs in the background is drained after each.

        Raises:
            AssertionError: a provider was asked more often, or never.
        """
        before = len(self.ai.askings)
        for _ in range(2):
            heard = send(f"once-{before}")
            self.drain_jobs()
        asked = self.ai.askings[before:]
        if len(asked) != 1:
            shown = "\n".join(one.shown() for one in asked)
            raise AssertionError(f"expected a provider to be asked once, but it was asked {len(asked)} times:\n{shown}")
        return heard

    def assert_strangers_see_nothing(self, path: str, *, of: Person | None = None) -> None:
        """What is at a path is its owner's alone: whoever else asks hears the same as of what does not exist.

        Raises:
            AssertionError: the owner cannot read it, or somebody else can do something about it.
        """
        owner = of or self.user
        stranger = next((one for one in self._people if one is not owner), None) or self.person("stranger")
        if (own := owner.http.get(path)).is_error:
            raise AssertionError(f"{owner.name} cannot read {path}: {own.status_code}, {own.text}")
        unknown = _ID.sub(lambda found: found[0][:-8] + "00000000", path)
        for method in ("GET", "POST", "PATCH", "DELETE"):
            body: dict[str, Any] | None = {} if method in ("POST", "PATCH") else None
            real, unreal = (stranger.http.request(method, place, json=body) for place in (path, unknown))
            if real.is_success or real.status_code != unreal.status_code:
                raise AssertionError(
                    f"{stranger.name} asked {method} {path} of {owner.name} and heard {real.status_code}, and of what"
                    f" does not exist {unreal.status_code}: {real.text}"
                )

    def close(self) -> None:
        """Let go of all connections."""
        for person in self._people:
            person.close()

    # --- in its event loop ---

    def _did(self, work: Coroutine[Any, Any, T]) -> T:
        done: T = self._do(work)
        return done

    async def _make_person(self, name: str) -> tuple[Any, Any]:
        desk = self._house.desk
        user = await access.create_user(desk, COMMAND_LINE, name=name, without_limits=self._without_limits)
        return user, await access.create_token(desk, COMMAND_LINE, user.id, name="test")

    async def _drain(self) -> list[Any]:
        until_s = time.monotonic() + DRAINED_S
        while True:
            rows = await self._house.store.read(lambda tx: queue.jobs(tx, None))
            open_ones = [row for row in rows if row["finished_at"] is None]
            if not open_ones:
                return rows
            if time.monotonic() > until_s:
                raise TimeoutError(f"runs do not come to an end: {', '.join(map(str, map(Ran, open_ones)))}")
            waiting = [row["next_try_at"] for row in open_ones if row["next_try_at"] is not None]
            if len(waiting) == len(open_ones) and isinstance(self.clock, ManualClock):
                left_s = (min(waiting) - self.clock.now()).total_seconds()
                self.clock.advance(seconds=max(0.0, left_s))
                self._house.worker.wake()
            await asyncio.sleep(LOOK_EVERY_S)

    async def _rows(self) -> list[Any]:
        await self._quiet()
        page = Page(limit=10_000, descending=False)
        return await self._house.store.read(lambda tx: requests.rows(tx, page))

    async def _differences(self) -> list[Difference]:
        await self._quiet()

        def query(tx: Reading) -> list[Difference]:
            return list(differences(tx, self._house.clock.now(), Checked()))

        return await self._house.store.read(query)

    async def _quiet(self) -> None:
        """Until nobody is being answered and everything that was done is written."""
        until_s = time.monotonic() + QUIET_S
        while self._house.metrics.in_flight() and time.monotonic() < until_s:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(LOOK_EVERY_S)

        def nothing(tx: Writing) -> None:
            return None

        await self._house.store.write(nothing)


class Turned:
    """A turn that has come to its end; `run` tells how, and `askings` what providers were asked for it."""

    def __init__(self, tollhouse: Tollhouse, person: Person, run: Ran, askings: Sequence[Asking]) -> None:
        self.run = run
        self.conversation = run.conversation
        self.askings = tuple(askings)
        self._tollhouse = tollhouse
        self._person = person

    def assert_messages(self, roles: Sequence[str]) -> Turned:
        """Its conversation has messages of exactly these roles. Raises AssertionError."""
        self._tollhouse.assert_messages(self.conversation, roles, of=self._person)
        return self

    def assert_provider_calls(self, number: int) -> Turned:
        """Providers were asked so often for it. Raises AssertionError."""
        if len(self.askings) != number:
            shown = "\n".join(one.shown() for one in self.askings)
            raise AssertionError(f"expected {number} calls to providers, but there are {len(self.askings)}:\n{shown}")
        return self
