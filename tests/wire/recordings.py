"""Recorded provider traffic for tests: where it is, and one exchange as a value.

The recordings are not part of this repository. They are looked for in the folder that TOLLHOUSE_WIRE names, else in
`../shared/wire` beside the checkout; tests that need them say so when they skip.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(os.environ.get("TOLLHOUSE_WIRE") or Path(__file__).resolve().parents[3] / "shared" / "wire")

needs_recordings = pytest.mark.skipif(
    not (ROOT / "index.jsonl").is_file(), reason="recordings not found: set TOLLHOUSE_WIRE to their folder"
)


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
