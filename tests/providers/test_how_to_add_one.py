"""The how-to "Add a provider", followed to the letter."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gateways import CONTEXT
from houses import Person, make_person, opened, served
from tollhouse.admin import credentials
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.app import House
from tollhouse.testing import WireProvider, answer, expect

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "add-a-provider.md").read_text(encoding="utf-8")
LOCAL, PROJECT, TRIAL = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
(MODULE,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
KEY = "acme-canary-5f1c7e2b8d6035aa"


def install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lay the page's package where Python looks, as an installer would."""
    project = tomllib.loads(PROJECT)["project"]
    (entries,) = project["entry-points"].items()
    group, announced = entries
    lines = "".join(f"{name} = {place}\n" for name, place in announced.items())
    module = announced["acme"].partition(":")[0]
    (folder / f"{module}.py").write_text(MODULE, encoding="utf-8")
    metadata = folder / f"{module}-{project['version']}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    (metadata / "entry_points.txt").write_text(f"[{group}]\n{lines}")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, module, raising=False)


def at(provider: WireProvider, toml: str) -> str:
    assert "http://127.0.0.1:9000/v1" in toml
    return toml.replace("http://127.0.0.1:9000/v1", provider.base_url)


async def ask(house: House, person: Person, **fields: Any) -> httpx2.Response:
    body = {"messages": [{"role": "user", "content": "Hi"}]} | fields
    async with served(house) as url, httpx2.AsyncClient(base_url=url, trust_env=False, verify=CONTEXT) as client:
        return await client.post("/v1/chat/completions", headers=person.headers, json=body)


async def test_the_pages_package_is_found_and_calls_its_provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "site").mkdir()
    install(tmp_path / "site", monkeypatch)
    async with WireProvider() as provider:
        provider.script(expect(model="acme-1", headers={"x-acme-key": KEY}), answer("Hello", usage=(19, 10)))
        async with opened(tmp_path / "data", toml=at(provider, TRIAL)) as house:
            ada = await make_person(house)
            await credentials.add_credential(house.desk, COMMAND_LINE, ada.id, provider="acme", api_key=KEY)
            response = await ask(house, ada, model="acme/acme-1", max_completion_tokens=50)
    assert response.json()["choices"][0]["message"]["content"] == "Hello"
    # 19 tokens at 2.50 and 10 at 10 dollars per million.
    assert response.headers["x-tollhouse-cost-usd"] == "0.0001475"
    assert provider.requests[0].json["max_tokens"] == 50
    assert "max_completion_tokens" not in provider.requests[0].json


async def test_a_key_of_the_pages_other_region_goes_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "site").mkdir()
    install(tmp_path / "site", monkeypatch)
    async with opened(tmp_path / "data") as house:
        acme = house.desk.reachable.providers["acme"]
        assert house.desk.targets.of(acme).bound_to == "https://api.acme.example:443"
        assert house.desk.targets.of(acme, {"region": "eu"}).bound_to == "https://eu.acme.example:443"


async def test_the_pages_table_is_a_provider(tmp_path: Path):
    async with WireProvider() as provider:
        provider.script(answer("Hello"))
        async with opened(tmp_path / "data", toml=at(provider, LOCAL)) as house:
            ada = await make_person(house)
            response = await ask(house, ada, model="local/any")
    assert response.status_code == 200
