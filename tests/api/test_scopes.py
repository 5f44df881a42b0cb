"""Every route and its scope: nobody without a token, nobody with another scope, everybody with the right one."""

from __future__ import annotations

import asyncio
import re

import httpx2

from houses import make_person, served
from tollhouse.api.management.application import PUBLIC as PUBLIC_PAGES
from tollhouse.api.management.application import declared
from tollhouse.app import House, application
from tollhouse.tokens import SCOPES

PUBLIC = {("GET", "/health/live"), ("GET", "/health/ready"), ("GET", "/metrics")} | {
    ("GET", path) for path in PUBLIC_PAGES
}
"""All that a stranger may see. A new public route is added here, and looked at twice."""

SIGN_IN = ("POST", "/api/session")
"""What is for strangers, and lets nobody in who says nothing: see `test_session_api`."""


def table(house: House) -> dict[tuple[str, str], str]:
    """Every route of the process: method and path -> scope."""
    built = application(house)
    hot = {key: route.scope for key, route in built.routes.items()}
    routes = (*declared(), *built.kept.routes)
    named = {(route.method, re.sub(r"\{\w+\}", "nothing_00", route.path)): route.scope for route in routes}
    assert len(named) == len(routes)
    assert not hot.keys() & named.keys()
    return {**hot, **named}


async def statuses(http: httpx2.AsyncClient, routes: dict[tuple[str, str], str], headers: dict[str, str]):
    asked = [http.request(method, path, headers=headers) for method, path in routes]
    return dict(zip(routes, [it.status_code for it in await asyncio.gather(*asked)], strict=True))


async def test_a_stranger_is_refused_everywhere_but_on_the_public_pages(house: House):
    """A02."""
    routes = table(house)
    assert {route for route, scope in routes.items() if scope == "public"} == (PUBLIC | {SIGN_IN}) - {
        ("GET", p) for p in PUBLIC_PAGES
    }
    async with served(house) as url, httpx2.AsyncClient(base_url=url, timeout=30) as http:
        guarded = {route: scope for route, scope in routes.items() if scope != "public"}
        answered = await statuses(http, guarded, {})
        assert {route: status for route, status in answered.items() if status != 401} == {}
        opened = await statuses(http, dict.fromkeys(PUBLIC, "public"), {})
        assert {route: status for route, status in opened.items() if status != 200} == {}


async def test_each_scope_opens_its_own_routes_and_no_other(house: House):
    """A03: the matrix, in both directions."""
    routes = {route: scope for route, scope in table(house).items() if scope not in ("public", "session")}
    assert set(routes.values()) <= set(SCOPES)
    async with served(house) as url, httpx2.AsyncClient(base_url=url, timeout=30) as http:
        for scope in sorted(SCOPES):
            caller = await make_person(house, f"only {scope}", scopes=[scope])
            answered = await statuses(http, routes, caller.headers)
            wrong = {route: status for route, status in answered.items() if (status == 403) is (routes[route] == scope)}
            assert wrong == {}, scope
            assert 401 not in answered.values()


async def test_every_scope_but_one_does_not_open_a_route(house: House):
    """The other direction: all other scopes together are not the one that is needed."""
    routes = {route: scope for route, scope in table(house).items() if scope not in ("public", "session")}
    async with served(house) as url, httpx2.AsyncClient(base_url=url, timeout=30) as http:
        for missing in sorted(set(routes.values())):
            caller = await make_person(house, f"all but {missing}", scopes=SCOPES - {missing})
            needing = {route: scope for route, scope in routes.items() if scope == missing}
            answered = await statuses(http, needing, caller.headers)
            assert {route: status for route, status in answered.items() if status != 403} == {}


async def test_a_head_or_a_slash_opens_no_other_door(house: House):
    """A05, A06."""
    async with served(house) as url, httpx2.AsyncClient(base_url=url) as http:
        for method in ("HEAD", "OPTIONS", "TRACE"):
            assert (await http.request(method, "/api/users")).status_code in (401, 404, 405)
        for path in ("/api/users/", "//api/users", "/api//users", "/api/./users", "/docs/../api/users", "/API/USERS"):
            assert (await http.get(path)).status_code in (401, 404)
        override = {"x-http-method-override": "DELETE", "x-original-url": "/docs", "x-forwarded-prefix": "/docs"}
        assert (await http.get("/api/users", headers=override)).status_code == 401
