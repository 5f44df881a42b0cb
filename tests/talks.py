"""Somebody who talks to conversations, over HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple

import httpx2

from houses import Person
from tollhouse.dialects import sse


class Talk:
    """Somebody who talks, over HTTP."""

    def __init__(self, http: httpx2.AsyncClient, person: Person) -> None:
        self.http = http
        self.person = person

    async def call(self, method: str, path: str, expected: int = 200, **more: Any) -> Any:
        """The JSON that a call answers with this status."""
        headers = {**self.person.headers, **more.pop("headers", {})}
        response = await self.http.request(method, path, headers=headers, **more)
        assert response.status_code == expected, response.text
        return response.json() if response.content else None

    async def new(self, **more: Any) -> str:
        """A new conversation's path."""
        made = await self.call("POST", "/api/conversations", 201, json={"model": "acme/acme-1", **more})
        return f"/api/conversations/{made['id']}"

    async def say(self, conversation: str, message: Any, expected: int = 201, **more: Any) -> Any:
        """Say something in a conversation, and hear what comes of it."""
        headers = more.pop("headers", {})
        body = {"message": message, **more}
        return await self.call("POST", f"{conversation}/messages", expected, json=body, headers=headers)

    async def texts(self, conversation: str, **params: Any) -> list[tuple[str, str]]:
        """Who said what, in a branch."""
        page = await self.call("GET", f"{conversation}/messages", params=params)
        return [(it["role"], "".join(part.get("text", "") for part in it["content"])) for it in page["data"]]

    async def events(
        self,
        conversation: str,
        message: Any,
        *,
        expected: int = 200,
        headers: dict[str, str] | None = None,
        on_delta: Callable[[], None] = lambda: None,
        **more: Any,
    ) -> list[Told]:
        """Say something, and hear the answer as events; `on_delta` is called with the first words."""
        body = {"message": message, "stream": True, **more}
        sent = {**self.person.headers, **(headers or {})}
        told: list[Told] = []
        async with self.http.stream("POST", f"{conversation}/messages", headers=sent, json=body) as response:
            assert response.status_code == expected, await response.aread()
            if expected == 200:
                async for event in told_by(response):
                    told.append(event)
                    if event.name == "message.delta":
                        on_delta()
        return told

    async def follow(self, run: str, *, last: str = "", most: int | None = None) -> list[Told]:
        """What a run tells after an event; only so many, and then the line is cut."""
        headers = {**self.person.headers, **({"last-event-id": last} if last else {})}
        told: list[Told] = []
        async with self.http.stream("GET", f"/api/runs/{run}/events", headers=headers) as response:
            assert response.status_code == 200, await response.aread()
            async for event in told_by(response):
                told.append(event)
                if len(told) == most:
                    break
        return told

    async def ended(self, run: str) -> Any:
        """A run when it has ended."""
        view = await self.call("GET", f"/api/runs/{run}", params={"wait": 30})
        assert view["finished_at"] is not None, view
        return view


async def told_by(response: httpx2.Response) -> AsyncIterator[Told]:
    """The events of a response as they come."""
    assert response.headers["content-type"].startswith("text/event-stream")
    reader = sse.Reader()
    async for piece in response.aiter_bytes():
        for frame in reader.feed(piece):
            if frame.data:
                yield Told(frame.event or "", frame.id or "", json.loads(frame.data))


class Told(NamedTuple):
    """An event of a run."""

    name: str
    id: str
    data: Any
