"""Recorded provider traffic for tests: where it is, and one exchange as a value.

The recordings are not part of this repository. They are looked for in the folder that TOLLHOUSE_WIRE names, else in
`../shared/wire` beside the checkout; tests that need them say so when they skip.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tollhouse.dialects import chat, sse

ROOT = Path(os.environ.get("TOLLHOUSE_WIRE") or Path(__file__).resolve().parents[3] / "shared" / "wire")

needs_recordings = pytest.mark.skipif(
    not (ROOT / "index.jsonl").is_file(), reason="recordings not found: set TOLLHOUSE_WIRE to their folder"
)

ORDINARY_TIERS = ("default", "standard", "on_demand")
"""As OpenAI, Google, Mistral and Groq call the one that serves who asks for none."""


@dataclass(frozen=True)
class Recording:
    """One exchange; bodies as bytes, `asked` is None when only the answer is known."""

    provider: str
    case: str
    path: str
    asked: bytes | None
    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body_kind: str
    answered: bytes

    @property
    def is_stream(self) -> bool:
        return self.body_kind == "sse"

    def __str__(self) -> str:
        return f"{self.provider}/{self.case}"


def recordings(*providers: str, path_end: str = "") -> list[Recording]:
    """The exchanges with these providers whose path ends so, in a fixed order; quoted errors have no path."""
    if not ROOT.is_dir():
        return []
    files = [file for provider in providers for file in sorted((ROOT / provider).glob("*.json"))]
    return [found for file in files if not (found := _load(file)).path or found.path.endswith(path_end)]


def _load(file: Path) -> Recording:
    exchange = json.loads(file.read_bytes())
    request, response = exchange["request"], exchange["response"]
    return Recording(
        provider=exchange["provider"],
        case=exchange["case"],
        path=request["path"].partition("?")[0] if request else "",
        asked=_body(request) if request else None,
        status=response["status"],
        headers=tuple((name.encode(), str(value).encode()) for name, value in response["headers"].items()),
        body_kind=response["body_kind"],
        answered=_body(response),
    )


def _body(message: dict[str, Any]) -> bytes:
    body = message.get("body")
    if message["body_kind"] == "json":
        return json.dumps(body, ensure_ascii=False).encode()
    return (body or "").encode()


def over(cases: Iterable[Any]) -> Callable[[Callable[..., None]], Callable[[], None]]:
    """Hold a test to every one of these cases, and tell all that fail, each by its name.

    They are one test, because pytest takes longer for a test of its own than most of them for what they look at.

    Args:
        cases: recordings, or tuples of arguments of which the last is one.
    """
    wanted = list(cases)

    def decorate(test: Callable[..., None]) -> Callable[[], None]:
        def run() -> None:
            assert wanted
            failures = []
            for case in wanted:
                arguments = case if type(case) is tuple else (case,)
                try:
                    test(*arguments)
                except Exception as error:
                    error.add_note(f"of {arguments[-1]}")
                    failures.append(error)
            if failures:
                raise ExceptionGroup(f"{test.__name__}: {len(failures)} of {len(wanted)} recordings", failures)

        run.__name__, run.__doc__ = test.__name__, test.__doc__
        return run

    return decorate


def said_again(answer: chat.Answer, *, ordinary_tier: str = "default") -> chat.Answer:
    """The answer as its dialect says it: what was mended in a count is whole, what was looked up is not told, and who
    asked for no tier was served by the one that the dialect calls so."""
    if answer.usage is None:
        return answer
    tier = ordinary_tier if answer.usage.service_tier in ORDINARY_TIERS else answer.usage.service_tier
    usage = msgspec.structs.replace(answer.usage, is_mended=False, web_searches=0, file_searches=0, service_tier=tier)
    return msgspec.structs.replace(answer, usage=usage)


def like(frame: bytes) -> bytes:
    """What a frame has in common with those that differ from it in their words and numbers only."""
    return _NUMBER.sub(b"0", _SPACES.sub(b" ", _WORDS.sub(rb'\1""', frame)))


def in_short(stream: bytes) -> bytes:
    """The stream without all but the first of frames in a row that are alike."""
    kept: list[bytes] = []
    for frame in _FRAME.findall(stream):
        if len(kept) < 2 or not like(kept[-2]) == like(kept[-1]) == like(frame):
            kept.append(frame)
    return b"".join(kept)


def check_cuts(stream: bytes) -> None:
    """Frames do not depend on where the network cuts: at every byte of the stream, and each kind of frame in two.

    The cost of the latter grows with the square of the size: a long frame is cut at its ends, and in steps between.
    """
    stream = in_short(stream)
    whole = sse.Reader().feed(stream)
    reader = sse.Reader()
    assert [frame for at in range(len(stream)) for frame in reader.feed(stream[at : at + 1])] == whole
    assert reader.rest == b""
    tried = set()
    for frame in whole[1:]:
        if like(frame.raw) in tried:
            continue
        tried.add(like(frame.raw))
        size = len(frame.raw)
        for cut in (
            range(size) if size < 1_000 else (*range(60), *range(60, size - 60, size // 50), *range(size - 60, size))
        ):
            assert [*reader.feed(frame.raw[:cut]), *reader.feed(frame.raw[cut:])] == [frame]


_FRAME = re.compile(rb"(?s).+?(?:\r\n\r\n|\n\n|\r\r|\Z)")
_WORDS = re.compile(rb'(:\s*)"(?:[^"\\]|\\.)*"')
_SPACES = re.compile(rb" +")
_NUMBER = re.compile(rb"\d+")
