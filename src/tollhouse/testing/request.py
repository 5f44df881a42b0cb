"""A request as the wire provider heard it, and what a script may expect of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec


class Request(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One request, as it came.

    Attributes:
        number: 0 for the first one; its place in `WireProvider.requests` while all are kept.
        connection: which TCP connection brought it, from 0: equal numbers tell that a connection was used again.
        target: path and query as on the request line.
        headers: names in lower case; a name that came twice has its values joined by `, `.
        arrived_at: when its last byte was read, in seconds since 1970.
    """

    number: int
    connection: int
    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    arrived_at: float

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def json(self) -> Any:
        """The body as JSON, decoded once; None when it is not JSON. Any: whatever the client sent."""
        if "json" not in self.__dict__:
            try:
                self.__dict__["json"] = msgspec.json.decode(self.body)
            except msgspec.DecodeError:
                self.__dict__["json"] = None
        return self.__dict__["json"]


class Expectation(msgspec.Struct, frozen=True, kw_only=True, tag_field="step", tag="expect", omit_defaults=True):
    """What a request must be like: only what is named is compared.

    Attributes:
        json: objects may hold more than is named here, at every depth; lists must have the same length.
        headers: names in any case; None: the header must be absent.
        stream: the body's `stream` is true, or is not.
    """

    method: str | None = None
    path: str | None = None
    json: Any = None  # any JSON value
    headers: dict[str, str | None] = {}
    stream: bool | None = None

    def differences(self, request: Request) -> list[str]:
        """Each way in which the request is not as expected, with both sides; empty when it is."""
        found: list[str] = []
        if self.method is not None and request.method != self.method:
            found.append(_sides("method", self.method, request.method))
        if self.path is not None and request.path != self.path:
            found.append(_sides("path", self.path, request.path))
        for name, value in self.headers.items():
            came = request.headers.get(name.lower())
            if came != value:
                found.append(_sides(f"header {name}", value, came))
        if self.stream is not None:
            streams = isinstance(request.json, dict) and request.json.get("stream") is True
            if streams is not self.stream:
                found.append(_sides("stream", self.stream, streams))
        if self.json is not None:
            found += _json_differences("json", self.json, request.json)
        return found


def _json_differences(place: str, expected: Any, came: Any) -> list[str]:
    if isinstance(expected, Mapping) and isinstance(came, Mapping):
        return [
            difference
            for key, value in expected.items()
            for difference in (
                _json_differences(f"{place}.{key}", value, came[key])
                if key in came
                else [f"{place}.{key}: expected {value!r}, but it is absent"]
            )
        ]
    if isinstance(expected, (list, tuple)) and isinstance(came, (list, tuple)) and len(expected) == len(came):
        return [
            difference
            for index, (left, right) in enumerate(zip(expected, came, strict=True))
            for difference in _json_differences(f"{place}[{index}]", left, right)
        ]
    # True == 1 in Python, not in JSON.
    if expected == came and isinstance(expected, bool) == isinstance(came, bool):
        return []
    return [_sides(place, expected, came)]


def _sides(place: str, expected: object, came: object) -> str:
    return f"{place}: expected {expected!r}, got {came!r}"
