"""The page that tells how to keep responses, followed literally."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from gateways import Gateway

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "keep-responses.md"
CODE = "\n".join(re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL))


async def test_what_the_page_says_works(gateway: Gateway) -> None:
    code = CODE.replace("http://127.0.0.1:8787", gateway.url).replace("th_live_…", gateway.person.token)
    await asyncio.to_thread(exec, compile(code, str(PAGE), "exec"), {})
    rows = await gateway.rows()
    assert {(row["surface"], row["model"]) for row in rows} == {("responses", "echo")}
    assert len(rows) == len(re.findall(r"client\.responses\.create\(", code))
    kept = await gateway.client.get("/api/conversations", headers=gateway.person.headers)
    assert [it["begun_by"] for it in kept.json()["data"]] == ["response"], "that of the second response"
