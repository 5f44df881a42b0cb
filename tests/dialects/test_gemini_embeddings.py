"""Google's embeddings, written for clients who ask in another dialect."""

from __future__ import annotations

import json

import msgspec
import pytest

from tollhouse.dialects.chat import Usage
from tollhouse.dialects.gemini import embeddings as dialect
from tollhouse.dialects.texts import Texts
from tollhouse.errors import InvalidRequest, UpstreamAuthFailed, UpstreamIncomplete


def test_each_text_is_a_request_of_its_own():
    asked = Texts(model="gemini-embedding-001", texts=("First text", "Second text"), dimensions=768)
    assert json.loads(dialect.write_request(asked)) == {
        "requests": [
            {
                "model": "models/gemini-embedding-001",
                "content": {"parts": [{"text": text}]},
                "outputDimensionality": 768,
            }
            for text in ("First text", "Second text")
        ]
    }


def test_nothing_is_asked_of_the_size_that_was_not():
    (request,) = json.loads(dialect.write_request(Texts(model="m", texts=("Hi",))))["requests"]
    assert request == {"model": "models/m", "content": {"parts": [{"text": "Hi"}]}}


def test_a_model_is_named_by_its_path():
    assert dialect.target("gemini-embedding-001", stream=False) == b"/models/gemini-embedding-001:batchEmbedContents"
    assert dialect.target("models/a/../b", stream=False) == b"/models/models%2Fa%2F..%2Fb:batchEmbedContents"


def test_the_end_user_is_lost_with_notice_and_the_rest_refused():
    assert dialect.losses(Texts(model="m", texts=("Hi",), user="ada", encoding="base64")) == ("user",)
    assert dialect.losses(Texts(model="m", texts=("Hi",), dimensions=8)) == ()
    for asked, param in (
        (Texts(model="m", texts=((1, 2),)), "input"),
        (Texts(model="m", texts=("Hi",), extra={"input_type": msgspec.Raw(b'"query"')}), "input_type"),
    ):
        with pytest.raises(InvalidRequest) as refusal:
            dialect.losses(asked)
        assert refusal.value.param == param


def test_vectors_come_as_they_came():
    raw = b'{"embeddings": [{"values": [0.1, 2e-3]}, {"values": [1]}], "usageMetadata": {"promptTokenCount": 4}}'
    answer = dialect.read_answer(raw)
    assert [bytes(one) for one in answer.vectors] == [b"[0.1, 2e-3]", b"[1]"]
    assert answer.usage == dialect.glance_answer(raw).usage == Usage(input_tokens=4, output_tokens=0)


def test_some_models_do_not_count():
    assert dialect.read_answer(b'{"embeddings": [{"values": [1]}]}').usage is None


@pytest.mark.parametrize("raw", [b"", b"<html>", b"{}", b'{"embeddings": []}', b'{"embeddings": [{}]}', b'{"embed'])
def test_an_answer_without_a_vector_is_none(raw: bytes):
    for read in (dialect.read_answer, dialect.glance_answer):
        with pytest.raises(UpstreamIncomplete):
            read(raw)


def test_a_failure_within_an_answer_is_one():
    failed = dialect.glance_answer(b'{"error": {"message": "No.", "status": "NOT_FOUND"}}').failed
    assert failed is not None
    assert (failed.message, failed.code) == ("No.", "NOT_FOUND")


def test_errors_are_googles():
    body = (
        b'{"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT", "details": [{"@type": '
    )
    body += b'"type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]}}'
    assert type(dialect.classify(400, body, (), 0.0)) is UpstreamAuthFailed
