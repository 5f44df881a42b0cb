"""Damage to bodies, as strangers and broken networks do it: to values, to the JSON text, and to streams."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from random import Random
from typing import Any

VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2**31,
    2**53 + 1,
    2**63,
    -(2**63) - 1,
    10**40,
    0.5,
    -0.0,
    1e308,
    "",
    " ",
    "0",
    "a" * 300,
    "ü\u2028\U0001f600",
    "\ud800",
    "\x00\n\r\x7f",
    "data:image/png;base64,AAAA",
    "data:,",
    "http://[",
    "1970-01-01T00:00:00Z",
    [],
    [None],
    [[]],
    [1, "a", {}],
    {},
    {"": None},
    {"type": None},
    {"type": "text"},
    {"type": "object", "properties": []},
)
"""What stands in the place of a value. A lone surrogate is JSON, and no text."""
MOST_BYTES = 64 * 1024
"""That a value grows by, when it is repeated."""
PIECES = (
    b"\xff",
    b"\xc3",
    b"\x00",
    b"\xef\xbb\xbf",
    b"\\u0000",
    b"\\ud800",
    b"[" * 100,
    b'{"a":' * 100,
    b"[" * 2_000,
    b"NaN",
    b"1e999",
    b"-",
    b'"',
    b"\\",
    b",",
    b"}",
    b"]",
    b"\n\n",
    b"\r",
    b"data: ",
    b"event: error\n",
    b"data: [DONE]\n\n",
    b"<html>",
)
"""What comes in between."""


def mutated(body: bytes, others: Sequence[bytes], chance: Random) -> bytes:
    """The body with one to four kinds of damage; what is put in may come from the others."""
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        body = chance.choices((_in_values, _in_bytes, _in_frames), (8, 1, 1))[0](body, others, chance)
    return body


def _in_values(body: bytes, others: Sequence[bytes], chance: Random) -> bytes:
    """A value of the JSON in it, of a whole body or of one event, is another one now."""
    place = _payload(body, chance)
    try:
        value = json.loads(body[place])
        for _ in range(chance.choice((1, 1, 2, 5))):
            value = _changed(value, chance)
        text = json.dumps(value, ensure_ascii=chance.random() < 0.5)
    except (ValueError, RecursionError):
        return _in_bytes(body, others, chance)
    return body[: place.start] + text.encode(errors="surrogatepass") + body[place.stop :]


def _changed(value: Any, chance: Random) -> Any:
    """The value with something changed at a random place of it."""
    within = list(_places(value)) if isinstance(value, dict | list) else []
    if not within:
        return chance.choice(VALUES)
    holder, key = chance.choice(within)
    match chance.randrange(6):
        case 0:
            del holder[key]
        case 1:
            other, where = chance.choice(within)
            holder[key] = json.loads(json.dumps(other[where]))
        case 2 if isinstance(holder, list):
            text = json.dumps(holder[key])
            times = min(chance.choice((1, 3, 200)), 1 + MOST_BYTES // len(text))
            holder.extend(json.loads(text) for _ in range(times))  # copies: what is changed next is changed once
        case 2:
            holder[chance.choice([name for _, name in within if isinstance(name, str)])] = holder.pop(key)
        case _:
            holder[key] = deepcopy(chance.choice(VALUES))
    return value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every member of every object and list, as its holder and its key."""
    holders = [value]
    while holders:
        holder = holders.pop()
        members: Any = holder.items() if isinstance(holder, dict) else enumerate(holder)
        for key, one in members:
            yield holder, key
            if isinstance(one, dict | list):
                holders.append(one)


def _payload(body: bytes, chance: Random) -> slice:
    """Where some JSON is: the data of an event, or everything."""
    starts = []
    at = body.find(b"data:")
    if body.startswith((b"data:", b"event:", b":", b"id:")):
        while at >= 0:
            starts.append(at + 5)
            at = body.find(b"data:", at + 5)
    if not starts:
        return slice(0, len(body))
    start = chance.choice(starts)
    end = body.find(b"\n", start)
    return slice(start, end if end >= 0 else len(body))


def _in_bytes(body: bytes, others: Sequence[bytes], chance: Random) -> bytes:
    """Some bytes are gone, turned, doubled, or others."""
    at, other = chance.randrange(len(body) + 1), chance.randrange(len(body) + 1)
    start, end = min(at, other), max(at, other)
    match chance.randrange(6):
        case 0:
            return body[:at]
        case 1:
            return body[:start] + body[end:]
        case 2:
            return body[:end] + body[start:]
        case 3:
            return body[:at] + bytes([chance.randrange(256)]) + body[at + 1 :]
        case 4:
            return body[:at] + chance.choice(others)[other:]
        case _:
            return body[:at] + chance.choice(PIECES) + body[at:]


def _in_frames(body: bytes, others: Sequence[bytes], chance: Random) -> bytes:
    """Events are lost, doubled, mixed up, of another stream, or end their lines in another way."""
    frames = body.split(b"\n\n")
    if len(frames) < 2:
        return _in_values(body, others, chance)
    at = chance.randrange(len(frames))
    changes: tuple[Callable[[], Any], ...] = (
        lambda: frames.pop(at),
        lambda: frames.insert(at, frames[-at]),
        lambda: frames.insert(at, chance.choice(chance.choice(others).split(b"\n\n"))),
        lambda: chance.shuffle(frames),
    )
    if chance.random() < 0.2:
        return body.replace(b"\n", chance.choice((b"\r\n", b"\r", b"\n\n")))
    chance.choice(changes)()
    return b"\n\n".join(frames)
