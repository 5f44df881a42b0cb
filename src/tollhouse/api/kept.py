"""What is kept, in OpenAI's shape: the routes below /v1/conversations and /v1/responses that ask nobody for an answer.

Each is one question and one JSON answer. Who asks, whether they may, what stands in the address and behind it, and what
an error looks like, is decided here, once; an endpoint gets a `Visit` and gives what is to be said.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, Protocol, TypeAlias, TypeVar
from urllib.parse import parse_qs

import msgspec

from tollhouse.api import errors
from tollhouse.api.http import ClientLeft, Head, Networks, Peer, read_head
from tollhouse.api.repeats import REPLAYED, Answer, Claim, Repeats
from tollhouse.clock import Clock
from tollhouse.conversations.conversing import Conversing
from tollhouse.conversations.messages.items import checked_include
from tollhouse.dialects import json_body
from tollhouse.errors import InvalidRequest, TollhouseError
from tollhouse.gateway.identify import Caller, Identify
from tollhouse.store.paging import Page
from tollhouse.telemetry import Event, log
from tollhouse.tokens import Scope

READ: Scope = "conversations:read"
WRITE: Scope = "conversations:write"

PAGE_ITEMS = 20
PAGE_MOST = 100

T = TypeVar("T")

_ID = r"([A-Za-z0-9_-]{1,128})"


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A caller who was let in, and what they brought.

    Attributes:
        names: what the address names, in order.
        query: what stands behind the question mark.
    """

    conversing: Conversing
    caller: Caller
    head: Head
    peer: Peer
    names: tuple[str, ...]
    query: dict[str, list[str]]
    body: bytes

    def read(self, decoder: msgspec.json.Decoder[T]) -> T:
        """The body; nothing is an empty object. Raises InvalidRequest."""
        return json_body.decode(decoder, self.body or b"{}")

    @property
    def include(self) -> frozenset[str]:
        """What is to be shown besides. Raises InvalidRequest."""
        return checked_include([*self.query.get("include", ()), *self.query.get("include[]", ())])

    @property
    def page(self) -> Page:
        """Which page: OpenAI's `limit`, `after` and `order`, the newest first. Raises InvalidRequest."""
        order = self.one("order") or "desc"
        if order not in ("asc", "desc"):
            raise InvalidRequest("`order` is `asc` or `desc`.", param="order")
        limit = self.number("limit")
        if limit is not None and not 1 <= limit <= PAGE_MOST:
            raise InvalidRequest(f"`limit` is a number from 1 to {PAGE_MOST}.", param="limit")
        return Page(limit=limit or PAGE_ITEMS, after=self.one("after"), descending=order == "desc")

    def one(self, name: str) -> str | None:
        """A value that may be given once. Raises InvalidRequest."""
        values = self.query.get(name, [])
        if len(values) > 1:
            raise InvalidRequest(f"`{name}` is given {len(values)} times.", param=name)
        return values[0] if values else None

    def number(self, name: str) -> int | None:
        """A whole number. Raises InvalidRequest."""
        said = self.one(name)
        if said is None:
            return None
        if not (said.isascii() and said.isdigit() and len(said) < 10):
            raise InvalidRequest(f"`{name}` is a whole number.", param=name)
        return int(said)


class Told(Protocol):
    """An answer that is more than one JSON body: it writes itself."""

    async def tell(self, peer: Peer, head: Head) -> None: ...


Endpoint: TypeAlias = Callable[[Visit], Awaitable[Any]]


class KeptRoute(msgspec.Struct, frozen=True, kw_only=True):
    """One route: `path` has `{names}`, the endpoint gives JSON, or a `Told`."""

    method: str
    path: str
    scope: Scope
    endpoint: Endpoint

    @property
    def pattern(self) -> re.Pattern[str]:
        """What its addresses look like."""
        return re.compile(re.sub(r"\{[a-z]+\}", lambda _: _ID, self.path))


class Kept:
    """Answers them."""

    def __init__(
        self,
        routes: Iterable[KeptRoute],
        conversing: Conversing,
        identify: Identify,
        repeats: Repeats,
        *,
        body_bytes: int,
        trusted: Networks,
    ) -> None:
        self.routes = tuple(routes)
        self._patterns = [(route, route.pattern) for route in self.routes]
        self._conversing = conversing
        self._identify = identify
        self._repeats = repeats
        self._body_bytes = body_bytes
        self._trusted = trusted

    @property
    def _clock(self) -> Clock:
        return self._conversing.clock

    def find(self, method: str, path: str) -> Callable[[Peer], Awaitable[None]] | None:
        """Who answers this; None when nobody does."""
        for route, pattern in self._patterns:
            if route.method == method and (named := pattern.fullmatch(path)) is not None:
                return partial(self._serve, route, named.groups())
        return None

    async def _serve(self, route: KeptRoute, names: tuple[str, ...], peer: Peer) -> None:
        head = read_head(peer, self._trusted)
        claim: Claim | None = None
        try:
            caller = await self._identify.caller(head.token, self._clock.monotonic(), head.ip)
            caller.require(route.scope)
            body = await peer.read(head.length, self._body_bytes)
            visit = Visit(
                conversing=self._conversing,
                caller=caller,
                head=head,
                peer=peer,
                names=names,
                query=parse_qs(peer.query.decode("latin-1"), keep_blank_values=True),
                body=body,
            )
            if head.idempotency_key is not None and route.method == "POST":
                claimed = await self._repeats.claim(caller.token_id, f"POST {peer.path}", head.idempotency_key, body)
                if isinstance(claimed, Answer):
                    await _answer(peer, head, claimed.status, claimed.body, REPLAYED)
                    return
                claim = claimed
            await self._tell(await route.endpoint(visit), claim, peer, head)
        except ClientLeft:
            raise
        except Exception as error:
            if not isinstance(error, TollhouseError):
                log.error(Event.REQUEST_FAILED, request=head.id, exc_info=error)
            await _refuse(errors.as_tollhouse(error), peer, head)
        finally:
            if claim is not None:
                await claim.let_go()

    async def _tell(self, said: Any, claim: Claim | None, peer: Peer, head: Head) -> None:
        if hasattr(said, "tell"):
            await said.tell(peer, head)
            return
        body = msgspec.json.encode(said)
        if claim is not None:
            await claim.keep(Answer(200, errors.JSON[1], body))
        await _answer(peer, head, 200, body)


async def _answer(peer: Peer, head: Head, status: int, body: bytes, *more: tuple[bytes, bytes]) -> None:
    await peer.answer(status, (errors.JSON, (b"x-request-id", head.shown_id.encode()), *more), body)


async def _refuse(error: TollhouseError, peer: Peer, head: Head) -> None:
    await _answer(peer, head, error.status, errors.openai_body(error, head.shown_id), *errors.headers(error))


def listing(page: list[dict[str, Any]], *, has_more: bool) -> dict[str, Any]:
    """A page as OpenAI lists things."""
    return {
        "object": "list",
        "data": page,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
        "has_more": has_more,
    }
