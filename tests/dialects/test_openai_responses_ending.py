"""The end of a response's stream that breaks off."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tollhouse.dialects import chat, openai_responses, sse

FAILED = chat.Failed(message="Gone", code="provider_incomplete", type="provider_error")
RESPONSE = {"id": "resp_1", "status": "in_progress", "error": None, "model": "m", "created_at": 5, "output": []}
CREATED = sse.frame(msgspec.json.encode({"type": "response.created", "response": RESPONSE, "sequence_number": 0}))


def ended(first: bytes, last: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    said = openai_responses.break_off(first, last, FAILED)
    error, failed = [msgspec.json.decode(frame.data) for frame in sse.Reader().feed(said)]
    assert (error["type"], failed["type"]) == ("error", "response.failed")
    return error, failed


def delta(number: int) -> bytes:
    data = {"type": "response.output_text.delta", "delta": "Hi", "sequence_number": number}
    return sse.frame(msgspec.json.encode(data), data["type"])


def test_it_goes_on_with_the_response_and_the_numbers():
    error, failed = ended(CREATED + delta(1), delta(7) + delta(8))
    assert (error["sequence_number"], failed["sequence_number"]) == (9, 10)
    kept = {name: failed["response"][name] for name in RESPONSE}
    assert kept == RESPONSE | {"status": "failed", "error": {"code": "provider_incomplete", "message": "Gone"}}


@pytest.mark.parametrize("number", [b"", b',"sequence_number":"8"', b',"sequence_number":null'])
def test_a_provider_that_does_not_number_its_events_is_ended_all_the_same(number: bytes):
    error, _ = ended(CREATED, b'data: {"type":"response.output_text.delta","delta":"Hi"%b}\n\n' % number)
    assert error["sequence_number"] == 1


@pytest.mark.parametrize("first", [b"data: [DONE]\n\n", b'data: {"response":"none"}\n\n', b"data: {\n\n", b": hm\n\n"])
def test_so_is_one_that_never_said_which_response_it_is(first: bytes):
    _, failed = ended(first, first)
    assert failed["response"]["status"] == "failed"
