"""/ui/: which file answers which address, how it is kept by browsers, and that nothing else can be had there."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from gateways import listening
from houses import make_admin
from tollhouse.api.built import File, load
from tollhouse.api.dashboard import Dashboard
from tollhouse.app import House, application

PAGE = b"<!doctype html><title>Dashboard</title><script type=module src=/ui/assets/app-1a2b3c.js></script>"
SCRIPT = b"console.log('hello')\n" * 50
SECRET = b"what nobody may have"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a build leaves, and next to it and in it what it does not."""
    made = tmp_path / "inner" / "dashboard"
    (made / "assets").mkdir(parents=True)
    (made / "index.html").write_bytes(PAGE)
    (made / "index.html.gz").write_bytes(gzip.compress(PAGE))
    (made / "mark.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    script = made / "assets" / "app-1a2b3c.js"
    script.write_bytes(SCRIPT)
    script.with_suffix(".js.gz").write_bytes(gzip.compress(SCRIPT))
    script.with_suffix(".js.br").write_bytes(b"as brotli would write it")
    (made / "assets" / "plain-9f.css").write_text("body{}")
    (made / ".stamp").write_bytes(SECRET)
    (tmp_path / "inner" / "secret").write_bytes(SECRET)
    (made / "assets" / "out").symlink_to(tmp_path / "inner" / "secret")
    return made


@pytest.fixture(params=["hot", "asgi"])
async def http(house: House, folder: Path, request: pytest.FixtureRequest) -> AsyncIterator[httpx2.AsyncClient]:
    def make(is_ready):
        made = application(house, is_ready=is_ready)
        made.dashboard = Dashboard(folder)
        return made

    async with listening(make, request.param) as (url, _), httpx2.AsyncClient(base_url=url) as client:
        client.headers["accept-encoding"] = "identity"
        yield client


PAGES = ["/ui/", "/ui/requests", "/ui/requests/req_0?model=a/b", "/ui/index.html", "/ui/assets", "/ui/settings/x.js"]


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_is_the_one_that_knows_by_itself_what_to_show(http: httpx2.AsyncClient, path: str):
    answered = await http.get(path)
    assert (answered.status_code, answered.content) == (200, PAGE)
    assert answered.headers["content-type"] == "text/html; charset=utf-8"
    assert answered.headers["cache-control"] == "no-cache"


async def test_what_is_answered_may_run_nothing_but_its_own(http: httpx2.AsyncClient):
    for path in ("/ui/", "/ui/assets/app-1a2b3c.js", "/ui/mark.svg"):
        headers = (await http.get(path)).headers
        assert headers["content-security-policy"] == (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
            "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-request-id"]


async def test_assets_are_kept_for_ever_and_those_that_are_not_there_are_404(http: httpx2.AsyncClient):
    script = await http.get("/ui/assets/app-1a2b3c.js")
    assert (script.status_code, script.content) == (200, SCRIPT)
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    missing = await http.get("/ui/assets/app-old.js")
    assert (missing.status_code, missing.headers["content-type"]) == (404, "application/problem+json")
    assert "immutable" not in missing.headers.get("cache-control", "")


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("*", "br"),
        ("identity", None),
        ("", None),
        ("gzip;q=0", None),
        ("br;q=x", None),
        ("GZIP", "gzip"),
    ],
)
async def test_the_best_coding_that_the_client_takes_is_sent(
    http: httpx2.AsyncClient, folder: Path, accepted: str, coding: str | None
):
    suffix = {"br": ".br", "gzip": ".gz", None: ""}[coding]
    expected = (folder / "assets" / f"app-1a2b3c.js{suffix}").read_bytes()
    async with http.stream("GET", "/ui/assets/app-1a2b3c.js", headers={"accept-encoding": accepted}) as answered:
        body = b"".join([piece async for piece in answered.aiter_raw()])
    assert (answered.headers.get("content-encoding"), body) == (coding, expected)
    assert answered.headers["vary"] == "accept-encoding"
    assert answered.headers["content-length"] == str(len(expected))


async def test_what_the_client_has_is_not_sent_again(http: httpx2.AsyncClient):
    for path in ("/ui/", "/ui/assets/app-1a2b3c.js"):
        etag = (await http.get(path)).headers["etag"]
        for said in (etag, f"W/{etag}", f'"other", {etag}', "*"):
            answered = await http.get(path, headers={"if-none-match": said})
            assert (answered.status_code, answered.content, answered.headers["etag"]) == (304, b"", etag)
            assert "content-length" not in answered.headers
            assert "transfer-encoding" not in answered.headers
        for said in ('"other"', "", etag.strip('"')):
            assert (await http.get(path, headers={"if-none-match": said})).status_code == 200
    other = (await http.get("/ui/", headers={"accept-encoding": "gzip"})).headers["etag"]
    assert other != (await http.get("/ui/")).headers["etag"]


async def test_a_head_has_the_headers_and_no_body(http: httpx2.AsyncClient):
    for path in ("/ui/", "/ui/assets/app-1a2b3c.js"):
        whole, head = await http.get(path), await http.head(path)
        assert (head.status_code, head.content) == (200, b"")
        same = ("content-length", "content-type", "etag", "cache-control", "content-security-policy")
        assert {name: head.headers[name] for name in same} == {name: whole.headers[name] for name in same}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_nothing_but_reading_is_done_there(http: httpx2.AsyncClient, method: str):
    refused = await http.request(method, "/ui/")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


OUTSIDE = [
    "/ui/../secret",
    "/ui/../../secret",
    "/ui/assets/../../secret",
    "/ui/%2e%2e/secret",
    "/ui/..%2fsecret",
    "/ui/assets/%2e%2e%2f%2e%2e%2fsecret",
    "/ui/%252e%252e/secret",
    "/ui/..\\secret",
    "/ui//etc/passwd",
    "/ui/%00",
    "/ui/assets/out",
    "/ui/.stamp",
    "/ui/assets/..%2f.stamp",
    "/ui/assets/app-1a2b3c.js%00.css",
    "/UI/",
]


@pytest.mark.parametrize("path", OUTSIDE)
async def test_no_address_leads_out_of_the_folder(http: httpx2.AsyncClient, path: str):
    """A35. Sent as bytes, because a client would tidy it up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", http.base_url.port or 0)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert SECRET not in answer
    assert b"root:" not in answer
    assert answer.endswith(PAGE) or int(answer.split(b" ", 2)[1]) in (400, 404)


async def test_a_browser_at_the_door_is_led_to_it_and_a_program_is_not(http: httpx2.AsyncClient):
    browser = await http.get("/", headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (browser.status_code, browser.headers["location"]) == (307, "/ui/")
    assert (await http.get("/ui")).headers["location"] == "/ui/"
    assert (await http.get("/", headers={"accept": "*/*"})).status_code == 404
    assert (await http.get("/uix")).status_code == 404


async def test_what_is_built_anew_is_served_at_the_next_page(http: httpx2.AsyncClient, folder: Path):
    assert (await http.get("/ui/assets/app-1a2b3c.js")).status_code == 200
    newer = PAGE.replace(b"1a2b3c", b"4d5e6f")
    (folder / "assets" / "app-1a2b3c.js").unlink()
    (folder / "assets" / "app-4d5e6f.js").write_bytes(b"new")
    (folder / "index.html").write_bytes(newer)
    assert (await http.get("/ui/spend")).content == newer
    assert (await http.get("/ui/assets/app-4d5e6f.js")).content == b"new"
    assert (await http.get("/ui/assets/app-1a2b3c.js")).status_code == 404


async def test_without_a_build_a_page_says_so_and_the_rest_works(http: httpx2.AsyncClient, house: House, folder: Path):
    (folder / "index.html").rename(folder / "not-yet.html")
    root = await make_admin(house)
    for path in ("/ui/", "/ui/requests"):
        page = await http.get(path)
        assert page.status_code == 200
        assert "make ui" in page.text
        (script,) = re.findall("<script>(.*?)</script>", page.text)
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"script-src 'sha256-{digest}';" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"
    assert (await http.get("/ui/assets/app-1a2b3c.js")).status_code == 404
    assert (await http.get("/api/users", headers=root.headers)).status_code == 200
    (folder / "not-yet.html").rename(folder / "index.html")
    assert (await http.get("/ui/")).content == PAGE


def test_a_folder_that_is_not_there_is_nothing_built(tmp_path: Path):
    assert load(tmp_path / "nowhere").files == {}


def test_a_client_that_wants_nothing_at_all_gets_the_file_as_it_is():
    file = File(content_type="text/plain", etag="x", bodies={"gzip": b"small", "identity": b"plain"})
    assert file.choose("identity;q=0, *;q=0") == ("identity", b"plain")
