"""What became of turns, beside what the provider was asked and what was charged: turn by turn."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from proofs.books import PRICE, RECOVERED_WITHIN_S
from proofs.installation import Site
from proofs.turns import Turn
from tollhouse.conversations.messages.parts import load, words_of
from tollhouse.money import verify
from tollhouse.money.prices import cost_of
from tollhouse.store.conversation_tables import message, run
from tollhouse.store.engine import Reading
from tollhouse.store.tables import hold, request
from tollhouse.testing.remote import RemoteProvider

SURFACE = "conversations"


@dataclass
class Seen:
    """One turn as all sides saw it; amounts in nanodollars.

    Attributes:
        arrivals: when the provider was asked, in seconds since 1970.
        succeeded: requests of the log that say so.
        is_exact: nothing of what was charged is an estimate.
    """

    arrivals: list[float] = field(default_factory=list)
    billed: int = 0
    settled: int = 0
    unconfirmed: int = 0
    succeeded: int = 0
    is_exact: bool = True


@dataclass
class Transcripts:
    """The result of a comparison.

    Attributes:
        attempts: of all runs, those that a death or a failure made necessary too.
        seen: calls that the provider saw.
        made_again: answers that were whole, and lost because their process died before they were written.
        unmatched: charges that belong to no run.
        unconfirmed: holds whose outcome is unknown.
        findings: sentences, for people; empty when all is well.
    """

    attempts: int = 0
    seen: int = 0
    made_again: int = 0
    unmatched: int = 0
    unconfirmed: int = 0
    findings: list[str] = field(default_factory=list)


async def compare(site: Site, provider: RemoteProvider, turns: Sequence[Turn], answer: str) -> Transcripts:
    """Compare everything with everything, when nothing is under way any more.

    Args:
        answer: what the provider answers to everything.
    """
    found = Transcripts()
    async with site.opened() as house:
        for _ in range(RECOVERED_WITHIN_S):
            if not await house.store.read(_open_holds):
                break
            await asyncio.sleep(1)
        now = house.clock.now()
        checked = verify.Checked()
        differences = await house.store.read(lambda tx: [*verify.differences(tx, now, checked)])
        runs, messages, seen = await house.store.read(lambda tx: _read(tx, found))
    found.findings += [f"{one.subject}: {one.what}" for one in differences]
    _hear(provider, {turn.name: turn.run for turn in turns}, seen, found)
    by_run = {row["run_id"]: row for row in messages if row["run_id"] is not None}
    for turn in turns:
        found.findings += _turn(turn, runs.pop(turn.run, None), messages, by_run.get(turn.run), seen[turn.run], answer)
        found.made_again += max(0, seen[turn.run].succeeded - 1)
    found.findings += [f"run {name} is nobody's" for name in runs]
    if len(messages) != 2 * len(turns):
        found.findings.append(f"{len(turns)} turns have {len(messages)} messages")
    return found


def _read(tx: Reading, found: Transcripts) -> tuple[dict[str, Any], list[Any], defaultdict[str, Seen]]:
    """Runs by id, all messages, and what each run was charged."""
    seen: defaultdict[str, Seen] = defaultdict(Seen)
    run_of: dict[str, str] = {}
    for row in tx.execute(select(request).where(request.c.surface == SURFACE)).mappings():
        if row["run_id"] is None:
            found.unmatched += 1
            found.findings.append(f"request {row['id']} names no run")
            continue
        run_of[row["id"]] = row["run_id"]
        one = seen[row["run_id"]]
        one.settled += (row["input_cost"] or 0) + (row["output_cost"] or 0)
        one.succeeded += row["outcome"] == "succeeded"
        one.is_exact &= row["cost_status"] in (None, "exact")
    for row in tx.execute(select(hold).where(hold.c.state.in_(["open", "unconfirmed"]))).mappings():
        if row["state"] == "open":
            found.findings.append(f"hold {row['id']} is still open")
        elif row["request_id"] not in run_of:
            found.unmatched += 1
            found.findings.append(f"hold {row['id']} belongs to no run")
        else:
            found.unconfirmed += 1
            seen[run_of[row["request_id"]]].unconfirmed += row["usd"]
    runs = {row["id"]: row for row in tx.execute(select(run)).mappings()}
    found.attempts = sum(row["attempt"] for row in runs.values())
    return runs, list(tx.execute(select(message).order_by(message.c.seq)).mappings()), seen


def _hear(
    provider: RemoteProvider, run_of: Mapping[str, str], seen: defaultdict[str, Seen], found: Transcripts
) -> None:
    """What the provider was asked, and what it bills."""
    asked_for: dict[int, str] = {}
    for asked in provider.requests:
        name = asked.json["messages"][-1]["content"]
        found.seen += 1
        if name not in run_of:
            found.findings.append(f"the provider was asked {name!r}, which is no turn")
            continue
        asked_for[asked.number] = run_of[name]
        seen[run_of[name]].arrivals.append(asked.arrived_at)
    for billed in provider.billed:
        if billed.request in asked_for:
            seen[asked_for[billed.request]].billed += cost_of(billed.usage, PRICE)


def _turn(turn: Turn, row: Any, messages: Sequence[Any], written: Any, seen: Seen, answer: str) -> Iterator[str]:
    """What is wrong with one turn."""
    if row is None:
        yield f"{turn.name}: its run is lost"
        return
    if row["status"] != "succeeded":
        yield f"{turn.name}: its run says {row['status']}"
    questions = [one for one in messages if one["role"] == "user" and words_of(load(one["parts"])) == turn.name]
    if [one["id"] for one in questions] != [turn.message]:
        yield f"{turn.name}: the question is there {len(questions)} times"
    answers = [one for one in messages if one["parent_id"] == turn.message and one["role"] == "assistant"]
    if written is None or [one["id"] for one in answers] != [written["id"]]:
        yield f"{turn.name}: it has {len(answers)} answers"
    elif words_of(load(written["parts"])) != answer:
        yield f"{turn.name}: its answer is not what the provider said"
    else:
        # The answer is dated before it is committed, so that this is rather too strict than too lax.
        late = [at for at in seen.arrivals if at > written["created_at"].timestamp()]
        if late:
            yield f"{turn.name}: the provider was asked again {len(late)} times, after the answer had been written"
    charged = seen.settled + seen.unconfirmed
    if seen.billed > charged:
        yield f"{turn.name}: the provider billed {seen.billed - charged} nanodollars more than were charged"
    if seen.is_exact and not seen.unconfirmed and seen.settled != seen.billed:
        yield f"{turn.name}: {seen.settled} nanodollars were charged as exact, and {seen.billed} billed"


def _open_holds(tx: Reading) -> int:
    return tx.execute(select(func.count()).select_from(hold).where(hold.c.state == "open")).scalar_one()
