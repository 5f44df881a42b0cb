"""The page that tells how to fill columns, followed literally."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

from gateways import Gateway

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "fill-columns.md"
SOURCE = Path(__file__).parents[2] / "src"
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)


async def test_what_the_page_says_works(gateway: Gateway, tmp_path: Path):
    code = "\n".join(BLOCKS).replace("http://127.0.0.1:8787", gateway.url).replace("th_live_…", gateway.person.token)
    (tmp_path / "page.py").write_text(code)
    page = await asyncio.create_subprocess_exec(
        *(sys.executable, "page.py"),
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await page.communicate()
    assert page.returncode == 0
    lines = said.decode().splitlines()
    assert lines[0] == "pending"
    assert lines[-4].endswith("fresh 0")
    assert lines[-3] == "['Cheap flights']"
    assert "missing=0, stale=0, fresh=3" in lines[-2]
    assert "fresh=6" in lines[-1]
    assert {row["provider"] for row in await gateway.rows()} == {"demo"}
