"""The options that many commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="The data folder.", show_default="tollhouse-data")
]
Config = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="The configuration file.", show_default="tollhouse.toml")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, as the management API would answer.")]
Host = Annotated[str | None, typer.Option("--host", help="The address to listen on.", show_default="127.0.0.1")]
Port = Annotated[
    int | None, typer.Option("--port", min=0, max=65535, help="The port; 0 takes a free one.", show_default="8787")
]
User = Annotated[
    str | None, typer.Option("--user", metavar="USER", help="Only this user's: an id, a name or an address.")
]
Reason = Annotated[str | None, typer.Option(help="Why. Whoever is refused because of it is told.")]
Workspace = Annotated[
    str | None, typer.Option("--workspace", metavar="WORKSPACE", help="Only this workspace's: an id or a name.")
]
