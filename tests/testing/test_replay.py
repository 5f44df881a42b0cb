"""Recorded traffic is replayed as it was."""

import json
import os
from pathlib import Path

import pytest

from tollhouse.testing import WireProvider, cut, replay

WIRE = Path(os.environ.get("TOLLHOUSE_WIRE", Path(__file__).parents[3] / "shared" / "wire"))

needs_recordings = pytest.mark.skipif(
    not WIRE.is_dir(), reason="no recordings: set TOLLHOUSE_WIRE, or put them in ../shared/wire beside the checkout"
)


@needs_recordings
async def test_every_recorded_chat_completion_comes_out_as_it_went_in(connect):
    async with WireProvider() as provider:
        client = await connect(provider.port)
        replayed = 0
        for path in sorted((WIRE / "openai-chat").glob("*.json")):
            case = json.loads(path.read_text())
            recorded = case["response"]
            if recorded["body_kind"] == "unknown":
                continue
            provider.script(replay(case, usage=(1, 1)))
            client.ask()
            number, headers, body = await client.answer()
            assert number == recorded["status"], path.name
            kept = recorded["headers"].keys() - {
                "content-length",
                "transfer-encoding",
                "connection",
                "content-encoding",
            }
            assert {name: headers[name] for name in kept} == {name: recorded["headers"][name] for name in kept}
            said = json.loads(body) if recorded["body_kind"] == "json" else body.decode()
            assert said == recorded["body"], path.name
            replayed += 1
        assert replayed > 100
        assert len(provider.billed) == replayed


async def test_a_recorded_stream_can_be_cut_anywhere(connect):
    response = {"status": 200, "headers": {"Content-Length": "9"}, "body_kind": "sse", "body": "data: ä\n\n"}
    async with WireProvider() as provider:
        provider.script(cut(after_bytes=7), replay({"stream": True, "response": response}))
        client = await connect(provider.port)
        client.ask()
        await client.head()
        assert await client.rest() == b"7\r\ndata: \xc3\r\n"


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        ("base64", "AP8=", b"\x00\xff"),
        ("eventstream-base64", "AP8=", b"\x00\xff"),
        ("empty", None, b""),
        ("text", "a", b"a"),
    ],
)
async def test_every_kind_of_body(connect, kind: str, body: str | None, said: bytes):
    response = {"status": 200, "headers": {}, "body_kind": kind, "body": body}
    async with WireProvider() as provider:
        provider.script(replay({"stream": False, "response": response}))
        client = await connect(provider.port)
        client.ask()
        assert (await client.answer())[2] == said


def test_a_recording_without_a_body_is_refused():
    with pytest.raises(ValueError, match="'unknown'"):
        replay({"stream": False, "response": {"status": 200, "headers": {}, "body_kind": "unknown"}})
