"""The wire provider does on a real socket what its script says, and tells what went otherwise."""

import asyncio
import json
import ssl
import time
import urllib.request

import pytest
import trustme

from tollhouse.testing import (
    ScriptNotFollowed,
    WireProvider,
    answer,
    chunk,
    cut,
    done,
    expect,
    fail,
    finish,
    head,
    raw,
    reply,
    reset,
    say,
    stall,
    status,
    trickle,
    wait,
)
from tollhouse.testing.steps import Scripted

from .conftest import RawClient

STREAM = {"stream": True}


async def whole_stream(connect, *steps: Scripted) -> bytes:
    """The body of a stream that is not disturbed."""
    async with WireProvider() as provider:
        provider.script(*steps)
        client = await connect(provider.port)
        client.ask(STREAM)
        return (await client.answer())[2]


class TestAnswers:
    async def test_answers_whole_and_keeps_the_line(self, connect):
        async with WireProvider() as provider:
            provider.script(expect(path="/v1/chat/completions", model="acme-1"), answer("Hello", usage=(19, 10)))
            provider.script(answer("Again"))
            client = await connect(provider.port)
            for text in ("Hello", "Again"):
                client.ask()
                number, headers, body = await client.answer()
                assert (number, headers["content-type"]) == (200, "application/json")
                assert json.loads(body)["choices"][0]["message"]["content"] == text
            assert [request.connection for request in provider.requests] == [0, 0]

    async def test_answers_a_stream_in_chunks_with_its_terminal_event(self, connect):
        body = await whole_stream(connect, say("Hel"), say("lo"), finish("stop"), done())
        events = body.decode().split("\n\n")
        said = [json.loads(event.removeprefix("data: "))["choices"][0]["delta"] for event in events[:-2]]
        assert [delta.get("content") for delta in said] == ["", "Hel", "lo", None]
        assert events[-2:] == ["data: [DONE]", ""]

    async def test_one_script_serves_both_ways_of_asking(self, connect):
        async with WireProvider() as provider:
            provider.always(answer("Hello you"))
            client = await connect(provider.port)
            client.ask()
            assert b'"content":"Hello you"' in (await client.answer())[2]
            client.ask(STREAM)
            assert b'"content":"Hello "' in (await client.answer())[2]

    async def test_pipelined_requests_are_answered_in_their_order(self, connect):
        async with WireProvider() as provider:
            provider.script(wait(0.02), answer("first"))
            provider.script(answer("second"))
            client = await connect(provider.port)
            client.ask()
            client.ask()
            assert b"first" in (await client.answer())[2]
            assert b"second" in (await client.answer())[2]

    async def test_closes_the_line_of_a_client_that_asks_for_it(self, connect):
        async with WireProvider() as provider:
            provider.script(answer("Bye"))
            client = await connect(provider.port)
            client.ask(headers="connection: close\r\n")
            assert b"Bye" in await client.rest()

    async def test_an_error_speaks_the_dialects_envelope(self, connect):
        async with WireProvider() as provider:
            provider.script(status(429, "Slow down", retry_after=2, code="slow"))
            client = await connect(provider.port)
            client.ask()
            number, headers, body = await client.answer()
            assert (number, headers["retry-after"]) == (429, "2")
            assert json.loads(body)["error"] == {
                "message": "Slow down",
                "type": "requests",
                "param": None,
                "code": "slow",
            }

    async def test_replies_with_what_no_dialect_knows(self, connect):
        async with WireProvider() as provider:
            provider.when(path="/v1/models").always(reply(json={"data": []}))
            provider.when(path="/html").always(reply(200, body=b"<p>", headers={"content-type": "text/html"}))
            client = await connect(provider.port)
            client.ask(path="/v1/models?limit=1")
            assert json.loads((await client.answer())[2]) == {"data": []}
            client.ask(path="/html")
            _, headers, body = await client.answer()
            assert (headers["content-type"], body) == ("text/html", b"<p>")

    async def test_steps_may_be_made_from_the_request(self, connect):
        async with WireProvider() as provider:
            provider.always(lambda request: answer(f"You said {request.json['word']}"))
            client = await connect(provider.port)
            client.ask({"word": "cherry"})
            assert b"You said cherry" in (await client.answer())[2]

    async def test_scripts_come_before_what_is_always_answered(self, connect):
        async with WireProvider() as provider:
            provider.always(answer("always"))
            provider.script(answer("once"))
            client = await connect(provider.port)
            for text in (b"once", b"always", b"always"):
                client.ask()
                assert text in (await client.answer())[2]

    async def test_routes_by_what_is_asked_whatever_the_order(self, connect):
        async with WireProvider() as provider:
            slow = provider.when(model="slow")
            slow.script(stall(), answer("slow"))
            provider.when(lambda request: "x-vip" in request.headers).always(answer("vip"))
            provider.always(answer("other"))
            first, second = await connect(provider.port), await connect(provider.port)
            first.ask({"model": "slow"})
            await provider.until(lambda: provider.stalled == 1)
            second.ask(headers="X-Vip: 1\r\n")
            assert b"vip" in (await second.answer())[2]
            second.ask({"model": "slow"})
            assert b"other" in (await second.answer())[2]
            provider.release()
            assert b"slow" in (await first.answer())[2]


class TestTheLine:
    async def test_a_cut_ends_the_line_within_the_answer(self, connect):
        async with WireProvider() as provider:
            provider.script(say("Hel"), cut())
            client = await connect(provider.port)
            client.ask(STREAM)
            heard = await client.rest()
            assert b'"content":"Hel"' in heard
            assert not heard.endswith(b"0\r\n\r\n")

    async def test_a_cut_at_each_byte_leaves_exactly_what_came_before(self, connect):
        pieces = [chunk("data: Grüße".encode()), chunk(b"\n\n"), chunk(b"data: [DONE]\n\n")]
        whole = b"".join(piece.data for piece in pieces)
        async with WireProvider() as provider:
            for at in range(len(whole) + 1):
                provider.script(cut(after_bytes=at), pieces)
                client = await connect(provider.port)
                client.ask(STREAM)
                await client.head()
                assert _unchunked(await client.rest()) == whole[:at]

    async def test_a_whole_answer_that_is_cut_promises_more_than_it_gives(self, connect):
        async with WireProvider() as provider:
            provider.script(say("Hello"), cut())
            client = await connect(provider.port)
            client.ask()
            _, headers = await client.head()
            body = await client.rest()
            assert len(body) == int(headers["content-length"]) // 2

    async def test_a_reset_is_heard_as_one_after_what_was_said(self, connect):
        async with WireProvider() as provider:
            provider.script(say("Hel"), stall(), reset())
            client = await connect(provider.port)
            client.ask(STREAM)
            await client.reader.readuntil(b'"content":"Hel"')
            provider.release()
            with pytest.raises(ConnectionResetError):
                await client.rest()

    async def test_a_stall_is_silent_until_it_is_released(self, connect):
        async with WireProvider() as provider:
            provider.script(head(), stall(), answer("Late"))
            client = await connect(provider.port)
            client.ask(STREAM)
            assert (await client.head())[0] == 200
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.reader.read(1), 0.05)
            provider.release()
            assert b"Late" in await client.reader.readuntil(b"[DONE]")

    async def test_waits_as_long_as_it_is_told(self, connect):
        async with WireProvider() as provider:
            provider.script(wait(0.05), answer())
            client = await connect(provider.port)
            before = asyncio.get_running_loop().time()
            client.ask()
            await client.answer()
            assert asyncio.get_running_loop().time() - before >= 0.05

    async def test_trickles_byte_by_byte_head_and_framing_included(self, connect):
        async with WireProvider() as provider:
            provider.script(trickle(gap_s=0.001), answer("Hi"))
            client = await connect(provider.port)
            client.ask(headers="connection: close\r\n")
            pieces = []
            while piece := await client.reader.read(4096):
                pieces.append(piece)
            assert b"".join(pieces).endswith(b"}")
            assert len(pieces) > 20

    async def test_raw_bytes_are_all_there_is_on_the_line(self, connect):
        async with WireProvider() as provider:
            provider.script(raw(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nhi"), cut())
            client = await connect(provider.port)
            client.ask()
            assert await client.rest() == b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nhi"

    async def test_chunks_are_framed_and_otherwise_as_they_are(self, connect):
        assert await whole_stream(connect, chunk(b"data: {bro"), chunk(b"ken\n\n")) == b"data: {broken\n\n"

    async def test_an_answer_stops_for_a_client_that_does_not_read(self, connect):
        async with WireProvider() as provider:
            provider.always([chunk(b"x" * 100_000)] * 200)
            client = await connect(provider.port)
            client.ask()
            await client.head()
            await asyncio.sleep(0.05)
            assert provider.answering == 1
            while len(await client.reader.read(1_000_000)) and provider.answering:
                continue
            await provider.until(lambda: provider.answering == 0)

    async def test_an_answer_ends_when_its_client_leaves(self, connect):
        async with WireProvider() as provider:
            provider.script(say("Hel"), stall())
            client = await connect(provider.port)
            client.ask(STREAM)
            await client.reader.readuntil(b'"content":"Hel"')
            client.writer.close()
            await provider.until(lambda: provider.answering == 0)
            assert provider.stalled == 0
            assert provider.open_connections == 0

    async def test_speaks_tls_and_breaks_that_line_as_well(self):
        authority = trustme.CA()
        server, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
        authority.issue_cert("127.0.0.1").configure_cert(server)
        authority.configure_trust(trusting)
        async with WireProvider(tls=server) as provider:
            assert provider.base_url == f"https://127.0.0.1:{provider.port}/v1"
            provider.script(answer("Hello"))
            provider.script(say("Hel"), stall(), reset())
            client = RawClient(*await asyncio.open_connection("127.0.0.1", provider.port, ssl=trusting))
            client.ask()
            assert b"Hello" in (await client.answer())[2]
            client.ask(STREAM)
            await client.reader.readuntil(b'"content":"Hel"')
            provider.release()
            with pytest.raises(ConnectionResetError):
                await client.rest()
            client.writer.close()


class TestFindings:
    async def test_an_exchange_that_never_happened(self):
        provider = WireProvider()
        await provider.start()
        provider.script(answer("Hello"))
        await provider.aclose()
        with pytest.raises(ScriptNotFollowed, match="1 scripted exchange"):
            provider.verify()

    async def test_a_request_that_is_not_as_expected_is_refused_with_both_sides(self, connect):
        async with WireProvider() as provider:
            provider.script(
                expect(path="/v1/embeddings", model="acme-2", headers={"x-a": "1"}, stream=True, json={"n": 1}),
                answer(),
            )
            client = await connect(provider.port)
            client.ask({"n": 2})
            number, _, body = await client.answer()
            assert number == 400
            for both in (
                "path: expected '/v1/embeddings', got '/v1/chat/completions'",
                "json.model: expected 'acme-2', got 'acme-1'",
                "header x-a: expected '1', got None",
                "stream: expected True, got False",
                "json.n: expected 1, got 2",
            ):
                assert both in json.loads(body)["error"]["message"]
                assert both in provider.findings[0]
            provider.forgive()

    async def test_a_request_nobody_scripted(self, connect):
        async with WireProvider() as provider:
            client = await connect(provider.port)
            client.ask()
            assert (await client.answer())[0] == 500
            assert "request 0, POST /v1/chat/completions: " in provider.findings[0]
            assert "nothing was scripted" in provider.findings[0]
            provider.forgive()

    async def test_steps_that_a_client_did_not_wait_for(self, connect):
        async with WireProvider() as provider:
            provider.script(say("Hel"), wait(60), say("lo"))
            client = await connect(provider.port)
            client.ask(STREAM)
            await client.reader.readuntil(b'"content":"Hel"')
            client.writer.close()
            await provider.until(lambda: provider.answering == 0)
            assert "the client left before [Wait(seconds=60), Say(text='lo'" in provider.findings[0]
            provider.forgive()

    @pytest.mark.parametrize(
        ("steps", "finding"),
        [
            ((wait(0),), "it ended without an answer"),
            ((fail("boom"),), "an error event needs a stream"),
            ((head(), status(500)), "the answer has begun"),
            (("Hello",), "no step of a script: 'Hello'"),
            ((lambda request: request.json["absent"],), "KeyError: 'absent'"),
        ],
    )
    async def test_a_script_that_cannot_be_performed(self, connect, steps, finding):
        async with WireProvider() as provider:
            provider.script(*steps)
            client = await connect(provider.port)
            client.ask(headers="connection: close\r\n")
            await client.rest()
            assert finding in provider.findings[0]
            provider.forgive()

    async def test_words_on_a_path_of_no_dialect(self, connect):
        async with WireProvider() as provider:
            provider.script(say("Hi"))
            client = await connect(provider.port)
            client.ask(path="/v1/unheard-of")
            assert (await client.answer())[0] == 500
            assert "no dialect is spoken at /v1/unheard-of" in provider.findings[0]
            provider.forgive()

    async def test_what_is_no_http(self, connect):
        async with WireProvider() as provider:
            client = await connect(provider.port)
            client.writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
            assert (await client.rest()).startswith(b"HTTP/1.1 400 ")
            assert "did not speak HTTP" in provider.findings[0]
            provider.forgive()

    async def test_are_a_note_of_the_tests_own_failure(self):
        with pytest.raises(ZeroDivisionError) as failure:
            await _fails_with_a_script_left()
        assert failure.value.__notes__ == ["wire provider: 1 scripted exchange(s) never happened"]


class TestRecordings:
    async def test_a_request_is_kept_as_it_came(self, connect):
        async with WireProvider() as provider:
            provider.always(answer())
            client = await connect(provider.port)
            client.ask({"n": 1}, path="/v1/chat/completions?a=b", headers="X-Twice: 1\r\nx-twice: 2\r\n")
            await client.answer()
            (request,) = provider.requests
            assert (request.number, request.connection, request.method) == (0, 0, "POST")
            assert (request.path, request.target) == ("/v1/chat/completions", "/v1/chat/completions?a=b")
            assert request.headers["x-twice"] == "1, 2"
            assert request.json == {"model": "acme-1", "n": 1}
            assert abs(request.arrived_at - time.time()) < 5

    async def test_only_the_last_are_kept_when_told_so_and_all_are_counted_and_billed(self, connect):
        async with WireProvider(keep_requests=2) as provider:
            provider.always(answer())
            client = await connect(provider.port)
            for _ in range(5):
                client.ask()
                await client.answer()
            assert [request.number for request in provider.requests] == [3, 4]
            assert (provider.asked, len(provider.billed)) == (5, 5)


def test_serves_tests_without_an_event_loop():
    with WireProvider.in_thread() as provider:
        provider.script(expect(method="GET"), reply(json={"ok": True}))
        with urllib.request.urlopen(provider.base_url + "/models") as response:
            assert json.load(response) == {"ok": True}
        asyncio.run(provider.until(lambda: provider.answering == 0))


def test_a_thread_verifies_as_well():
    with pytest.raises(ScriptNotFollowed), WireProvider.in_thread() as provider:
        provider.script(answer())


def test_a_provider_that_was_not_started_says_so():
    with pytest.raises(RuntimeError, match="does not listen yet"):
        WireProvider().release()


async def _fails_with_a_script_left() -> None:
    async with WireProvider() as provider:
        provider.script(answer())
        raise ZeroDivisionError


def _unchunked(data: bytes) -> bytes:
    """What chunks hold, the last one perhaps missing."""
    body = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        body += data[: int(size, 16)]
        data = data[int(size, 16) + 2 :]
    return body
