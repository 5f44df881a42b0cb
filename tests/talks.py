"""Somebody who talks to conversations, over HTTP."""

from __future__ import annotations

from typing import Any

import httpx2

from houses import Person


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
