"""What the demo's models make of texts: `embed` turns them into vectors, `moderation` judges them. Pure.

A token is a word. A vector is made of the words themselves: each adds to the places that its hash names, so that texts
are as alike as the words they share, in whichever order and letters. It is no model of what they mean.
"""

from __future__ import annotations

import base64
import math
import re
import struct
from hashlib import blake2b
from typing import Annotated, Any, Final, Literal, TypeAlias, TypeVar

import msgspec
from msgspec import Meta

from tollhouse.upstream.demo_models import DemoError

EMBED: Final = "embed"
MODERATION: Final = "moderation"

DIMENSIONS: Final = 256
PLACES: Final = 4
"""Where one word adds to a vector: in so many places, so that two words seldom have all in common."""

_WORD: Final = re.compile(r"\w+")
_HARMFUL: Final = {
    "harassment": frozenset({"idiot", "stupid", "loser"}),
    "hate": frozenset({"hate", "vermin"}),
    "illicit": frozenset({"counterfeit", "launder", "smuggle"}),
    "self-harm": frozenset({"suicide"}),
    "violence": frozenset({"kill", "murder", "stab", "shoot"}),
}
_CATEGORIES: Final = (
    *("harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent"),
    *("self-harm", "self-harm/intent", "self-harm/instructions", "sexual", "sexual/minors"),
    *("violence", "violence/graphic"),
)
_FOUND, _NOT_FOUND = 0.9, 0.0001

_Tokens: TypeAlias = list[int]
T = TypeVar("T")


class _ToEmbed(msgspec.Struct, frozen=True):
    model: str
    input: str | Annotated[list[str | int | _Tokens], Meta(min_length=1, max_length=100_000)]
    dimensions: Annotated[int, Meta(ge=1, le=4096)] = DIMENSIONS
    encoding_format: Literal["float", "base64"] | None = None


class _Part(msgspec.Struct, frozen=True):
    type: str
    text: str = ""


class _ToJudge(msgspec.Struct, frozen=True):
    model: str
    input: str | Annotated[list[str | _Part], Meta(min_length=1, max_length=100_000)]


_TO_EMBED: Final = msgspec.json.Decoder(_ToEmbed)
_TO_JUDGE: Final = msgspec.json.Decoder(_ToJudge)


def embed(body: bytes) -> dict[str, Any]:
    """The vectors of the texts in a request. Raises DemoError."""
    asked = _read(_TO_EMBED, body)
    if asked.model != EMBED:
        raise DemoError(404, f"the demo embeds with {EMBED}", "model_not_found")
    texts = [_words(text) for text in _each(asked.input)]
    data = []
    for index, words in enumerate(texts):
        numbers = vector(words, asked.dimensions)
        said = numbers if asked.encoding_format != "base64" else _base64(numbers)
        data.append({"object": "embedding", "index": index, "embedding": said})
    tokens = sum(map(len, texts))
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": EMBED, "usage": usage}


def judge(body: bytes, digest: str) -> dict[str, Any]:
    """A verdict on each text in a request; of pictures it knows nothing. Raises DemoError."""
    asked = _read(_TO_JUDGE, body)
    if asked.model != MODERATION:
        raise DemoError(404, f"the demo judges with {MODERATION}", "model_not_found")
    inputs = [asked.input] if isinstance(asked.input, str) else asked.input
    parts = " ".join(part.text for part in inputs if isinstance(part, _Part))
    texts = [text for text in inputs if isinstance(text, str)] or [parts]
    return {"id": f"modr-demo-{digest}", "model": MODERATION, "results": [_verdict(text) for text in texts]}


def vector(words: list[str], dimensions: int) -> list[float]:
    """A vector of length one: of texts with the same words the same, whatever their order."""
    sums = [0] * dimensions
    for word in words:
        digest = blake2b(word.encode(), digest_size=4 * PLACES).digest()
        for (place,) in struct.iter_unpack("<I", digest):
            sums[(place >> 1) % dimensions] += 1 if place & 1 else -1
    length = math.sqrt(sum(number * number for number in sums))
    # Words may cancel one another out, in few dimensions above all.
    return [number / length for number in sums] if length else [1.0] + [0.0] * (dimensions - 1)


def _read(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    try:
        return decoder.decode(body)
    except msgspec.DecodeError as error:
        raise DemoError(400, str(error), "invalid_request") from None


def _each(said: str | list[str | int | _Tokens]) -> list[str | _Tokens]:
    """Each text by itself; a list of numbers is one."""
    if isinstance(said, str):
        return [said]
    numbers = [one for one in said if isinstance(one, int)]
    return [numbers] if numbers else [one for one in said if not isinstance(one, int)]


def _words(text: str | _Tokens) -> list[str]:
    if isinstance(text, str):
        return _WORD.findall(text.casefold()) or [text]
    return [str(token) for token in text]


def _base64(numbers: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


def _verdict(text: str) -> dict[str, Any]:
    words = frozenset(_words(text))
    found = {name: bool(words & _HARMFUL.get(name, frozenset())) for name in _CATEGORIES}
    return {
        "flagged": any(found.values()),
        "categories": found,
        "category_scores": {name: _FOUND if is_found else _NOT_FOUND for name, is_found in found.items()},
        "category_applied_input_types": {name: ["text"] for name in _CATEGORIES},
    }
