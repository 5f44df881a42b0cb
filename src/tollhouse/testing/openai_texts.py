"""Speaks OpenAI's embeddings and moderations: `POST …/embeddings`, `POST …/moderations`.

Source: platform.openai.com/docs/api-reference, read 2026-11, and recorded traffic. What a script says is neither
embedded nor judged: its words are there for other dialects, and of what it counts only the input is told, and billed.
Unless it tells vectors or verdicts, each text has a vector of its own, the same each time, and nothing is harmful.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final, TypeVar

import msgspec

from tollhouse.dialects.chat import Usage
from tollhouse.testing.request import Request
from tollhouse.testing.speaker import error_envelope
from tollhouse.testing.steps import Count, Embed, Fail, Judge, Status, Word

DIMENSIONS: Final = 8
"""Of a vector, when the request names no number of its own."""

CATEGORIES: Final = (
    *("harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent"),
    *("self-harm", "self-harm/intent", "self-harm/instructions", "sexual", "sexual/minors"),
    *("violence", "violence/graphic"),
)
_FOUND, _NOT_FOUND = 0.9, 0.0001

T = TypeVar("T")

_encode = msgspec.json.Encoder().encode


def speaks(path: str) -> bool:
    """Any base address, as with those who copy the dialects."""
    return path.endswith(("/embeddings", "/moderations"))


def voice(request: Request) -> TextsVoice:
    """The voice for vectors or for verdicts, as the path says."""
    return TextsVoice(request)


class TextsVoice:
    """An answer as one JSON object: nothing of this is streamed."""

    streams = False
    makes = False
    content_type = "application/json"

    def __init__(self, request: Request) -> None:
        self._asked = request.json if isinstance(request.json, dict) else {}
        self._number = request.number
        self._embeds = request.path.endswith("/embeddings")
        self._usage: Usage | None = None
        self._vectors: Sequence[Sequence[float]] | None = None
        self._verdicts: Sequence[Sequence[str]] | None = None
        self.model = str(self._asked.get("model", ""))

    def speak(self, word: Word) -> bytes:
        """Remember the count, vectors and verdicts.

        Raises:
            ValueError: an error event, which a whole answer cannot have.
        """
        match word:
            case Count(usage):
                self._usage = usage
            case Embed(vectors):
                self._vectors = vectors
            case Judge(verdicts):
                self._verdicts = verdicts
            case Fail():
                raise ValueError("an error event needs a stream; script status(…) for a whole answer")
            case _:
                pass
        return b""

    def whole(self) -> bytes:
        """The vectors with what was counted; or the verdicts, with which nothing is.

        Raises:
            ValueError: there is not one for each text; or a verdict names no category of OpenAI's.
        """
        texts = _texts(self._asked.get("input"))
        if not self._embeds:
            verdicts = one_for_each(texts, self._verdicts or [()] * len(texts))
            results = [verdict_of(harmful) for harmful in verdicts]
            return _encode({"id": f"modr-{self._number}", "model": self.model, "results": results})
        numbers = self._vectors or [vector_of(text, self._asked.get("dimensions") or DIMENSIONS) for text in texts]
        data = [
            {"object": "embedding", "index": index, "embedding": self._said(vector)}
            for index, vector in enumerate(one_for_each(texts, numbers))
        ]
        read = None if self._usage is None else self._usage.input_tokens
        counted = {} if read is None else {"usage": {"prompt_tokens": read, "total_tokens": read}}
        return _encode({"object": "list", "data": data, "model": self.model, **counted})

    def refuse(self, status: Status) -> bytes:
        """The error envelope."""
        return error_envelope(status)

    def _said(self, vector: Sequence[float]) -> Sequence[float] | str:
        if self._asked.get("encoding_format") != "base64":
            return vector
        return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def vector_of(text: Any, dimensions: int = DIMENSIONS) -> list[float]:
    """The vector of a text, or of its tokens: numbers that a float of 32 bits holds exactly."""
    said = _encode(text)
    return [blake2b(b"%d " % place + said, digest_size=1).digest()[0] / 256 - 0.5 for place in range(dimensions)]


def verdict_of(harmful: Sequence[str]) -> dict[str, Any]:
    """A verdict that names these categories. Raises ValueError for one that OpenAI does not have."""
    if unknown := set(harmful) - {*CATEGORIES}:
        raise ValueError(f"no moderation category: {', '.join(sorted(unknown))}; there are {', '.join(CATEGORIES)}")
    return {
        "flagged": bool(harmful),
        "categories": {name: name in harmful for name in CATEGORIES},
        "category_scores": {name: _FOUND if name in harmful else _NOT_FOUND for name in CATEGORIES},
        "category_applied_input_types": {name: ["text"] for name in CATEGORIES},
    }


def one_for_each(texts: Sequence[Any], told: Sequence[T]) -> Sequence[T]:
    """What was told, if it is as much as was asked. Raises ValueError."""
    if len(told) != len(texts):
        raise ValueError(f"{len(texts)} texts were sent, and the script tells of {len(told)}")
    return told


def _texts(said: Any) -> list[Any]:
    """Each text by itself; a list of numbers is one."""
    if isinstance(said, list) and not all(isinstance(one, int) for one in said):
        return said
    return [said]
