"""A client that knows only bytes, with nothing between the test and the wire; and Tollhouse as others have it."""

from __future__ import annotations

import asyncio
import json
import os
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest


class RawClient:
    """One connection to a wire provider."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def ask(self, body: Any = None, *, path: str = "/v1/chat/completions", headers: str = "") -> None:
        """Send a request; `headers` as lines, each with its end."""
        content = json.dumps({"model": "acme-1"} | (body or {})).encode()
        head = f"POST {path} HTTP/1.1\r\nhost: test\r\ncontent-length: {len(content)}\r\n{headers}\r\n"
        self.writer.write(head.encode() + content)

    async def head(self) -> tuple[int, dict[str, str]]:
        """Status and headers of the next answer."""
        first, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        return int(first.split()[1]), dict(line.split(": ", 1) for line in lines)

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """The next answer, whole."""
        status, headers = await self.head()
        if "content-length" in headers:
            return status, headers, await self.reader.readexactly(int(headers["content-length"]))
        body = b""
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            body += (await self.reader.readexactly(size + 2))[:-2]
        await self.reader.readexactly(2)
        return status, headers, body

    async def rest(self) -> bytes:
        """Everything until the line ends."""
        return await self.reader.read(-1)


@pytest.fixture
async def connect() -> AsyncIterator[Callable[[int], Awaitable[RawClient]]]:
    """Opens raw connections to a port, and closes them when the test is over."""
    clients: list[RawClient] = []

    async def open_one(port: int) -> RawClient:
        clients.append(RawClient(*await asyncio.open_connection("127.0.0.1", port)))
        return clients[-1]

    yield open_one
    for client in clients:
        client.writer.close()


@pytest.fixture
def installed(tmp_path: Path) -> str:
    """A `PYTHONPATH` where Tollhouse is installed as `pyproject.toml` says, whatever this environment was made of."""
    root = Path(__file__).parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    points = "".join(f"{name} = {place}\n" for name, place in project["entry-points"]["pytest11"].items())
    folder = tmp_path / "site" / "tollhouse-9.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: tollhouse\nVersion: 9\n")
    (folder / "entry_points.txt").write_text(f"[pytest11]\n{points}")
    return f"{folder.parent}{os.pathsep}{root / 'src'}"
