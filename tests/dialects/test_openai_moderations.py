"""OpenAI's moderations: texts, or the parts of one, and a verdict for each."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tollhouse.dialects import openai_moderations as dialect
from tollhouse.dialects.texts import MAX_TEXTS
from tollhouse.errors import InvalidRequest, UpstreamIncomplete

PICTURE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
WORDS = {"type": "text", "text": "Hi"}


def body(said: Any, **fields: Any) -> bytes:
    return json.dumps({"model": "m", "input": said} | fields).encode()


@pytest.mark.parametrize(
    ("said", "texts", "media"),
    [
        ("Hi", ("Hi",), False),
        (["Hi", "there"], ("Hi", "there"), False),
        ([WORDS], ("Hi",), False),
        ([WORDS, PICTURE], ("Hi",), True),
        ([PICTURE], (), True),
    ],
)
def test_texts_and_pictures_are_told_apart(said: Any, texts: tuple[str, ...], media: bool):
    glance = dialect.glance_request(body(said))
    assert (glance.media, glance.windows, glance.max_output_tokens) == (media, max(1, len(texts)), 0)
    assert dialect.read_request(body(said)).texts == texts


def test_who_names_no_model_asks_the_usual_one():
    assert dialect.glance_request(b'{"input": "Hi"}').model == "omni-moderation-latest"
    assert dialect.rewrite_request(b'{"input": "Hi"}', model="m", include_usage=False, cap=None) == (
        b'{"input":"Hi","model":"m"}'
    )


WRONG = {
    "nothing": (None, "input"),
    "an empty text": ("", "input"),
    "an empty list": ([], "input"),
    "an empty text among others": (["a", ""], "input[1]"),
    "a number": (7, "input"),
    "tokens": ([1, 2], "input[0]"),
    "words among parts": ([WORDS, "a"], "input[1]"),
    "parts among words": (["a", WORDS], "input[1]"),
    "a part that nobody knows": ([{"type": "input_audio"}], "input[0].type"),
    "a part without a type": ([{"text": "a"}], "input[0].type"),
    "a picture without an address": ([{"type": "image_url", "image_url": {}}], "input[0].image_url.url"),
    "too many texts": (["a"] * (MAX_TEXTS + 1), "input"),
}


@pytest.mark.parametrize("read", [dialect.glance_request, dialect.read_request])
@pytest.mark.parametrize(("said", "param"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_named(read: Any, said: Any, param: str):
    with pytest.raises(InvalidRequest) as refusal:
        read(body(said))
    assert refusal.value.param == param


@pytest.mark.parametrize("model", ["", "a\nb", 7, "m" * 257])
def test_a_model_that_is_none_is_named(model: Any):
    with pytest.raises(InvalidRequest) as refusal:
        dialect.glance_request(body("Hi", model=model))
    assert refusal.value.param == "model"


def test_a_verdict_is_an_answer_and_nothing_is_counted_in_it():
    glance = dialect.glance_answer(b'{"id": "modr-1", "model": "m-1", "results": [{"flagged": true}]}')
    assert (glance.model, glance.usage, glance.failed) == ("m-1", None, None)


@pytest.mark.parametrize("raw", [b"", b"<html>", b"{}", b'{"results": []}', b'{"results": [{}]}', b'{"results": [{"fl'])
def test_an_answer_without_a_verdict_is_none(raw: bytes):
    with pytest.raises(UpstreamIncomplete):
        dialect.glance_answer(raw)


def test_a_failure_within_an_answer_is_one():
    glance = dialect.glance_answer(b'{"error": {"message": "No."}}')
    assert glance.failed is not None
    assert glance.failed.message == "No."
