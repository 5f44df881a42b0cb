"""Which envelope an error has: that of whoever usually asks at its address. It is decided here, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from tollhouse.api import errors
from tollhouse.api.http import Peer, shown_id
from tollhouse.errors import TollhouseError
from tollhouse.providers.base import Headers

SHOWN_ID = b"x-request-id"
GOOGLES = {b"x-goog-api-key", b"x-goog-api-client"}


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """How an error is told as an answer of its own.

    Attributes:
        write: makes the body, of the error and the request's id.
        id_headers: headers under which the client finds the request's id.
    """

    write: Callable[[TollhouseError, str], bytes]
    content_type: tuple[bytes, bytes] = errors.JSON
    id_headers: tuple[bytes, ...] = (SHOWN_ID,)

    def ids(self, request_id: str) -> Headers:
        """The headers that tell the id."""
        return tuple([(name, request_id.encode()) for name in self.id_headers])

    def wrap(self, error: TollhouseError, request_id: str) -> tuple[Headers, bytes]:
        """Headers and body."""
        headers = (self.content_type, *errors.headers(error), *self.ids(request_id))
        return headers, self.write(error, request_id)


OPENAI = Envelope(write=errors.openai_body)
ANTHROPIC = Envelope(write=errors.anthropic_body, id_headers=(SHOWN_ID, b"request-id"))
GOOGLE = Envelope(write=errors.google_body)
PROBLEM = Envelope(write=errors.problem_body, content_type=errors.PROBLEM)


def at(method: str, path: str, headers: list[tuple[bytes, bytes]]) -> Envelope:
    """The envelope of an address.

    Three dialects have their models at `/v1/models`: there, whose client asks is told by its headers.
    """
    if path.startswith("/v1beta/"):
        return GOOGLE
    if path.startswith("/v1/messages"):
        return ANTHROPIC
    if path.startswith("/v1/models"):
        names = {name for name, _ in headers}
        if b"anthropic-version" in names:
            return ANTHROPIC
        return GOOGLE if (method == "POST" and ":" in path) or names & GOOGLES else OPENAI
    return OPENAI if path.startswith("/v1/") else PROBLEM


def refusal(error: TollhouseError, method: str, path: str, headers: list[tuple[bytes, bytes]]) -> tuple[Headers, bytes]:
    """Headers and body of what is refused before anybody has looked at the request."""
    return at(method, path, headers).wrap(error, shown_id(headers))


async def refuse(peer: Peer, method: str, error: TollhouseError) -> None:
    """Refuse a request that nobody has looked at."""
    headers, body = refusal(error, method, peer.path, peer.headers)
    await peer.answer(error.status, headers, body)
