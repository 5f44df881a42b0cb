"""Prove the money: `python -m proofs.money`.

One gateway on SQLite and two on PostgreSQL serve clients who insist, over a provider that fails in one call of five and
remembers what it billed. Gateways are killed again and again, at random moments and at named points, and start anew. In
the end every nanodollar is compared.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from proofs import books as bookkeeping
from proofs.books import Books
from proofs.clients import Told, insist
from proofs.crashing import POINTS
from proofs.figures import as_json, verdict
from proofs.installation import Gateway, Site, Spender
from proofs.postgres import postgres_server
from proofs.refusals import false_refusals
from tollhouse.money.amounts import Nanodollars, usd_text
from tollhouse.telemetry import configure_logs
from tollhouse.testing import answer, wait
from tollhouse.testing.process import spawn
from tollhouse.testing.remote import RemoteProvider

CLIENTS = 16
PLENTY = "1000"
LITTLE = "0.01"
POOR_AT_ONCE = 3
FAULT_RATE = 0.2
PASSES_PER_S = 3
"""Of a named point, until the gateway kills itself there, at most: so many for each second of the whole proof. A start
takes as much of the processors as two hundred calls, so that one that is killed too soon keeps the others waiting."""
SCRIPT = [part for step in answer("One two three four five six seven.", usage=(12, 7)) for part in (step, wait(0.002))]


@dataclass
class Trial:
    """One site under proof, and what became of it.

    Attributes:
        gateways: how many run at a time.
        faults: what the provider did to calls.
        kills: how many were killed, by themselves or from outside.
        overspent: nanodollars above a strict limit, the most that was ever seen.
        false_refusals: calls refused although they could be afforded.
    """

    site: Site
    gateways: int
    provider: RemoteProvider
    chance: Random
    told: Told = field(default_factory=Told)
    running: list[Gateway] = field(default_factory=list)
    faults: int = 0
    kills: int = 0
    overspent: int = 0
    false_refusals: int = 0
    books: Books = field(default_factory=Books)

    async def run(self, seconds: float) -> None:
        """Serve, fail, kill and start anew for so long; then look closely."""
        self.provider.always(*SCRIPT)
        self.provider.faults(self.chance.randrange(2**31), rate=FAULT_RATE)
        await self.site.found([PLENTY, *[LITTLE] * max(12, int(seconds / 5))])
        over = asyncio.Event()
        asyncio.get_running_loop().call_later(seconds, over.set)
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(self._watch())
            asking = [group.create_task(self._insist(number, seconds)) for number in range(CLIENTS)]
            keeping = [asyncio.create_task(self._keep_one(number, seconds, over)) for number in range(self.gateways)]
            await asyncio.gather(*keeping)
            for task in (watching, *asking):
                task.cancel()
        self.faults = len(self.provider.state.struck)
        self.provider.faults(0, rate=0)
        gateway = await self.site.start()
        try:
            self.false_refusals = await false_refusals(gateway, self.site, self.told)
        finally:
            await asyncio.to_thread(gateway.stop)
        self.books = await bookkeeping.compare(self.site, self.provider, self.told)

    async def _keep_one(self, number: int, seconds: float, over: asyncio.Event) -> None:
        """Start a gateway, let it be killed at a random moment or at a named point, and begin again."""
        passes_most = max(40, int(seconds * PASSES_PER_S))
        for point in itertools.islice(itertools.cycle([None, *POINTS]), number, None):
            crash = () if point is None else (point, str(self.chance.randint(2, passes_most)))
            gateway = await self.site.start(crash)
            self.running.append(gateway)
            await self._live(gateway, seconds / 20, over)
            self.running.remove(gateway)
            if over.is_set():
                await asyncio.to_thread(gateway.stop)
                return
            gateway.kill()
            self.kills += 1

    async def _live(self, gateway: Gateway, most_s: float, over: asyncio.Event) -> None:
        """Until it has killed itself, or its time is over."""
        dead = asyncio.create_task(asyncio.to_thread(gateway.process.wait))
        ended = asyncio.create_task(over.wait())
        await asyncio.wait(
            [dead, ended], timeout=self.chance.uniform(0.3, max(2.0, most_s)), return_when=asyncio.FIRST_COMPLETED
        )
        ended.cancel()

    async def _insist(self, number: int, seconds: float) -> None:
        """One client. A quarter of the calls are of those who have little; one after the other."""
        chance = Random(f"{self.site.name}/{number}")
        rich, *poor = self.site.spenders
        began_s = time.monotonic()

        def spender() -> Spender:
            if chance.random() < 0.75:
                return rich
            place = (time.monotonic() - began_s) / seconds * (len(poor) - POOR_AT_ONCE)
            return poor[min(int(place) + chance.randrange(POOR_AT_ONCE), len(poor) - 1)]

        await insist(self.site.name, lambda: self.running, spender, chance, self.told)

    async def _watch(self) -> None:
        """Look again and again whether any strict limit is exceeded at this moment."""
        async with self.site.opened() as house:
            while True:
                self.overspent = max(self.overspent, await house.store.read(bookkeeping.overspent))
                await asyncio.sleep(0.1)

    @property
    def is_proven(self) -> bool:
        """Nothing was found."""
        found = self.books.drift or self.books.leaked or self.books.findings
        return not (found or self.overspent or self.false_refusals)


def main() -> int:
    """Run the trials side by side and print one table."""
    parser = argparse.ArgumentParser(prog="python -m proofs.money", description=__doc__)
    parser.add_argument("--seconds", type=float, default=540, help="how long gateways are killed under load (540)")
    parser.add_argument("--seed", type=int, default=1, help="of every chance (1)")
    parser.add_argument("--only", choices=["sqlite", "postgresql"], help="one database instead of both")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    arguments = parser.parse_args()
    configure_logs(level="error")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tollhouse-proof-")))
        trials = []
        for name in [arguments.only] if arguments.only else ["sqlite", "postgresql"]:
            provider = stack.enter_context(spawn(keep_requests=10_000_000, verify=False))
            url = stack.enter_context(postgres_server()) if name == "postgresql" else None
            site = Site(name, folder / name, provider.base_url, url)
            chance = Random(f"{arguments.seed}/{name}")
            trials.append(Trial(site, 1 if url is None else 2, provider, chance))
        asyncio.run(prove(trials, arguments.seconds))
    columns = {trial.site.name: {title: read(trial) for title, read in FIGURES.items()} for trial in trials}
    findings = {trial.site.name: trial.books.findings for trial in trials}
    is_proven = all(trial.is_proven for trial in trials)
    sys.stdout.write(as_json(columns, findings) if arguments.json else verdict(columns, findings, is_proven=is_proven))
    return 0 if is_proven else 1


async def prove(trials: Sequence[Trial], seconds: float) -> None:
    """All trials at the same time, with their progress on standard error."""
    telling = asyncio.create_task(tell(trials, seconds))
    try:
        await asyncio.gather(*[trial.run(seconds) for trial in trials])
    finally:
        telling.cancel()
        sys.stderr.write("\n")


async def tell(trials: Sequence[Trial], seconds: float) -> None:
    """One line that moves."""
    began_s = time.monotonic()
    while True:
        parts = [f"{trial.site.name}: {trial.told.calls:,} calls, {trial.kills} kills" for trial in trials]
        sys.stderr.write(f"\r{time.monotonic() - began_s:4.0f} of {seconds:.0f} s; {'; '.join(parts)}   ")
        sys.stderr.flush()
        await asyncio.sleep(1)


FIGURES: dict[str, Callable[[Trial], int | str]] = {
    "calls": lambda trial: trial.told.calls,
    "calls answered": lambda trial: len(trial.told.answered),
    "calls refused for lack of money": lambda trial: len(trial.told.refusals),
    "calls seen by the provider, with retries": lambda trial: trial.books.seen,
    "faults": lambda trial: trial.faults,
    "gateways killed": lambda trial: trial.kills,
    "drift, nanodollars": lambda trial: trial.books.drift,
    "leaked holds": lambda trial: trial.books.leaked,
    "overspend, nanodollars": lambda trial: trial.overspent,
    "false refusals": lambda trial: trial.false_refusals,
    "unconfirmed holds": lambda trial: trial.books.unconfirmed,
    "unconfirmed, dollars": lambda trial: usd_text(Nanodollars(trial.books.unconfirmed_usd)),
    "estimated above the bill, dollars": lambda trial: usd_text(Nanodollars(trial.books.surplus)),
}


if __name__ == "__main__":
    sys.exit(main())
