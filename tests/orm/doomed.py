"""A process that does not live: it is killed at the moment that its last argument names.

python doomed.py DATABASE_URL TOLLHOUSE_URL TOKEN committed|asking|answered
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from typing import Any

from blogs import Blog, Post
from tollhouse.client import AsyncClient, Embed
from tollhouse.clock import Clock


class Doomed:
    """Asks, and dies with the answer in its hands."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def send(self, call: Any, *, idempotency_key: str | None = None, tag: str | None = None) -> Any:
        answer = await self._client.send(call, idempotency_key=idempotency_key, tag=tag)
        if not isinstance(call, Embed):
            os.kill(os.getpid(), signal.SIGKILL)
        return answer


async def main(database_url: str, tollhouse_url: str, token: str, when: str) -> None:
    client = AsyncClient(tollhouse_url, token)
    blog = Blog(database_url, Doomed(client), Clock())  # type: ignore[arg-type]
    if when == "committed":
        blog.add(Post(id=1, body="Long"))
        sys.stdout.write("committed\n")
        sys.stdout.flush()
        time.sleep(60)
    await blog.worker(lease_s=1.0).drain()


asyncio.run(main(*sys.argv[1:]))
