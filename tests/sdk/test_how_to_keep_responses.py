"""The page that tells how to keep responses, followed literally."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from gateways import Gateway

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "keep-responses.md"
CODE = "\n".join(re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL))


async def test_what_the_page_says_works(open_gateway: Callable[..., Awaitable[Gateway]]) -> None:
    gateway = await open_gateway(works=True)
    code = CODE.replace("http://127.0.0.1:8787", gateway.url).replace("th_live_…", gateway.person.token)
    await asyncio.to_thread(exec, compile(code, str(PAGE), "exec"), {})
    rows = await gateway.rows()
    assert {(row["surface"], row["model"]) for row in rows} == {("responses", "echo")}
    assert len(rows) == len(re.findall(r"client\.responses\.create\(", code))
    kept = await gateway.client.get("/api/conversations", headers=gateway.person.headers)
    begun_by = [it["begun_by"] for it in kept.json()["data"]]
    assert begun_by == ["response", "response"], (
        "those of the second response, and of the one that was left to a worker"
    )
