"""A whole run of conversations: fill a store, then do with them what people do."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, ExitStack
from dataclasses import replace
from pathlib import Path

from sqlalchemy import make_url, select

from benchmarks import postgres
from benchmarks.conversations import filling
from benchmarks.conversations.asking import DEEDS, Owner, times_ms
from benchmarks.conversations.bulk import Bulk, postgres_bulk, sqlite_bulk
from benchmarks.conversations.figures import Talked, Waits, waits
from benchmarks.conversations.speech import Speech
from benchmarks.gateways.tollhouse import ON_POSTGRES, install, serve
from benchmarks.ground import Ground, prepared
from benchmarks.plan import Plan
from benchmarks.postgres import Server
from benchmarks.progress import done, tell
from benchmarks.results import conditions
from benchmarks.scale.tables import new_database, settled_size_bytes, title
from tollhouse.app import House, database_url
from tollhouse.store.tables import token, user

CONVERSATIONS, QUICK_CONVERSATIONS = 10_000, 200
MESSAGES = 200
PEOPLE = 101
"""The first owns one conversation in two, the others share the rest."""
COUNT, QUICK_COUNT = 400, 40


def run(plan: Plan) -> Talked:
    """Measure on SQLite, and on PostgreSQL where it is."""
    conversations = QUICK_CONVERSATIONS if plan.is_quick else CONVERSATIONS
    talked = Talked(conditions=conditions(plan), conversations=conversations, messages=conversations * MESSAGES)
    with prepared() as ground, ExitStack() as stack:
        database = None
        if ON_POSTGRES.absent() is None:
            database = stack.enter_context(postgres.server(ground.folder / "postgres"))
            talked.database = database.title
        for store in (None, database) if database else (None,):
            _measure(ground, store, talked, QUICK_COUNT if plan.is_quick else COUNT)
    done()
    return talked


def _measure(ground: Ground, database: Server | None, talked: Talked, count: int) -> None:
    speech = Speech()
    owned: list[tuple[str, ...]] = []

    async def fill(house: House) -> None:
        owned.extend(await _fill(house, speech, talked.conversations, title(database)))

    installed = install(ground, database_url=new_database(database), users=PEOPLE, fill=fill)
    talked.size_bytes[title(database)] = settled_size_bytes(installed)
    with ground.speaking(), serve(ground, installed, database=database) as gateway:
        for place in (0, PEOPLE - 1):
            owner = Owner(installed.tokens[place], owned[place], talked.messages)
            door = replace(gateway.door, headers={})
            for name, deed in DEEDS.items():
                tell(f"conversations: {title(database)}, {name}, {len(owner.conversations):,} conversations")
                times = [*times_ms(door.port, owner, deed, speech, count)]
                talked.waits.append(waits(title(database), name, len(owner.conversations), times))


async def _fill(house: House, speech: Speech, conversations: int, database: str) -> list[tuple[str, ...]]:
    """The conversations of each user, in the order of their tokens."""
    query = select(user.c.id, user.c.workspace_id, token.c.id).join(token, token.c.user_id == user.c.id)
    rows = await house.store.read(lambda tx: tx.execute(query.order_by(user.c.id)).all())
    people = [filling.Owner(user_id=row[0], workspace_id=row[1], token_id=row[2]) for row in rows]
    places = [0 if number % 2 == 0 else 1 + number // 2 % (PEOPLE - 1) for number in range(conversations)]
    written = conversations * MESSAGES

    def progress(messages: int) -> None:
        doing = "filling" if messages < written else "indexing"
        tell(f"conversations: {doing} {database}, {messages:,} of {written:,} messages")

    async with bulk_of(house) as bulk:
        owners = [people[place] for place in places]
        await filling.fill(bulk, owners, MESSAGES, speech, house.clock.now(), progress)
    owned: list[list[str]] = [[] for _ in people]
    for number, place in enumerate(places):
        owned[place].append(filling.conversation_id(number))
    return [tuple(some) for some in owned]


def bulk_of(house: House) -> AbstractAsyncContextManager[Bulk]:
    """The quick way into the store of a house."""
    url = database_url(house.settings)
    path = make_url(url).database
    return sqlite_bulk(Path(path)) if house.store.dialect == "sqlite" and path else postgres_bulk(url)


def complaints(talked: Talked, most_ms: float = 50.0) -> list[str]:
    """What took longer than it may, in 95 of 100 cases. A whole turn is as long as its call; it is told, not judged."""
    return [_complaint(one) for one in talked.waits if one.deed != "turn" and one.p95_ms > most_ms]


def _complaint(one: Waits) -> str:
    return f"{one.database}, {one.deed}, {one.owned:,} conversations: {one.p95_ms:.1f} ms at the 95th percentile"
