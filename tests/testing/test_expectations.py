"""An expectation compares what it names, at every depth, and nothing else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tollhouse.testing import Request, expect

JSON = some.recursive(
    some.none() | some.booleans() | some.integers(-9, 9) | some.text(max_size=3),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = some.dictionaries(some.text(max_size=3), JSON, max_size=3)


def request(body: Any = None, **parts: Any) -> Request:
    usual = {"number": 0, "connection": 0, "method": "POST", "target": "/v1/x?q=1", "headers": {}, "arrived_at": 0.0}
    return Request(**(usual | parts), body=json.dumps(body).encode())


@given(OBJECTS)
def test_everything_is_as_it_is_itself(body: dict[str, Any]):
    assert expect(json=body).differences(request(body)) == []


@given(OBJECTS, OBJECTS)
def test_what_is_not_named_does_not_matter(body: dict[str, Any], more: dict[str, Any]):
    assert expect(json={"part": body}).differences(request({**more, "part": {**more, **body}})) == []


@given(JSON, JSON)
def test_lists_and_plain_values_are_equal_or_differ(left: Any, right: Any):
    differs = expect(json={"v": [left]}).differences(request({"v": [right]})) != []
    if json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True):
        assert not differs
    elif not isinstance(left, dict | list):
        assert differs


@pytest.mark.parametrize(
    ("expected", "came", "difference"),
    [
        ({"a": 1}, {"a": 2}, "json.a: expected 1, got 2"),
        ({"a": 1}, {}, "json.a: expected 1, but it is absent"),
        ({"a": {"b": [1, {"c": 2}]}}, {"a": {"b": [1, {"c": 3}]}}, "json.a.b[1].c: expected 2, got 3"),
        ({"a": [1]}, {"a": [1, 2]}, "json.a: expected [1], got [1, 2]"),
        ({"a": True}, {"a": 1}, "json.a: expected True, got 1"),
        ({"a": 0}, {"a": False}, "json.a: expected 0, got False"),
        ({"a": 1}, [1], "json: expected {'a': 1}, got [1]"),
    ],
)
def test_a_difference_names_its_place_and_both_sides(expected: Any, came: Any, difference: str):
    assert expect(json=expected).differences(request(came)) == [difference]


def test_compares_method_path_headers_and_streaming():
    wanted = expect(method="GET", path="/v1/x", headers={"X-A": "1", "x-b": None}, stream=False)
    assert wanted.differences(request(method="GET", headers={"x-a": "1"})) == []
    assert wanted.differences(request({"stream": True}, target="/v1/y", headers={"x-b": "2"})) == [
        "method: expected 'GET', got 'POST'",
        "path: expected '/v1/x', got '/v1/y'",
        "header X-A: expected '1', got None",
        "header x-b: expected None, got '2'",
        "stream: expected False, got True",
    ]


def test_a_body_that_is_no_json_has_none():
    assert (
        Request(number=0, connection=0, method="POST", target="/", headers={}, body=b"{", arrived_at=0.0).json is None
    )
