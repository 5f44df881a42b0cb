"""Calls, and what came of them, for the conformance tests of both clients."""

from __future__ import annotations

from tollhouse.errors import UpstreamError
from tollhouse.upstream.base import Call, Origin, Reply, Timeouts, Upstream
from upstream.raw_server import (
    RawServer,
)

BODY = b'{"model":"acme-1","messages":[]}'
KEY = b"sk-live-0123456789"
PATIENT = Timeouts(connect_s=5, first_byte_s=10, idle_s=10, total_s=20)


def call_to(server: RawServer | int, *, scheme: str = "http", host: str = "127.0.0.1", **more: object) -> Call:
    port = server if isinstance(server, int) else server.port
    values: dict[str, object] = {
        "target": b"/v1/chat/completions",
        "headers": ((b"authorization", b"Bearer " + KEY), (b"content-type", b"application/json")),
        "body": BODY,
        "timeouts": PATIENT,
    }
    return Call(origin=Origin(scheme, host, port, allow_private_address=True), **(values | more))  # type: ignore[arg-type]


async def body_of(client: Upstream, call: Call) -> bytes:
    reply = await client.send(call)
    return await reply.read()


async def pieces_of(client: Upstream, call: Call) -> tuple[bytes, UpstreamError | None]:
    """All that came, and how it ended."""
    reply = await client.send(call)
    came = b""
    try:
        while piece := await reply.next():
            came += piece
    except UpstreamError as error:
        return came, error
    return came, None


async def all_of(reply: Reply) -> int:
    came = 0
    while piece := await reply.next():
        came += len(piece)
    return came
