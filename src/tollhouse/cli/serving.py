"""up, serve and work: the ways to run the gateway."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

from tollhouse.cli.opening import load_settings
from tollhouse.cli.options import Config, Data, Host, Json, Port


def up(host: Host = None, port: Port = None, data: Data = None, config: Config = None, as_json: Json = False) -> None:
    """Run everything in one process; make what is missing.

    The first time, this makes the data folder, the database and the master key, takes up providers' keys found in the
    environment, and prints an API key and a call that works at once.

    \b
    tollhouse up
    tollhouse up --port 0 --data /srv/tollhouse --json
    """
    _run(is_embedded=True, as_json=as_json, data=data, config=config, host=host, port=port)


def serve(
    host: Host = None, port: Port = None, data: Data = None, config: Config = None, as_json: Json = False
) -> None:
    """Serve an installation that exists. Nothing is made, nothing is migrated.

    \b
    tollhouse serve --host 0.0.0.0 --config /etc/tollhouse.toml
    """
    _run(is_embedded=False, as_json=as_json, data=data, config=config, host=host, port=port)


def work(data: Data = None, config: Config = None, as_json: Json = False) -> None:
    """Execute runs in the background, beside a gateway or several, on the same database. Nothing is served.

    As many as are wanted may run. SIGTERM lets what is under way come to its end, or hands it back.

    \b
    tollhouse work --config /etc/tollhouse.toml
    """
    from tollhouse.cli.running import run_worker

    run_worker(load_settings(data, config), as_json=as_json)


def _run(*, is_embedded: bool, as_json: bool, data: Path | None, config: Path | None, **said: Any) -> None:
    # What is imported is no garbage: to look for some on the way costs a tenth of the start.
    gc.disable()
    try:
        from tollhouse.cli.running import run

        settings = load_settings(data, config, **said)
        gc.freeze()
    finally:
        gc.enable()
    run(settings, is_embedded=is_embedded, as_json=as_json)
