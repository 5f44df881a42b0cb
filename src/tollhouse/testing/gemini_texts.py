"""Speaks Google's embeddings: `POST …:embedContent`, `POST …:batchEmbedContents`.

Source: ai.google.dev/api/embeddings, read 2026-11. As with OpenAI's, only the input is billed, and each text has a
vector of its own unless the script tells one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from tollhouse.dialects import gemini
from tollhouse.dialects.chat import Usage
from tollhouse.testing.openai_texts import DIMENSIONS, one_for_each, vector_of
from tollhouse.testing.request import Request
from tollhouse.testing.speaker import model_in, unspeakable, usual_failure
from tollhouse.testing.steps import Count, Embed, Fail, Judge, Status, Word

ONE, MANY = ":embedContent", ":batchEmbedContents"


def speaks(path: str) -> bool:
    """Any base address."""
    return path.endswith((ONE, MANY))


def voice(request: Request) -> GeminiTextsVoice:
    """The voice for vectors."""
    return GeminiTextsVoice(request)


class GeminiTextsVoice:
    """An answer as one JSON object: nothing of this is streamed."""

    streams = False
    makes = False
    content_type = "application/json"

    def __init__(self, request: Request) -> None:
        self._asked = asked_in(request)
        self._is_one = request.path.endswith(ONE)
        self._usage: Usage | None = None
        self._vectors: Sequence[Sequence[float]] | None = None
        self.model = model_in(request.path)

    def speak(self, word: Word) -> bytes:
        """Remember the count and the vectors. Raises ValueError for an error event, and for verdicts."""
        match word:
            case Count(usage):
                self._usage = usage
            case Embed(vectors):
                self._vectors = vectors
            case Fail() | Judge():
                raise unspeakable(word)
            case _:
                pass
        return b""

    def whole(self) -> bytes:
        """The vectors, with what was counted. Raises ValueError when there is not one for each text."""
        numbers = self._vectors or [
            vector_of(text_in(one), one.get("outputDimensionality") or DIMENSIONS) for one in self._asked
        ]
        told = [{"values": vector} for vector in one_for_each(self._asked, numbers)]
        counted = {} if self._usage is None else {"usageMetadata": {"promptTokenCount": self._usage.input_tokens}}
        said = {"embedding": told[0]} if self._is_one else {"embeddings": told}
        return msgspec.json.encode(said | counted)

    def refuse(self, status: Status) -> bytes:
        """Google's envelope."""
        body: bytes = gemini.write_error(usual_failure(status), status.status, "req_scripted")
        return body


def asked_in(request: Request) -> list[dict[str, Any]]:
    """Each text's own request; whatever is none is passed over."""
    said = request.json if isinstance(request.json, dict) else {}
    each = [said] if request.path.endswith(ONE) else said.get("requests") or []
    return [one for one in each if isinstance(one, dict)]


def text_in(one: dict[str, Any]) -> str:
    """The words of one text's request."""
    parts = (one.get("content") or {}).get("parts") or []
    return "".join(str(part.get("text", "")) for part in parts)
