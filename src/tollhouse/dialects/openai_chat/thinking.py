"""Thinking that its provider has signed or sealed: `reasoning_details`, which OpenRouter added to OpenAI's dialect.

OpenRouter, "Reasoning tokens", section "reasoning_details array" (read 2026-11-22), and recordings. A piece of thinking
is one or more details of the same `index`: its words (`reasoning.text`, `reasoning.summary`) and its proof, a signature
or what is encrypted. `format` says in whose words, which is to say who can check it.

Mistral says its thinking as parts of the content, without proofs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import msgspec
from msgspec import Raw

from tollhouse.dialects import chat
from tollhouse.dialects.openai_chat.fields import FIELDS_LIST

_MAKERS = {
    "anthropic-claude-v1": "anthropic_messages",
    "google-gemini-v1": "gemini",
    "openai-responses-v1": "openai_responses",
}
_FORMATS = {dialect: form for form, dialect in _MAKERS.items()}
_TYPES = frozenset({"reasoning.text", "reasoning.summary", "reasoning.encrypted"})
_SEALS_SIGNATURES = "gemini"
"""Its thought signatures come as encrypted details."""


class Detail(msgspec.Struct):
    """One detail, as the wire has it."""

    type: str = ""
    text: str | None = None
    summary: str | None = None
    signature: str | None = None
    data: str | None = None
    format: str | None = None
    id: str | None = None
    index: int | None = None

    @property
    def words(self) -> str:
        """What it lets us see."""
        return self.text or self.summary or ""

    @property
    def has_proof(self) -> bool:
        """It completes a piece of thinking."""
        return bool(self.signature or self.data)

    @property
    def is_modelled(self) -> bool:
        """Its type is known, and its proof is of a dialect we know."""
        return self.type in _TYPES and (not self.has_proof or self.format in _MAKERS)


class Chunk(msgspec.Struct):
    """A chunk of Mistral's thinking: words, or a reference, which has none (recordings, and its client for Python)."""

    text: str | None = None


def words_of(chunks: Iterable[Chunk]) -> str:
    """What the chunks of a part tell."""
    return "".join([chunk.text or "" for chunk in chunks])


def are_understood(details: Iterable[Detail], raw: Raw) -> bool:
    """All of them can be said again from what is modelled."""
    known = frozenset(Detail.__struct_fields__)
    return all(detail.is_modelled for detail in details) and all(
        each.keys() <= known for each in FIELDS_LIST.decode(raw)
    )


def read_details(details: Iterable[Detail]) -> list[chat.ReasoningPart]:
    """The pieces of thinking, those without proof joined with their neighbours; all details are modelled."""
    parts: list[chat.ReasoningPart] = []
    for _, piece in groupby(details, key=lambda detail: detail.index):
        words = ""
        for detail in piece:
            words += detail.words
            if detail.has_proof:
                parts.append(proven(words, detail))
                words = ""
        if words:
            if parts and parts[-1].made_by is None:
                words = parts.pop().text + words
            parts.append(chat.ReasoningPart(words))
    return parts


def proven(words: str, detail: Detail) -> chat.ReasoningPart:
    """A piece of thinking with its proof."""
    maker = _MAKERS.get(detail.format or "")
    if maker == _SEALS_SIGNATURES and not detail.signature:
        return chat.ReasoningPart(words, detail.data, None, maker, detail.id)
    return chat.ReasoningPart(words, detail.signature or None, detail.data or None, maker, detail.id)


def is_provable(part: chat.ReasoningPart | chat.ReasoningDelta) -> bool:
    """It carries a proof that this dialect has a word for."""
    return part.made_by in _FORMATS and (part.signature is not None or part.sealed is not None)


def write_details(parts: Iterable[chat.ReasoningPart], first: int = 0) -> list[dict[str, Any]]:
    """The details of these pieces, numbered from `first`."""
    return [detail for index, part in enumerate(parts, first) for detail in _write_piece(part, index)]


def _write_piece(part: chat.ReasoningPart, index: int) -> Iterator[dict[str, Any]]:
    common: dict[str, Any] = {"format": _FORMATS.get(part.made_by or ""), "index": index}
    if part.id is not None:
        common["id"] = part.id
    signature, sealed = part.signature, part.sealed
    if part.made_by == _SEALS_SIGNATURES:
        signature, sealed = None, signature or sealed
    if part.text or signature is not None:
        is_summary = sealed is not None and part.made_by == "openai_responses"
        kind, field = ("reasoning.summary", "summary") if is_summary else ("reasoning.text", "text")
        proof = {} if signature is None else {"signature": signature}
        yield {"type": kind, field: part.text} | proof | common
    if sealed is not None:
        yield {"type": "reasoning.encrypted", "data": sealed} | common
