"""The page that tells how to connect a client, followed literally."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from gateways import Gateway

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "connect-a-client.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split()[1])
async def test_what_the_page_says_works(gateway: Gateway, block: str):
    code = block.replace("http://127.0.0.1:8787", gateway.url).replace("th_live_…", gateway.person.token)
    await asyncio.to_thread(exec, compile(code, str(PAGE), "exec"), {})
    rows = await gateway.rows()
    assert {(row["outcome"], row["provider"]) for row in rows} == {("succeeded", "demo")}
    assert [row["model"] for row in rows] == re.findall(r"\bclient\..*\bdemo/(\w+)", block, re.MULTILINE)
