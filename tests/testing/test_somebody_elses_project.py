"""The kit in a project of somebody else's, as the page tells: no file of ours but the package."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tomllib
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLUGIN = "tollhouse.testing.pytest_plugin"
PAGE = (ROOT / "docs" / "how-to" / "script-a-provider.md").read_text()
FILES = re.findall(r"^```python\n# (\S+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)

FIXTURES = """
import asyncio
import urllib.request

from tollhouse.testing import reply

pytest_plugins = ["tollhouse.testing.pytest_plugin"]


def test_for_those_without_a_loop(wire_provider, clock):
    wire_provider.script(reply(json=[]))
    with urllib.request.urlopen(wire_provider.base_url) as response:
        assert response.read() == b"[]"
    assert clock.now().year == 2026


def test_and_for_those_with_one(wire_provider):
    async def test():
        wire_provider.script(reply(json=[]))
        reader, writer = await asyncio.open_connection("127.0.0.1", wire_provider.port)
        writer.write(b"GET / HTTP/1.1\\r\\n\\r\\n")
        await wire_provider.until(lambda: wire_provider.asked == 1 and wire_provider.answering == 0)
        assert await reader.read(12) == b"HTTP/1.1 200"
        writer.close()

    asyncio.run(test())


def test_what_never_happened_fails_its_test(wire_provider):
    wire_provider.script(reply(json=[]))
"""


async def pytest_in(folder: Path) -> tuple[int, str]:
    """Run pytest there, with nothing of this repository but the package; its status, and what it said."""
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-q", "-W", "error", "--disable-plugin-autoload", "-p", PLUGIN),
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src"), "TOLLHOUSE_PORT": "no port at all"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await running.communicate()
    return running.returncode or 0, said.decode()


async def test_what_the_page_says_works(tmp_path: Path):
    assert len(FILES) == 2
    for name, text in FILES:
        (tmp_path / name).write_text(text)
    status, said = await pytest_in(tmp_path)
    assert status == 0, said
    assert "5 passed" in said


async def test_its_fixtures_are_for_tests_with_and_without_a_loop(tmp_path: Path):
    (tmp_path / "test_fixtures.py").write_text(FIXTURES)
    status, said = await pytest_in(tmp_path)
    assert status == 1
    assert "2 passed, 1 error" in said or "3 passed, 1 error" in said, said
    assert "1 scripted exchange(s) never happened" in said


def test_pytest_finds_it_by_itself_and_by_one_name_only():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
    assert declared == {"tollhouse": "tollhouse.pytest_plugin"}
    assert {"wire_provider", "tollhouse_gateway", "clock"} <= vars(import_module(PLUGIN)).keys()
