"""A client that reads a stream, is cut off when its gateway dies, and goes on from where it was, at another one."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from random import Random

import httpx2

from proofs.deaths import Household
from proofs.installation import Gateway, Site
from proofs.turns import Insisting, Told
from tollhouse.dialects import sse
from tollhouse.testing import done, finish, say, usage, wait
from tollhouse.testing.remote import RemoteProvider

DELTAS = 57
"""With the run's begin, the whole message and its end, sixty events."""
CUTS = 5
QUESTION = "count-and-take-your-time"
ENDS = ("run.succeeded", "run.failed", "run.cancelled")
PATIENCE_S = 240.0


@dataclass
class Followed:
    """What was heard in all, and what was wrong with it."""

    events: int = 0
    cuts: int = 0
    findings: list[str] = field(default_factory=list)


async def follow(site: Site, household: Household, provider: RemoteProvider, chance: Random) -> Followed:
    """Ask for a stream of sixty events, and be cut off five times."""
    pieces = [f"{number} " for number in range(DELTAS)]
    asked = provider.when(json={"messages": [{"role": "user", "content": QUESTION}]})
    asked.script(
        *[step for piece in pieces for step in (say(piece), wait(0.25))], finish("stop"), usage(12, 57), done()
    )
    token = site.spenders[1].token
    person = Insisting(token, lambda: household.webs, chance, Told())
    try:
        made = await person.call("POST", "/api/conversations", json={"model": "acme/acme-1"})
        turn = await person.ask(f"/api/conversations/{made['id']}", QUESTION)
        async with asyncio.timeout(PATIENCE_S):
            heard, cuts = await _read(household, token, turn.run, chance)
    finally:
        await person.aclose()
    return _judged(heard, cuts, "".join(pieces))


Event = tuple[str, str, str]
"""Its id, its name, and the text that it adds."""


async def _read(household: Household, token: str, run: str, chance: Random) -> tuple[list[Event], int]:
    """All events, each part of another process, and how often the stream was cut."""
    heard: list[Event] = []
    cuts = 0
    while not heard or heard[-1][1] not in ENDS:
        most = chance.randint(3, 8) if cuts < CUTS else DELTAS * 2
        gateway = household.webs[0]
        new = await _listen(gateway, token, run, heard[-1][0] if heard else None, most)
        heard += new
        if len(new) == most:
            cuts += 1
            await household.kill_web(gateway)
    return heard, cuts


async def _listen(gateway: Gateway, token: str, run: str, last: str | None, most: int) -> list[Event]:
    """So many events after one, or those until the stream ends."""
    headers = {"authorization": f"Bearer {token}"} | ({"last-event-id": last} if last else {})
    url = f"http://127.0.0.1:{gateway.port}/api/runs/{run}/events"
    heard: list[Event] = []
    reader = sse.Reader()
    async with httpx2.AsyncClient(timeout=30) as http, http.stream("GET", url, headers=headers) as response:
        response.raise_for_status()
        async for piece in response.aiter_bytes():
            for frame in reader.feed(piece):
                if frame.data and len(heard) < most:
                    text = json.loads(frame.data).get("text", "") if frame.event == "message.delta" else ""
                    heard.append((frame.id or "", frame.event or "", text))
            if len(heard) == most:
                break
    return heard


def _judged(heard: list[Event], cuts: int, said: str) -> Followed:
    followed = Followed(len(heard), cuts)
    ids = [tuple(map(int, name.split("."))) for name, _, _ in heard]
    if ids != [(1, number) for number in range(1, len(ids) + 1)]:
        followed.findings.append(f"the events of the stream are not each there once, in order: {ids}")
    if "".join(text for _, _, text in heard) != said:
        followed.findings.append("the words of the stream are not those of the provider")
    if cuts < CUTS:
        followed.findings.append(f"the stream was cut {cuts} times only")
    if heard[-1][1] != "run.succeeded":
        followed.findings.append(f"the stream ended with {heard[-1][1]}")
    return followed
