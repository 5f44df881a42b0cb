"""The page that tells how to fill columns in Django, followed literally, in a new project."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from gateways import Gateway

pytest.importorskip("django", reason="Django is in the extra `django`")

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "fill-columns-in-django.md"
BLOCKS = re.findall(r"^```(python|console)\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)


async def test_what_the_page_says_works(gateway: Gateway, tmp_path: Path):
    async def run(*words: str, stdin: str = "") -> str:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *words),
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate(stdin.encode())
        assert process.returncode == 0, said.decode()
        return said.decode()

    await run("-m", "django", "startproject", "site_of_the_page", ".")
    await run("manage.py", "startapp", "shop")
    said = []
    for kind, block in BLOCKS:
        text = block.replace("http://127.0.0.1:8787", gateway.url).replace("th_live_…", gateway.person.token)
        if kind == "console":
            said += [await run(*line.split()[1:]) for line in text.splitlines()]
            continue
        name = text.split()[1]
        if name == "settings.py":
            with (tmp_path / "site_of_the_page" / name).open("a") as settings:
                settings.write(text)
        elif name == "shop/models.py":
            (tmp_path / name).write_text(text)
        else:
            said.append(await run("manage.py", "shell", "-v", "0", stdin=text))
    assert "6 columns" in said[3]
    assert said[4].startswith("Trail shoe Praise in a sentence: Trail shoe")
    assert "Kettle" not in said[4]
    assert "Running" not in said[4]
    assert "0 missing, 0 stale, 3 fresh" in said[5]
    assert "6 fresh" in said[6]
    assert {row["provider"] for row in await gateway.rows()} == {"demo"}
