"""/api/cache: what is kept to be given again, and forgetting it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateways import Gateway, gateway_over
from houses import Person, make_admin, make_person
from tollhouse.testing import answer

CACHE = "/api/cache"


@pytest.fixture(params=["database", "memory"])
async def gateway(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Gateway]:
    async with gateway_over(tmp_path / "data", toml=f'[cache]\nmode = "exact"\nstore = "{request.param}"\n') as it:
        it.provider.always(answer("a canary", usage=(100, 10)))
        yield it


async def ask(gateway: Gateway, person: Person, question: str, **headers: str) -> str:
    response = await gateway.chat(
        headers=person.headers | headers, temperature=0, messages=[{"role": "user", "content": question}]
    )
    return str(response.headers["x-tollhouse-cache"]).partition(";")[0]


async def test_it_tells_what_is_kept_and_saved_and_forgets_what_is_named(gateway: Gateway) -> None:
    root, bob = await make_admin(gateway.house), await make_person(gateway.house, "bob")
    for person, tag in ((gateway.person, "nightly"), (bob, "daily")):
        for _ in range(3):
            await ask(gateway, person, "Hi", **{"x-tollhouse-tag": tag})
    await gateway.rows()

    async def told(**params: Any) -> dict[str, Any]:
        response = await gateway.client.get(CACHE, headers=root.headers, params=params)
        assert response.status_code == 200
        assert "canary" not in response.text
        found: dict[str, Any] = response.json()
        return found

    async def cleared(**params: Any) -> None:
        response = await gateway.client.delete(CACHE, headers=root.headers, params=params)
        assert (response.status_code, response.content) == (204, b"")

    every = await told()
    assert (every["entries"], every["hits"], every["saved_usd"]) == (2, 4, "0.0014")
    assert (await told(user="bob"))["hits"] == (await told(user=bob.id))["hits"] == 2
    await cleared(tag="nightly")
    assert (await told())["entries"] == 1
    await cleared(user=bob.id, model="acme/other")
    assert await ask(gateway, bob, "Hi") == "hit"
    await cleared(model="acme/acme-1")
    assert (await told(), await ask(gateway, bob, "Hi")) == (
        {"entries": 0, "size_bytes": 0, "hits": 0, "saved_usd": "0"},
        "miss",
    )
    audit = await gateway.client.get("/api/audit", headers=root.headers)
    deeds = [deed for deed in audit.json()["data"] if deed["deed"] == "cache.cleared"]
    assert [deed["facts"]["answers"] for deed in deeds] == [1, 0, 1]


async def test_only_an_administrator_sees_or_empties_it(gateway: Gateway) -> None:
    for verb in ("GET", "DELETE"):
        response = await gateway.client.request(verb, CACHE, headers=gateway.person.headers)
        assert response.status_code == 403
    root = await make_admin(gateway.house)
    for params in ({"user": "nobody"}, {"users": "ada"}):
        response = await gateway.client.delete(CACHE, headers=root.headers, params=params)
        assert response.status_code in (404, 422), response.text
