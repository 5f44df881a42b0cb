"""OpenAI's embeddings: what is asked is looked at strictly, what is answered leniently, and neither is changed."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types import CreateEmbeddingResponse

from tollhouse.dialects import openai_embeddings as dialect
from tollhouse.dialects.chat import Usage
from tollhouse.dialects.openai_embeddings.request import MAX_TOKENS
from tollhouse.dialects.texts import MAX_TEXTS, Encoding, Texts, Vectors
from tollhouse.errors import InvalidRequest, UpstreamIncomplete

WORD = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
TOKENS = st.lists(st.integers(0, 200_000), min_size=1, max_size=20)
INPUTS = st.one_of(WORD, TOKENS, st.lists(WORD, min_size=1, max_size=20), st.lists(TOKENS, min_size=1, max_size=20))


def body(**fields: Any) -> bytes:
    return json.dumps({"model": "m", "input": "Hi"} | fields).encode()


def asked(model: str = "m", **fields: Any) -> Texts:
    return Texts(model=model, texts=("Hi",), **fields)


@given(INPUTS, st.sampled_from([None, " ", "\n\t  "]))
def test_what_is_looked_at_is_what_is_read(said: Any, indent: str | None):
    """However the JSON is set out."""
    raw = json.dumps({"model": "m", "input": said}, indent=indent).encode()
    request = dialect.read_request(raw)
    if isinstance(said, str) or isinstance(said[0], int):
        said = [said]
    assert [text if isinstance(text, str) else list(text) for text in request.texts] == said
    glance = dialect.glance_request(raw)
    assert (glance.message_count, glance.windows) == (len(said), len(said))
    assert (glance.model, glance.stream, glance.max_output_tokens, glance.n) == ("m", False, 0, 1)


def test_all_that_may_be_asked_is_read():
    raw = body(dimensions=256, encoding_format="base64", user="ada", input_type="query")
    request = dialect.read_request(raw)
    assert (request.dimensions, request.encoding, request.user) == (256, "base64", "ada")
    assert request.extra == {"input_type": msgspec.Raw(b'"query"')}
    assert dialect.read_request(body(encoding_format=None, dimensions=None)).encoding == "float"


WRONG = {
    "no model": ({"model": None}, "model"),
    "an empty model": ({"model": ""}, "model"),
    "a model that breaks a line": ({"model": "a\nb"}, "model"),
    "no text": ({"input": None}, "input"),
    "an empty text": ({"input": ""}, "input"),
    "an empty list": ({"input": []}, "input"),
    "an empty text among others": ({"input": ["a", ""]}, "input[1]"),
    "a text without tokens": ({"input": [[1], []]}, "input[1]"),
    "a number": ({"input": 7}, "input"),
    "an object": ({"input": {"text": "Hi"}}, "input"),
    "objects": ({"input": [{"text": "Hi"}]}, "input[0]"),
    "numbers among words": ({"input": ["a", 1]}, "input[1]"),
    "words among numbers": ({"input": [1, "a"]}, "input[1]"),
    "words among tokens": ({"input": [[1], ["a"]]}, "input[1][0]"),
    "a negative token": ({"input": [3, -1]}, "input[1]"),
    "half a token": ({"input": [[1.5]]}, "input[0][0]"),
    "a token that no vocabulary has": ({"input": [2**31]}, "input[0]"),
    "a token beyond all numbers": ({"input": [10**30]}, "input[0]"),
    "too many texts": ({"input": ["a"] * (MAX_TEXTS + 1)}, "input"),
    "too many texts in tokens": ({"input": [[1]] * (MAX_TEXTS + 1)}, "input"),
    "more tokens than are counted": ({"input": [1] * (MAX_TOKENS + 1)}, "input"),
    "no dimensions": ({"dimensions": 0}, "dimensions"),
    "fewer dimensions": ({"dimensions": -1}, "dimensions"),
    "absurdly many": ({"dimensions": 10**9}, "dimensions"),
    "a text of dimensions": ({"dimensions": "256"}, "dimensions"),
    "half a dimension": ({"dimensions": 2.5}, "dimensions"),
    "another encoding": ({"encoding_format": "int8"}, "encoding_format"),
    "a user who is a number": ({"user": 7}, "user"),
    "a stream": ({"stream": True}, "stream"),
}


@pytest.mark.parametrize("read", [dialect.glance_request, dialect.read_request])
@pytest.mark.parametrize(("fields", "param"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_named(read: Any, fields: dict[str, Any], param: str):
    with pytest.raises(InvalidRequest) as refusal:
        read(body(**fields))
    assert refusal.value.param == param
    assert f"`{param}`" in refusal.value.message


@pytest.mark.parametrize("left_out", ["model", "input"])
def test_what_is_missing_is_named(left_out: str):
    fields = json.loads(body())
    del fields[left_out]
    with pytest.raises(InvalidRequest) as refusal:
        dialect.glance_request(json.dumps(fields).encode())
    assert (refusal.value.param, refusal.value.message) == (left_out, f"`{left_out}` is missing.")


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"Hi"', b'{"model":"m","input":"\xff"}', b"[" * 100_000])
def test_what_is_no_such_body_is_refused(raw: bytes):
    with pytest.raises(InvalidRequest):
        dialect.glance_request(raw)


def test_commas_among_words_are_no_tokens():
    assert dialect.glance_request(body(input=", " * (MAX_TOKENS + 1))).message_count == 1


def test_of_a_request_only_the_models_name_is_rewritten():
    raw = b'{"model": "acme/embed", "input": [ "a" , "b"], "dimensions": 256, "input_type": "query", "model": "acme/e"}'
    rewritten = dialect.rewrite_request(raw, model="e", include_usage=False, cap=None)
    assert rewritten == b'{"model":"e","input":[ "a" , "b"],"dimensions":256,"input_type":"query"}'


USAGES = {
    "as OpenAI counts": ({"prompt_tokens": 5, "total_tokens": 5}, 5),
    "as vLLM and Mistral count": ({"prompt_tokens": 5, "total_tokens": 5, "completion_tokens": 0}, 5),
    "the sum alone, as Voyage": ({"total_tokens": 5}, 5),
    "a sum that is more": ({"prompt_tokens": 5, "total_tokens": 7}, 7),
    "nothing": ({}, None),
    "nothing at all": (None, None),
    "less than nothing": ({"prompt_tokens": -5, "total_tokens": 5}, None),
    "half a token": ({"prompt_tokens": 5.5}, None),
    "more than any call reads": ({"prompt_tokens": 2**31}, None),
    "words": ({"prompt_tokens": "5"}, None),
    "a list": ([5], None),
}


@pytest.mark.parametrize(("told", "tokens"), USAGES.values(), ids=USAGES.keys())
def test_a_count_is_read_or_is_none(told: Any, tokens: int | None):
    glance = dialect.glance_answer(answered(usage=told))
    assert glance.usage == (None if tokens is None else Usage(input_tokens=tokens, output_tokens=0))


def test_what_a_vendor_says_that_it_costs_is_read():
    usage = dialect.glance_answer(answered(usage={"prompt_tokens": 5, "total_tokens": 5, "cost": 1e-7})).usage
    assert usage is not None
    assert usage.told_usd == Decimal("1e-7")


def answered(**fields: Any) -> bytes:
    data = [{"object": "embedding", "index": 0, "embedding": [0.5, -0.5]}]
    return json.dumps({"object": "list", "data": data, "model": "m-1"} | fields).encode()


WHOLE = answered(usage={"prompt_tokens": 5, "total_tokens": 5})


@pytest.mark.parametrize("end", range(len(WHOLE)))
def test_an_answer_that_is_cut_off_is_none(end: int):
    with pytest.raises(UpstreamIncomplete):
        dialect.glance_answer(WHOLE[:end])


@pytest.mark.parametrize("raw", [b"", b"<html>", b"[]", b"{}", answered(data=[]), answered(data=None), b"\xff"])
def test_an_answer_without_a_vector_is_none(raw: bytes):
    with pytest.raises(UpstreamIncomplete) as error:
        dialect.glance_answer(raw)
    assert error.value.may_have_billed


def test_a_failure_within_an_answer_is_one():
    glance = dialect.glance_answer(b'{"error": {"message": "No.", "code": "model_not_found"}}')
    assert glance.failed is not None
    assert (glance.failed.message, glance.failed.code) == ("No.", "model_not_found")


VECTORS = Vectors(
    vectors=(msgspec.Raw(b"[0.25, -1.5e0]"), msgspec.Raw(b"[1,2]")), usage=Usage(input_tokens=5, output_tokens=0)
)


def test_vectors_are_written_in_the_providers_own_figures():
    said = dialect.write_answer(VECTORS, asked())
    assert b'"embedding":[0.25, -1.5e0]' in said
    whole = CreateEmbeddingResponse.model_validate_json(said)
    assert [(one.index, one.embedding) for one in whole.data] == [(0, [0.25, -1.5]), (1, [1.0, 2.0])]
    assert (whole.model, whole.usage.prompt_tokens, whole.usage.total_tokens) == ("m", 5, 5)


def test_vectors_are_written_as_floats_of_32_bits():
    data = json.loads(dialect.write_answer(VECTORS, asked(encoding="base64")))["data"]
    assert [one["embedding"] for one in data] == ["AACAPgAAwL8=", "AACAPwAAAEA="]


@pytest.mark.parametrize("encoding", ["float", "base64"])
@pytest.mark.parametrize("vector", [b'"no"', b'["no"]', b'["\xed"]', b"[null]", b"{}", b"null"])
def test_a_vector_that_is_none_is_not_written(vector: bytes, encoding: Encoding):
    with pytest.raises(UpstreamIncomplete):
        dialect.write_answer(Vectors(vectors=(msgspec.Raw(vector),), usage=None), asked(encoding=encoding))


def test_a_number_that_no_float_of_32_bits_holds_is_none():
    with pytest.raises(UpstreamIncomplete):
        dialect.write_answer(Vectors(vectors=(msgspec.Raw(b"[1e39]"),), usage=None), asked(encoding="base64"))
