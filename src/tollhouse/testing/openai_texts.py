"""Speaks OpenAI's embeddings and moderations: `POST …/embeddings`, `POST …/moderations`.

Source: platform.openai.com/docs/api-reference, read 2026-11, and recorded traffic. What a script says is neither
embedded nor judged: its words are there for other dialects, and of what it counts only the input is told, and billed.
Each text has a vector of its own, the same each time; nothing is harmful.
"""

from __future__ import annotations

import base64
import struct
from hashlib import blake2b
from typing import Any, Final

import msgspec

from tollhouse.dialects.chat import Usage
from tollhouse.testing.request import Request
from tollhouse.testing.speaker import error_envelope
from tollhouse.testing.steps import Count, Fail, Status, Word

DIMENSIONS: Final = 8
"""Of a vector, when the request names no number of its own."""

CATEGORIES: Final = ("harassment", "hate", "illicit", "self-harm", "sexual", "violence")

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
        self.model = str(self._asked.get("model", ""))

    def speak(self, word: Word) -> bytes:
        """Remember the count.

        Raises:
            ValueError: an error event, which a whole answer cannot have.
        """
        match word:
            case Count(usage):
                self._usage = usage
            case Fail():
                raise ValueError("an error event needs a stream; script status(…) for a whole answer")
            case _:
                pass
        return b""

    def whole(self) -> bytes:
        """The vectors with what was counted; or the verdicts, with which nothing is."""
        texts = _texts(self._asked.get("input"))
        if not self._embeds:
            verdicts = [_harmless()] * len(texts)
            return _encode({"id": f"modr-{self._number}", "model": self.model, "results": verdicts})
        data = [
            {"object": "embedding", "index": index, "embedding": self._vector(text)} for index, text in enumerate(texts)
        ]
        read = None if self._usage is None else self._usage.input_tokens
        counted = {} if read is None else {"usage": {"prompt_tokens": read, "total_tokens": read}}
        return _encode({"object": "list", "data": data, "model": self.model, **counted})

    def refuse(self, status: Status) -> bytes:
        """The error envelope."""
        return error_envelope(status)

    def _vector(self, text: Any) -> list[float] | str:
        numbers = vector_of(text, self._asked.get("dimensions") or DIMENSIONS)
        if self._asked.get("encoding_format") != "base64":
            return numbers
        return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


def vector_of(text: Any, dimensions: int = DIMENSIONS) -> list[float]:
    """The vector of a text, or of its tokens: numbers that a float of 32 bits holds exactly."""
    said = _encode(text)
    return [blake2b(b"%d " % place + said, digest_size=1).digest()[0] / 256 - 0.5 for place in range(dimensions)]


def _texts(said: Any) -> list[Any]:
    """Each text by itself; a list of numbers is one."""
    if isinstance(said, list) and not all(isinstance(one, int) for one in said):
        return said
    return [said]


def _harmless() -> dict[str, Any]:
    return {
        "flagged": False,
        "categories": dict.fromkeys(CATEGORIES, False),
        "category_scores": dict.fromkeys(CATEGORIES, 0.0001),
    }
