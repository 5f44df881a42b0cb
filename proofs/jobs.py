"""Prove the turns in the background: `python -m proofs.jobs`.

People ask in the background and insist, while gateways and workers are killed again and again and begun anew: on SQLite
one gateway and two workers, on PostgreSQL two of each, over a provider that fails in one call of five and remembers
what it was asked. In the end every turn has one question and one answer, and nothing was asked again that had been
answered. Afterwards a stream is cut and gone on with, and the urgent and the few are served before the many.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from proofs import following, precedence, transcripts
from proofs.deaths import Household
from proofs.figures import as_json, verdict
from proofs.installation import Site
from proofs.postgres import postgres_server
from proofs.transcripts import Transcripts
from proofs.turns import Insisting, Told
from tollhouse.telemetry import configure_logs
from tollhouse.testing import answer, wait
from tollhouse.testing.process import spawn
from tollhouse.testing.remote import RemoteProvider

TURNS_OF_A_CONVERSATION = 4
FAULT_RATE = 0.2
ANSWER = "One two three four five six seven."
SCRIPT = [part for step in answer(ANSWER, usage=(12, 7)) for part in (step, wait(0.03))]
RECOVERY_MOST_S = 15.0
OTHER_MOST_S = 2.0
PATIENCE_S = 240.0
"""For the last turns, once nobody is killed any more."""


@dataclass(frozen=True)
class Extent:
    """How much of all is proven. `is_timed`: times are judged too, which needs a machine that does nothing else."""

    turns: int
    kills: int
    seconds: float
    crowd: int
    is_timed: bool


WHOLE = Extent(turns=1_000, kills=20, seconds=300, crowd=10_000, is_timed=True)
FAST = Extent(turns=80, kills=4, seconds=20, crowd=200, is_timed=False)


@dataclass
class Trial:
    """One site under proof, and what became of it."""

    site: Site
    webs: int
    provider: RemoteProvider
    chance: Random
    extent: Extent
    told: Told = field(default_factory=Told)
    doing: str = "starting"
    stuck: int = 0
    faults: int = 0
    books: Transcripts = field(default_factory=Transcripts)
    followed: following.Followed = field(default_factory=following.Followed)
    order: precedence.Order = field(default_factory=precedence.Order)
    verified: int = 0
    findings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.household = Household(self.site, self.chance)

    async def run(self) -> None:
        """Everything, one after the other."""
        await self.site.found(["1000"] * 3)
        await self.household.open(self.webs, workers=2)
        try:
            self.doing = "killing"
            await self._survive()
            self.doing = "following"
            self.followed = await following.follow(self.site, self.household, self.provider, self.chance)
            self.doing = f"letting {self.extent.crowd:,} wait"
            self.order = await precedence.crowd(self.site, self.household, self.provider, self.extent.crowd)
            self.doing = "done"
        finally:
            statuses = await self.household.close()
        if self.extent.is_timed and self.order.other_s > OTHER_MOST_S:
            self.findings.append(f"another tenant's first run waited for {self.order.other_s:.1f} s")
        if any(statuses):
            self.findings.append(f"told to stop, processes ended with {statuses}")
        self.findings += [*self.books.findings, *self.followed.findings, *self.order.findings]

    async def _survive(self) -> None:
        """Ask, fail, kill and begin anew; then look closely."""
        self.provider.always(*SCRIPT)
        self.provider.faults(self.chance.randrange(2**31), rate=FAULT_RATE)
        async with AsyncExitStack() as stack:
            house = await stack.enter_async_context(self.site.opened())
            person = Insisting(self.site.spenders[0].token, lambda: self.household.webs, self.chance, self.told)
            stack.push_async_callback(person.aclose)
            asking = asyncio.create_task(self._ask(person))
            for _ in range(self.extent.kills):
                await asyncio.sleep(self.chance.uniform(0.2, 1.0) * self.extent.seconds / self.extent.kills)
                await self.household.kill_one(house)
            await asyncio.wait([asking], timeout=PATIENCE_S)
            await self._conclude(asking)
        self.faults = len(self.provider.state.struck)
        self.provider.faults(0, rate=0)
        turns = self.told.turns
        self.books = await transcripts.compare(self.site, self.provider, turns, ANSWER)
        self.verified, said = await self.site.told("verify")
        if self.verified:
            self.findings.append(f"tollhouse verify: {said.strip()}")

    async def _ask(self, person: Insisting) -> None:
        """Conversations that begin one after the other, over the time that is given."""
        count = self.extent.turns // TURNS_OF_A_CONVERSATION
        async with asyncio.TaskGroup() as group:
            for number in range(count):
                group.create_task(person.converse(f"{self.site.name}-{number}", TURNS_OF_A_CONVERSATION))
                await asyncio.sleep(self.extent.seconds / count)

    async def _conclude(self, asking: asyncio.Task[None]) -> None:
        """All must be answered by now, and all that the dead have left be taken up."""
        self.stuck = len(self.told.turns) - self.told.answered
        if not asking.done():
            asking.cancel()
            self.findings.append(f"{self.stuck} of {len(self.told.turns)} turns are stuck")
        await asyncio.gather(asking, return_exceptions=True)
        if not asking.cancelled() and (error := asking.exception()) is not None:
            causes = error.exceptions if isinstance(error, ExceptionGroup) else [error]
            self.findings += [f"somebody was refused: {cause}" for cause in causes]
        self.findings += self.told.refused
        await self.household.recovered()
        if self.extent.is_timed and self.slowest_recovery_s > RECOVERY_MOST_S:
            self.findings.append(f"what a death left waited for {self.slowest_recovery_s:.1f} s")

    @property
    def slowest_recovery_s(self) -> float:
        return max(self.household.recoveries_s, default=0.0)

    @property
    def longest_turn_s(self) -> float:
        return max((turn.ended_s - turn.asked_s for turn in self.told.turns if turn.ended_s is not None), default=0.0)


def main() -> int:
    """Run the trials side by side and print one table."""
    parser = argparse.ArgumentParser(prog="python -m proofs.jobs", description=__doc__)
    parser.add_argument("--fast", action="store_true", help="a short form, of about a minute")
    parser.add_argument("--seed", type=int, default=1, help="of every chance (1)")
    parser.add_argument("--only", choices=["sqlite", "postgresql"], help="one database instead of both")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--keep", type=Path, help="leave the installations in this folder, to look at")
    arguments = parser.parse_args()
    configure_logs(level="error")
    with ExitStack() as stack:
        folder = arguments.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tollhouse-proof-")))
        trials = []
        for name in [arguments.only] if arguments.only else ["sqlite", "postgresql"]:
            provider = stack.enter_context(spawn(keep_requests=10_000_000, verify=False))
            url = stack.enter_context(postgres_server()) if name == "postgresql" else None
            site = Site(name, folder / name, provider.base_url, url)
            chance = Random(f"{arguments.seed}/{name}")
            trials.append(Trial(site, 1 if url is None else 2, provider, chance, FAST if arguments.fast else WHOLE))
        asyncio.run(prove(trials))
    columns = {trial.site.name: {title: read(trial) for title, read in FIGURES.items()} for trial in trials}
    findings = {trial.site.name: trial.findings for trial in trials}
    is_proven = not any(findings.values())
    sys.stdout.write(as_json(columns, findings) if arguments.json else verdict(columns, findings, is_proven=is_proven))
    return 0 if is_proven else 1


async def prove(trials: Sequence[Trial]) -> None:
    """All trials at the same time, with their progress on standard error."""
    telling = asyncio.create_task(tell(trials))
    try:
        await asyncio.gather(*[trial.run() for trial in trials])
    finally:
        telling.cancel()
        sys.stderr.write("\n")


async def tell(trials: Sequence[Trial]) -> None:
    """One line that moves."""
    began_s = time.monotonic()
    while True:
        parts = [
            f"{trial.site.name}: {trial.told.answered:,} of {trial.extent.turns:,} turns answered, "
            f"{trial.household.webs_killed + trial.household.workers_killed} kills, {trial.doing}"
            for trial in trials
        ]
        sys.stderr.write(f"\r{time.monotonic() - began_s:4.0f} s; {'; '.join(parts)}   ")
        sys.stderr.flush()
        await asyncio.sleep(1)


FIGURES: dict[str, Callable[[Trial], int | float | str]] = {
    "turns": lambda trial: len(trial.told.turns),
    "turns answered": lambda trial: trial.told.answered,
    "turns stuck": lambda trial: trial.stuck,
    "gateways killed": lambda trial: trial.household.webs_killed,
    "workers killed": lambda trial: trial.household.workers_killed,
    "runs under way in workers that were killed": lambda trial: trial.household.orphans,
    "longest wait for somebody to go on with one, s": lambda trial: round(trial.slowest_recovery_s, 1),
    "processes begun in vain": lambda trial: trial.household.false_starts,
    "attempts of all runs": lambda trial: trial.books.attempts,
    "runs tried again by people": lambda trial: sum(turn.retries for turn in trial.told.turns),
    "calls seen by the provider, with retries": lambda trial: trial.books.seen,
    "faults": lambda trial: trial.faults,
    "answers lost before they were written": lambda trial: trial.books.made_again,
    "charges without a run": lambda trial: trial.books.unmatched,
    "unconfirmed holds": lambda trial: trial.books.unconfirmed,
    "longest turn, s": lambda trial: round(trial.longest_turn_s, 1),
    "events of a stream that was cut": lambda trial: trial.followed.events,
    "cuts": lambda trial: trial.followed.cuts,
    "runs that waited in the crowd": lambda trial: trial.order.crowd,
    "of these begun before an urgent one": lambda trial: trial.order.overtakers,
    "until the urgent one began, s": lambda trial: round(trial.order.urgent_s, 2),
    "until another tenant's first began, s": lambda trial: round(trial.order.other_s, 2),
}


if __name__ == "__main__":
    sys.exit(main())
