"""What is wrong with this installation, and what to do about it.

Nothing is changed, and without `is_online` nothing leaves this machine.
"""

from __future__ import annotations

import asyncio
import errno
import platform
import shutil
import stat
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from tollhouse.admin.budgets import list_holds
from tollhouse.admin.credentials import list_credentials, verify_credential
from tollhouse.admin.desk import COMMAND_LINE, Desk
from tollhouse.admin.pauses import PauseView
from tollhouse.admin.queues import list_queues
from tollhouse.admin.views import CredentialView
from tollhouse.admin.webhooks import list_webhooks
from tollhouse.errors import RedisFailed, TollhouseError
from tollhouse.gateway.keys import resolve
from tollhouse.gateway.paused import Pause
from tollhouse.redis.link import Link
from tollhouse.store import alerts, machinery, people, requests, schema
from tollhouse.store.engine import Reading
from tollhouse.store.paging import Page
from tollhouse.store.types import from_micros

Level: TypeAlias = Literal["ok", "warning", "problem"]

OLD_KEY_DAYS = 90
ALIVE = timedelta(seconds=15)
CLOCK_TOLERANCE = timedelta(seconds=5)
LITTLE_SPACE_BYTES = 2**30


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at; `advice` says what to do when it is not `ok`."""

    level: Level
    subject: str
    message: str
    advice: str | None = None


def examine_machine(folder: Path, warnings: Sequence[str]) -> Iterator[Finding]:
    """What can be seen without opening the house.

    Args:
        folder: the data folder.
        warnings: what the settings said of themselves.
    """
    yield Finding(level="ok", subject="python", message=f"Python {platform.python_version()} on {platform.system()}")
    for warning in warnings:
        yield Finding(level="warning", subject="settings", message=warning, advice="Change it as it says.")
    yield from _folder(folder)


def cannot_open(error: TollhouseError) -> Finding:
    """The house cannot be opened: its message says why, and what to do."""
    return Finding(level="problem", subject="start", message=error.message, advice="Do as it says, then ask me again.")


async def examine_house(desk: Desk, *, host: str, port: int, is_online: bool) -> AsyncIterator[Finding]:
    """What an open house shows; with `is_online`, also what providers say to its credentials."""
    version = await desk.store.read(schema.server_version)
    yield Finding(level="ok", subject="database", message=f"{version}, schema {schema.HEAD}")
    yield Finding(level="ok", subject="master key", message=f"{desk.vault.primary} seals, and is this database's")
    if desk.link is not None:
        yield await _redis(desk.link)
    yield await _clock(desk)
    yield await _port(desk, host, port)
    yield await _people(desk)
    yield await _holds(desk)
    async for finding in _paused(desk):
        yield finding
    async for finding in _alerts(desk):
        yield finding
    for credential in await list_credentials(desk):
        yield await _credential(desk, credential, is_online=is_online)


def _folder(folder: Path) -> Iterator[Finding]:
    if not folder.is_dir():
        advice = "Make it with `tollhouse up`, or name another one: --data DIR"
        yield Finding(level="problem", subject="data", message=f"there is no folder {folder}", advice=advice)
        return
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        message = f"{folder} may be read by others (mode {mode:04o})"
        yield Finding(level="problem", subject="data", message=message, advice=f"Run `chmod 700 {folder}`")
        return
    yield Finding(level="ok", subject="data", message=f"{folder.absolute()}, for its owner only")
    free = shutil.disk_usage(folder).free
    message = f"{free / 2**30:.1f} GiB are free"
    if free < LITTLE_SPACE_BYTES:
        yield Finding(level="warning", subject="disk", message=message, advice="A full disk stops every paid call.")
    else:
        yield Finding(level="ok", subject="disk", message=message)


async def _redis(link: Link) -> Finding:
    subject = "redis"
    try:
        return Finding(level="ok", subject=subject, message=await link.look())
    except RedisFailed as error:
        advice = "Mend it. Until then answers are not given again, and limits are agreed upon through the database."
        return Finding(level="warning", subject=subject, message=error.message, advice=advice)


async def _clock(desk: Desk) -> Finding:
    now, seen = desk.clock.now(), await desk.store.read(_latest)
    if seen is not None and seen - now > CLOCK_TOLERANCE:
        message = f"the clock says {now:%Y-%m-%d %H:%M:%S} UTC, but something was written at {seen:%Y-%m-%d %H:%M:%S}"
        advice = "Set the clock (NTP): the days and months of budgets follow it."
        return Finding(level="problem", subject="clock", message=message, advice=advice)
    return Finding(level="ok", subject="clock", message=f"{now:%Y-%m-%d %H:%M:%S} UTC, later than all that was written")


def _latest(tx: Reading) -> datetime | None:
    """When something was last written."""
    rows: list[Any] = requests.rows(tx, Page(limit=1))
    moments = [row["created_at"] for row in rows] + [row["beat_at"] for row in machinery.processes(tx)[:1]]
    return from_micros(max(moments)) if moments else None


async def _port(desk: Desk, host: str, port: int) -> Finding:
    subject = "port"
    for process in await desk.store.read(machinery.processes):
        if process["kind"] == "web" and desk.clock.now() - from_micros(process["beat_at"]) < ALIVE:
            return Finding(level="ok", subject=subject, message=f"a gateway serves this data: process {process['pid']}")
    try:
        server = await asyncio.start_server(lambda reader, writer: writer.close(), host, port)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        message = f"{port} on {host} is taken by another program" if taken else f"{host}:{port}: {error.strerror}"
        advice = f"Stop it, or serve elsewhere: --port {port + 1}" if taken else "Choose another --host or --port."
        return Finding(level="problem", subject=subject, message=message, advice=advice)
    server.close()
    await server.wait_closed()
    return Finding(level="ok", subject=subject, message=f"{port} on {host} is free; no gateway serves this data")


async def _people(desk: Desk) -> Finding:
    count = len(await desk.store.read(lambda tx: people.users(tx, Page(limit=1))))
    if count == 0:
        advice = "Make one: tollhouse users create alice, then tollhouse tokens create alice"
        return Finding(level="warning", subject="users", message="there are none", advice=advice)
    return Finding(level="ok", subject="users", message="there are some")


async def _holds(desk: Desk) -> Finding:
    holds = await list_holds(desk)
    if len(holds) == 0:
        return Finding(level="ok", subject="holds", message="none is unconfirmed")
    message = f"{len(holds)} are unconfirmed: calls whose end is unknown, which count as spent"
    advice = "See `tollhouse budgets release`, and give back what the provider did not bill."
    return Finding(level="warning", subject="holds", message=message, advice=advice)


async def _paused(desk: Desk) -> AsyncIterator[Finding]:
    """What an operator has paused, and may have forgotten."""
    for name, pause in desk.calling.standing.paused.items():
        yield _at_rest(f"provider {name}", pause, f"tollhouse providers resume {name}")
    for queue in await list_queues(desk):
        if queue.paused is not None:
            yield _at_rest(f"queue {queue.name}", queue.paused, f"tollhouse jobs resume {queue.name}")


def _at_rest(subject: str, pause: PauseView | Pause, verb: str) -> Finding:
    why = f": {pause.reason}" if pause.reason else ""
    message = f"it is paused since {pause.at:%Y-%m-%d %H:%M} UTC{why}"
    return Finding(level="warning", subject=subject, message=message, advice=f"When it may go on: {verb}")


async def _alerts(desk: Desk) -> AsyncIterator[Finding]:
    endpoints = await list_webhooks(desk)
    for endpoint in endpoints:
        if endpoint.gone_at is not None:
            message = f"it said on {endpoint.gone_at:%Y-%m-%d} that it wants no more, and is disabled"
            advice = f"tollhouse webhooks enable {endpoint.id}, or remove it"
            yield Finding(level="warning", subject=f"webhook {endpoint.id}", message=message, advice=advice)
    listening = {"chat", "email", *(endpoint.id for endpoint in endpoints if endpoint.active)}
    failing = [row for row in await desk.store.read(alerts.failing_targets) if row["target"] in listening]
    for row in failing:
        message = f"the last attempt failed at {row['tried_at']:%Y-%m-%d %H:%M} UTC: {row['error']}"
        advice = f"See `tollhouse deliveries list --target {row['target']}`, mend it, and resend."
        yield Finding(level="warning", subject=f"alerts to {row['target']}", message=message, advice=advice)
    if not failing:
        yield Finding(level="ok", subject="alerts", message="nobody who listens missed the last one")


async def _credential(desk: Desk, credential: CredentialView, *, is_online: bool) -> Finding:
    subject = f"credential {credential.id} for {credential.provider}"
    if is_online:
        credential = await verify_credential(desk, COMMAND_LINE, credential.id)
    problem = credential.last_error or _lost_reference(credential)
    if problem is not None:
        advice = f"tollhouse credentials rotate {credential.id}, or remove it"
        return Finding(level="problem", subject=subject, message=problem, advice=advice)
    if credential.age_days > OLD_KEY_DAYS and credential.reference is None:
        message = f"it is {credential.age_days} days old"
        advice = f"Make a new key there, then: tollhouse credentials rotate {credential.id}"
        return Finding(level="warning", subject=subject, message=message, advice=advice)
    message = "the provider takes it" if is_online else f"{credential.age_days} days old; --online asks the provider"
    return Finding(level="ok", subject=subject, message=message)


def _lost_reference(credential: CredentialView) -> str | None:
    """Why the reference leads nowhere, seen from here."""
    if credential.reference is None:
        return None
    try:
        resolve(credential.reference)
    except TollhouseError as error:
        return error.message
    return None
