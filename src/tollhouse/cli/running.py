"""What `up`, `serve` and `work` do: open the house, serve it or work in it, say where it is."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import typer
import uvloop

from tollhouse import __version__
from tollhouse.admin.desk import COMMAND_LINE, Desk
from tollhouse.admin.first_run import USER_NAME, Made, first_run, note_shown
from tollhouse.admin.sessions import make_code
from tollhouse.api.paced_http import Pace
from tollhouse.api.server import Server
from tollhouse.app import application, open_house
from tollhouse.cli.login import address_of, link_of
from tollhouse.cli.opening import doubts, require_folder
from tollhouse.errors import NotFound
from tollhouse.settings import Settings
from tollhouse.telemetry import Event, Logs, configure_logs, log
from tollhouse.vault.key_file import KeyFile
from tollhouse.vault.opening import key_file

LINK_LASTS = "The dashboard's link signs in once, within 15 minutes; `tollhouse login` prints another one."


class Served(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What `--json` prints, once it serves. The keys are there on the first run only; the link signs in once."""

    url: str
    base_url: str
    data: str
    pid: int
    login_url: str | None = None
    api_key: str | None = None
    admin_token: str | None = None


def run(settings: Settings, *, is_embedded: bool, as_json: bool) -> None:
    """Serve until told to stop.

    Args:
        is_embedded: make what is missing, and bring an older database up to date.

    Raises:
        CannotStart, ConfigurationError: what is missing, and what to do.
    """
    _with_logs(settings, lambda logs: _serve(settings, logs, is_embedded=is_embedded, as_json=as_json))


def run_worker(settings: Settings, *, as_json: bool) -> None:
    """Work until told to stop. Raises CannotStart, ConfigurationError."""
    _with_logs(settings, lambda logs: _work(settings, logs, as_json=as_json))


def _with_logs(settings: Settings, act: Callable[[Logs], Coroutine[Any, Any, None]]) -> None:
    logs = configure_logs(
        level=settings.log.level,
        format=settings.log.format,
        directory=settings.log.directory,
        keep_days=settings.log.keep_days,
        warn_tokens=settings.log.warn_tokens,
    )
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(act(logs))
    finally:
        logs.close()


async def _work(settings: Settings, logs: Logs, *, as_json: bool) -> None:
    require_folder(settings)
    _tell_doubts(settings)
    async with open_house(settings, kind="worker", logs=logs) as house:
        leaving, enough = asyncio.Event(), asyncio.Event()

        def leave() -> None:
            (enough if leaving.is_set() else leaving).set()
            house.worker.leave()

        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, leave)
        house.worker.begin()
        data = str(settings.data.absolute())
        if as_json:
            typer.echo(msgspec.json.encode({"data": data, "pid": os.getpid()}).decode())
        else:
            typer.echo(f"Tollhouse {__version__} works on {data}; {house.settings.jobs.concurrency} runs at a time")
        await leaving.wait()
        draining = asyncio.create_task(house.worker.drain(settings.drain_seconds))
        stopping = asyncio.create_task(enough.wait())
        await asyncio.wait([draining, stopping], return_when=asyncio.FIRST_COMPLETED)
        for task in (draining, stopping):
            task.cancel()


async def _serve(settings: Settings, logs: Logs, *, is_embedded: bool, as_json: bool) -> None:
    if not is_embedded:
        require_folder(settings)
        _tell_where_the_key_lies(settings)
    _tell_doubts(settings)
    may_create_key = is_embedded and not _has_database(settings)
    async with open_house(
        settings, kind="web", may_migrate=is_embedded, may_create_key=may_create_key, logs=logs
    ) as house:
        made = await first_run(house.desk, os.environ) if is_embedded else None

        async def announce(listening: str) -> None:
            data = settings.data.absolute()
            url = address_of(settings.host, urlsplit(listening).port or settings.port)
            link = await _login_url(house.desk, url) if is_embedded else None
            if as_json:
                typer.echo(_line(url, made, data, link))
            else:
                keys = key_file(data, settings.master_key)
                typer.echo(_page(url, made, data, link, keys, is_embedded=is_embedded))
            if made is not None:
                await note_shown(house.desk)
            if is_embedded:
                house.worker.begin()

        def leave() -> None:
            house.worker.leave()
            house.conversing.under_way.is_leaving = True

        server = Server(
            lambda is_ready: application(house, is_ready=is_ready),
            host=settings.host,
            port=settings.port,
            drain_s=settings.drain_seconds,
            on_started=announce,
            on_leaving=leave,
            drain_others=lambda: house.worker.drain(settings.drain_seconds),
            pace=Pace(**settings.clients.model_dump()),
        )
        await server.serve()


def _has_database(settings: Settings) -> bool:
    """Whether what a missing key would have sealed is still there: then a new one is no replacement."""
    return settings.database_url is None and (settings.data / "tollhouse.db").exists()


def _tell_doubts(settings: Settings) -> None:
    for warning in doubts(settings):
        log.warning(Event.SETTINGS_DOUBTFUL, warning=warning)
    if not settings.is_loopback:
        warning = f"other machines can reach {settings.host}, in the clear: put a proxy with TLS in front"
        log.warning(Event.SETTINGS_DOUBTFUL, warning=warning)


def _tell_where_the_key_lies(settings: Settings) -> None:
    """Who takes a copy of the database should not have taken its key along."""
    keys = key_file(settings.data, settings.master_key)
    if keys is not None and settings.database_url is None and keys.path.is_relative_to(settings.data):
        warning = (
            f"the master key lies beside the database that it seals, in {keys.path}: move it elsewhere, and say where "
            'with `master_key = "file:/…"`'
        )
        log.warning(Event.SETTINGS_DOUBTFUL, warning=warning)


async def _login_url(desk: Desk, url: str) -> str | None:
    """A link that signs in to the dashboard, once; None where no token manages any more."""
    try:
        return link_of(url, await make_code(desk, COMMAND_LINE))
    except NotFound:
        return None


def _line(url: str, made: Made | None, data: Path, link: str | None) -> str:
    """For programs."""
    served = Served(
        url=url,
        base_url=f"{url}/v1",
        data=str(data),
        pid=os.getpid(),
        login_url=link,
        api_key=made.api_key if made else None,
        admin_token=made.admin_token if made else None,
    )
    return msgspec.json.encode(served).decode()


def _page(url: str, made: Made | None, data: Path, link: str | None, keys: KeyFile | None, *, is_embedded: bool) -> str:
    """For people."""
    places = {"Dashboard": link or f"{url}/ui/", "Base URL": f"{url}/v1", "API docs": f"{url}/docs", "Data": str(data)}
    if made is None:
        page = [f"Tollhouse {__version__} serves at {url}", "", *_aligned(places)]
        if is_embedded:
            command = f"tollhouse tokens create {USER_NAME} --name laptop --data {data}"
            page += [
                "",
                *([LINK_LASTS] if link else []),
                f"Its first keys were shown on the first run. Another one: {command}",
            ]
        return "\n".join(page)
    secrets = {"API key": made.api_key, "Admin token": made.admin_token}
    taken = {"Taken up": ", ".join(f"{name} from {variable}" for name, variable in made.imported.items())}
    return "\n".join(
        [
            f"Tollhouse {__version__} serves at {url}",
            "",
            *_aligned({**places, **secrets, **(taken if made.imported else {})}),
            "",
            *([LINK_LASTS] if link else []),
            *(
                [f"Back up {keys.path}, apart from the data: nothing else opens the keys that it seals."]
                if keys
                else []
            ),
            "Keep the key and the token: they are not shown again. A call that works now, without any provider's key:",
            "",
            f"  curl {url}/v1/chat/completions \\",
            f'    -H "Authorization: Bearer {made.api_key}" \\',
            '    -H "Content-Type: application/json" \\',
            """    -d '{"model": "demo/echo", "messages": [{"role": "user", "content": "Hello"}]}'""",
        ]
    )


def _aligned(fields: Mapping[str, str]) -> list[str]:
    width = max(map(len, fields))
    return [f"  {name:{width}}  {value}" for name, value in fields.items()]
