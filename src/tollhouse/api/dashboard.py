"""/ui/: the built dashboard. Where none is built, a plain page says so, and all else works.

It comes by plain ASGI and not by the hot routes' protocol, which has nothing to do with answers without a body.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import tollhouse
from tollhouse.api import envelopes, plain_page
from tollhouse.api.built import ASSETS, Built, File, load, stamp_of
from tollhouse.api.http import AsgiPeer, Receive, Scope, Send, shown_id
from tollhouse.errors import MethodNotAllowed, NotFound, TollhouseError
from tollhouse.providers.base import Headers

FOLDER = Path(tollhouse.__file__).parent / "dashboard"
PREFIX = "/ui/"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SAFE: Headers = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
FOR_EVER = b"public, max-age=31536000, immutable"
ASK_AGAIN = b"no-cache"

LOOK_AGAIN = "setTimeout(()=>location.reload(),5000)"
"""A refresh said in the head goes nowhere from an address with a `#`, and a link that signs in has one."""

NOT_BUILT = plain_page.write(
    "The dashboard is not built",
    "<p>Everything else works: the API is at <code>/v1</code> and <code>/api</code>, its "
    "<a href=/docs>description</a> at <code>/docs</code>.</p>"
    "<p>From a clone, <code>make up</code> builds it in the background, which takes about a minute the first time, and "
    "<code>make ui</code> does it by hand and tells what is wrong. This page looks again by itself.</p>"
    "<p>A package that was made with <code>TOLLHOUSE_SKIP_UI=1</code> has none.</p>",
    script=LOOK_AGAIN,
)


class Dashboard:
    """Answers what is below /ui/, and sends browsers there that come to the door."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Of what was built into `folder`, or will be: it is looked at when a page is asked for."""
        self._folder = folder
        self._built = Built()

    def serves(self, scope: Scope) -> bool:
        """Whether it is for us: all below /ui/, and the root when a browser asks for a page."""
        path = scope["path"]
        return path.startswith(PREFIX) or path == "/ui" or (path == "/" and wants_page(scope["headers"]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, headers = scope["path"], dict(scope["headers"])
        known: Headers = (*SAFE, (envelopes.SHOWN_ID, shown_id(scope["headers"]).encode()))
        if scope["method"] not in ("GET", "HEAD"):
            message = f"{path} does not take {scope['method']}, but GET and HEAD."
            await refuse(MethodNotAllowed(message, allowed=("GET", "HEAD")), AsgiPeer(scope, receive, send))
        elif not path.startswith(PREFIX):
            await answer(send, 307, (*known, (b"location", PREFIX.encode())), b"")
        else:
            name = path.removeprefix(PREFIX)
            file = (await self._current(name)).find(name)
            if file is not None:
                await tell(file, name, headers, known, send)
            elif name.startswith(ASSETS):
                await refuse(NotFound(f"There is no {path} here."), AsgiPeer(scope, receive, send))
            else:
                more = (
                    (b"content-type", plain_page.HTML.encode()),
                    (b"cache-control", b"no-store"),
                    (b"content-security-policy", plain_page.policy(script=LOOK_AGAIN).encode()),
                )
                await answer(send, 200, (*known, *more), NOT_BUILT)

    async def _current(self, name: str) -> Built:
        """What is built; looked at anew with each page, because it may be built while we serve."""
        if name not in self._built.files or not name.startswith(ASSETS):
            self._built = await asyncio.to_thread(refreshed, self._built, self._folder)
        return self._built


def refreshed(built: Built, folder: Path) -> Built:
    """The same, or what was built since."""
    return built if stamp_of(folder) == built.stamp else load(folder)


async def tell(file: File, name: str, asked: dict[bytes, bytes], known: Headers, send: Send) -> None:
    """A file, in the best coding that the client takes; or that it has not changed."""
    coding, body = file.choose(asked.get(b"accept-encoding", b"").decode("latin-1"))
    etag = f'"{file.etag}-{coding}"'.encode()
    headers: Headers = (
        *known,
        (b"content-security-policy", POLICY.encode()),
        (b"cache-control", FOR_EVER if name.startswith(ASSETS) else ASK_AGAIN),
        (b"etag", etag),
        (b"vary", b"accept-encoding"),
    )
    if is_known(etag, asked.get(b"if-none-match", b"")):
        await answer(send, 304, headers, None)
        return
    coded: Headers = () if coding == "identity" else ((b"content-encoding", coding.encode()),)
    await answer(send, 200, (*headers, *coded, (b"content-type", file.content_type.encode())), body)


def is_known(etag: bytes, asked: bytes) -> bool:
    """Whether the client has it already (RFC 9110, section 13.1.2): the comparison is weak."""
    tags = [tag.strip().removeprefix(b"W/") for tag in asked.split(b",")]
    return etag in tags or tags == [b"*"]


def wants_page(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether a browser asks for a page, and not a program for anything."""
    return b"text/html" in dict(headers).get(b"accept", b"").lower()


async def answer(send: Send, status: int, headers: Headers, body: bytes | None) -> None:
    """An answer; None for one that has no body by its nature, and says nothing of its length."""
    length = () if body is None else ((b"content-length", b"%d" % len(body)),)
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *length]})
    await send({"type": "http.response.body", "body": body or b""})


async def refuse(error: TollhouseError, peer: AsgiPeer) -> None:
    """An error, told as the management API tells it, as safely as all else here."""
    headers, body = envelopes.PROBLEM.wrap(error, shown_id(peer.headers))
    await peer.answer(error.status, (*SAFE, *headers), body)
