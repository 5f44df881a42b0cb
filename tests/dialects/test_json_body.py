"""JSON bodies from strangers: depth, encoding, and errors that name the field."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse import errors
from tollhouse.dialects import json_body

ANYTHING = msgspec.json.Decoder(msgspec.Raw)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.sampled_from('ab"\\[]{}'), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=40,
)


def strings_of(value: Any) -> int:
    if isinstance(value, dict):
        return sum(1 + strings_of(inner) for inner in value.values())
    return sum(map(strings_of, value)) if isinstance(value, list) else isinstance(value, str)


def depth_of(value: Any) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0


@given(values, st.sampled_from([None, 1]))
def test_depth_is_that_of_the_value_whatever_its_strings_hold(value, indent):
    assert json_body.depth(json.dumps(value, indent=indent).encode()) == depth_of(value)


@pytest.mark.parametrize("shape", [b'{"a":%s}', b"[%s]", b'[{"x":"[[","y":%s},{}]'])
def test_depth_up_to_the_bound_is_accepted_and_not_beyond(shape):
    body = b"1"
    while json_body.depth(shape % body) <= json_body.MAX_DEPTH:
        body = shape % body
    json_body.decode(ANYTHING, body)
    with pytest.raises(errors.InvalidRequest, match="deeper than 64"):
        json_body.decode(ANYTHING, shape % body)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000])
def test_bottomless_bodies_are_refused(body):
    with pytest.raises(errors.InvalidRequest):
        json_body.decode(ANYTHING, body)


def test_many_shallow_objects_are_not_deep():
    json_body.decode(ANYTHING, json.dumps([{"a": [1, "}]"]}] * 1000).encode())


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"{", b'{"a"', b"nul", b"NaN", b"-Infinity", b"1 2", b"\xef\xbb\xbf{}", b'"\\ud800"', b'"\\udc00x"'],
)
def test_what_is_not_json_is_refused(body):
    with pytest.raises(errors.InvalidRequest, match="not valid JSON"):
        json_body.decode(ANYTHING, body)


def test_invalid_utf_8_is_refused_even_where_nothing_is_decoded():
    with pytest.raises(errors.InvalidRequest, match="UTF-8"):
        json_body.decode(ANYTHING, b'{"text":"\xff"}')


class Inner(msgspec.Struct):
    role: str


class Outer(msgspec.Struct, forbid_unknown_fields=True):
    items: list[Inner]


@pytest.mark.parametrize(
    ("body", "inside", "param"),
    [
        (b"[]", "", None),
        (b"[]", "messages[0]", "messages[0]"),
        (b"{}", "", "items"),
        (b'{"items":[{"role":"a"},{}]}', "", "items[1].role"),
        (b'{"items":[{"role":5}]}', "", "items[0].role"),
        (b'{"items":[],"more":1}', "", "more"),
        (b'{"items":[],"more":1}', "content", "content.more"),
        (b'{"items":[{"role":5}]}', "content", "content.items[0].role"),
        (b"{", "", None),
    ],
)
def test_an_error_names_the_field(body, inside, param):
    with pytest.raises(msgspec.DecodeError) as failed:
        msgspec.json.decode(body, type=Outer)
    error = json_body.explain(failed.value, inside)
    assert error.param == param
    assert (f"`{param}`" if param else "The body") in error.message


def test_an_error_does_not_repeat_an_endless_value():
    decoder = msgspec.json.Decoder(dict[str, int])
    with pytest.raises(errors.InvalidRequest) as refused:
        json_body.decode(decoder, b'{"%s": "x"}' % (b"k" * 10_000))
    assert len(refused.value.message) < 500


@given(st.binary(max_size=200))
def test_any_bytes_are_decoded_or_refused(body):
    try:
        json_body.decode(ANYTHING, body)
    except errors.InvalidRequest:
        return
    json.loads(body)


@given(values)
def test_strings_are_counted_whatever_they_hold(value):
    assert json_body.strings(json.dumps(value).encode()) == strings_of(value)


def test_a_body_in_countless_pieces_is_refused_before_it_is_read():
    """A81, F50: a million names took two seconds, in which nobody else was answered."""
    body = b'{"a":1,' + b",".join(b'"k%d":1' % number for number in range(json_body.MAX_STRINGS)) + b"}"
    with pytest.raises(errors.InvalidRequest, match="more than 200,000 strings"):
        json_body.decode(ANYTHING, body)
