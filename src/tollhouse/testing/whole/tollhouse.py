"""What a test has in its hands: people, budgets, turns, runs, and the books."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import httpx2

from tollhouse.admin import access
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.admin.lists import EVERY
from tollhouse.api.server import Server
from tollhouse.app import House
from tollhouse.client import Client, SayLater, StartConversation
from tollhouse.client.calls import Call
from tollhouse.money.amounts import Nanodollars, nanodollars_from_usd, usd_text
from tollhouse.money.books import Difference
from tollhouse.money.verify import Checked, differences
from tollhouse.store import queue
from tollhouse.store.engine import Reading
from tollhouse.testing.clock import ManualClock
from tollhouse.testing.faking.called import Asking
from tollhouse.testing.faking.environment import pointing_to
from tollhouse.testing.faking.fake import AiFake
from tollhouse.testing.gateway import Gateway, Person
from tollhouse.testing.whole.ran import Ran, Runs

T = TypeVar("T")

_ID: Final = re.compile(r"\b[a-z]+_[0-9A-Za-z]{8,}")

MODEL: Final = "openai/gpt-4o"
"""Whom a turn asks unless told."""

DRAINED_S: Final = 30.0
LOOK_EVERY_S: Final = 0.01


class Caller(Person, frozen=True, kw_only=True, dict=True):
    """A user with a token, and what asks in their name: connections are made when they are first needed."""

    name: str
    url: str

    @property
    def headers(self) -> dict[str, str]:
        """What says who they are."""
        return {"authorization": f"Bearer {self.token}"}

    @property
    def client(self) -> Client:
        """Tollhouse's own, as this user; it tries nothing twice."""
        if "client" not in self.__dict__:
            # With a transport of its own it asks no proxy of the environment.
            self.__dict__["client"] = Client(self.url, self.token, attempts=1, transport=httpx2.HTTPTransport())
        client: Client = self.__dict__["client"]
        return client

    @property
    def http(self) -> httpx2.Client:
        """The same for whatever that has no word for, with addresses such as `/api/conversations`."""
        if "http" not in self.__dict__:
            client = httpx2.Client(base_url=self.url, headers=self.headers, trust_env=False, timeout=30)
            self.__dict__["http"] = client
        http: httpx2.Client = self.__dict__["http"]
        return http

    def close(self) -> None:
        """Let go of all connections."""
        for name in ("client", "http"):
            if name in self.__dict__:
                self.__dict__[name].close()


class Tollhouse(Gateway):
    """A gateway that runs over a fake, whose clock is turned by `pass_time`."""

    user: Caller

    def __init__(self, house: House, server: Server, loop: asyncio.AbstractEventLoop, ai: AiFake, url: str) -> None:
        """As `Gateway`; `ai` is the provider that it asks, whoever is asked for."""
        self.ai = ai
        self.clock = house.clock
        self._people: list[Caller] = []
        self._drained: set[str] = set()
        super().__init__(house, server, loop, ai, url)

    def environ(self) -> dict[str, str]:
        """The variables by which the SDKs of OpenAI, Anthropic and Google find it, as the user."""
        return pointing_to(self.url, self.token)

    # --- people, limits and time ---

    def add_user(self, name: str, *, without_limits: bool = True, scopes: Sequence[str] | None = None) -> Caller:
        """Somebody else, who can ask; with a new user's usual limits when told."""
        made = super().add_user(name, without_limits=without_limits, scopes=scopes)
        person = Caller(id=made.id, token=made.token, name=name, url=self.url)
        self._people.append(person)
        return person

    def limit(self, *, user: Caller | None = None, **limits: int | None) -> None:
        """Limit a user: `requests_per_minute`, `tokens_per_minute`, `concurrent`. What is not told stays as it is."""
        self._run(access.set_limits(self._house.desk, COMMAND_LINE, (user or self.user).id, **limits))

    def pass_time(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Turn its clock. Raises TypeError when it has one that goes by itself."""
        clock = self.clock
        if not isinstance(clock, ManualClock):
            raise TypeError("this Tollhouse was given a clock that goes by itself")

        async def turn() -> None:
            clock.advance(seconds=seconds, minutes=minutes, hours=hours, days=days)

        self._run(turn())

    # --- turns and jobs ---

    def turn(
        self, text: str, *, conversation: str | None = None, model: str = MODEL, user: Caller | None = None
    ) -> Turned:
        """Say something, in a new conversation unless told, and let it be answered in the background."""
        person = user or self.user
        before = len(self.ai.askings)
        place = conversation or self._send(person, StartConversation(model=model)).id
        run = self._send(person, SayLater(place, text, model=model)).run
        ran = next(one for one in self.drain_jobs() if one.id == run)
        return Turned(self, person, ran, self.ai.askings[before:])

    def drain_jobs(self) -> Runs:
        """Let all runs in the background come to their end, and give those that have since the last time.

        What waits for another attempt does not wait: the clock is turned to it.

        Raises:
            TimeoutError: they do not come to an end.
        """
        rows = self._run(self._drain())
        fresh = [Ran(row) for row in rows if row["id"] not in self._drained]
        self._drained.update(run.id for run in fresh)
        return Runs(fresh)

    # --- assertions ---

    def assert_messages(self, conversation: str, roles: Sequence[str], *, user: Caller | None = None) -> None:
        """A conversation has messages of exactly these roles, in this order. Raises AssertionError."""
        page = self._get(user or self.user, f"/api/conversations/{conversation}/messages?limit=100")
        if page.is_error:
            raise AssertionError(f"{conversation} could not be read: {page.status_code}, {page.text}")
        found = [message["role"] for message in page.json()["data"]]
        if found != list(roles):
            raise AssertionError(f"expected messages of {list(roles)} in {conversation}, but there are {found}")

    def assert_spent(self, cost: str, *, user: Caller | None = None) -> None:
        """All that was asked, by one or by everybody, came to so many US dollars, exactly. Raises AssertionError."""
        rows = self.requests(user)
        spent = Nanodollars(sum(nanodollars_from_usd(row.cost_usd or "0") for row in rows))
        if spent != nanodollars_from_usd(cost):
            raise AssertionError(f"expected ${cost} to be spent, but it is ${usd_text(spent)} in {len(rows)} requests")

    def verify(self) -> None:
        """The ledger's entries agree with balances, holds and the request log, to the nanodollar.

        Raises:
            AssertionError: they do not; each difference is told.
        """
        if found := self._settled(self._differences()):
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

    def assert_strangers_see_nothing(self, path: str, *, user: Caller | None = None) -> None:
        """What is at a path is its owner's alone: whoever else asks hears the same as of what does not exist.

        Raises:
            AssertionError: the owner cannot read it, or somebody else can do something about it.
        """
        owner = user or self.user
        stranger = next((one for one in self._people if one is not owner), None) or self.add_user("stranger")
        if (own := self._get(owner, path)).is_error:
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

    def _send(self, person: Caller, call: Call[T]) -> T:
        return person.client.send(call)

    def _get(self, person: Caller, path: str) -> httpx2.Response:
        return person.http.get(path)

    # --- in its event loop ---

    async def _drain(self) -> list[Any]:
        until_s = time.monotonic() + DRAINED_S
        while True:
            rows = await self._house.store.read(lambda tx: queue.jobs(tx, EVERY))
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

    async def _differences(self) -> list[Difference]:
        def query(tx: Reading) -> list[Difference]:
            return list(differences(tx, self._house.clock.now(), Checked()))

        return await self._house.store.read(query)


class Turned:
    """A turn that has come to its end; `run` tells how, and `askings` what providers were asked for it."""

    def __init__(self, tollhouse: Tollhouse, person: Caller, run: Ran, askings: Sequence[Asking]) -> None:
        self.run = run
        self.conversation = run.conversation
        self.askings = tuple(askings)
        self._tollhouse = tollhouse
        self._person = person

    def assert_messages(self, roles: Sequence[str]) -> Turned:
        """Its conversation has messages of exactly these roles. Raises AssertionError."""
        self._tollhouse.assert_messages(self.conversation, roles, user=self._person)
        return self

    def assert_provider_calls(self, number: int) -> Turned:
        """Providers were asked so often for it. Raises AssertionError."""
        if len(self.askings) != number:
            shown = "\n".join(one.shown() for one in self.askings)
            raise AssertionError(f"expected {number} calls to providers, but there are {len(self.askings)}:\n{shown}")
        return self
