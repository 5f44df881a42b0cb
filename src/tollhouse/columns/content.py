"""What is said to a model about a row, what its answer is worth, and what names both. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final

import msgspec

from tollhouse.client import Embed, Generate
from tollhouse.columns.field import Embedded, Field, Generated, Template

Sources = Mapping[str, Any]

ELLIPSIS: Final = "…"
_LOOSE: Final = " ,;:.-"
TAG_CHARS_MAX: Final = 64
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._:/-]")
_FENCE: Final = re.compile(r"\A\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)
_encode: Final = msgspec.json.Encoder(enc_hook=str, order="deterministic").encode


class Malformed(ValueError):
    """The model's answer is not of the type that was asked for; the message tells the model what is wrong with it."""


class Stopped(ValueError):
    """The answer did not come to an end of its own, and would not another time; `code` is a word for why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def fingerprint(field: Field, sources: Sources) -> str:
    """Names what a value is made of: the sources' values, and everything that says how.

    Two values with one fingerprint are as good as each other, so the second is never asked for.
    """
    values = [sources[name] for name in field.sources]
    how: list[Any] = [type(field).__name__, field.model, field.sources, field.version]
    if isinstance(field, Generated):
        template = field.prompt
        how += [field.system, field.schema(), field.max_chars, field.max_tokens, field.options]
    else:
        template = field.template or ""
        how += [field.dims] if field.chunk_chars is None else [field.dims, field.chunk_chars]
    how.append(template if isinstance(template, str) else "")
    return blake2b(_encode([how, values]), digest_size=16).hexdigest()


def is_empty(field: Field, sources: Sources) -> bool:
    """There is nothing to say anything about."""
    return all(value is None or (isinstance(value, str) and not value.strip()) for value in _values(field, sources))


def text_of(field: Embedded, sources: Sources) -> str:
    """The text whose vector is asked for."""
    if field.template is not None:
        return _filled(field.template, field, sources)
    return "\n\n".join(_written(value) for value in _values(field, sources) if value is not None)


def pieces_of(text: str, chunk_chars: int | None) -> list[str]:
    """A text in pieces of so many characters at most, cut between lines or else words; together they are the text.

    >>> pieces_of("Tollhouse keeps exact books", 16)
    ['Tollhouse keeps ', 'exact books']
    """
    if chunk_chars is None:
        return [text]
    pieces = []
    while len(text) > chunk_chars:
        # Not in the first half, lest there be more pieces than are needed.
        ends = [text.rfind(end, chunk_chars // 2, chunk_chars) + len(end) for end in ("\n\n", "\n", " ")]
        at = next((end for end in ends if end > chunk_chars // 2), chunk_chars)
        pieces.append(text[:at])
        text = text[at:]
    return [*pieces, text]


def question(field: Generated, sources: Sources, complaint: str | None = None) -> Generate:
    """What a model is asked.

    Args:
        complaint: what was wrong with its last answer.
    """
    prompt = _filled(field.prompt, field, sources)
    schema = field.schema()
    if schema is not None:
        shape = msgspec.json.encode(schema).decode()
        prompt = f"{prompt}\n\nAnswer with JSON that follows this schema, and with nothing else: {shape}"
    if complaint is not None:
        prompt = f"{prompt}\n\nAn earlier answer could not be used: {complaint}"
    return Generate(
        prompt,
        field.model,
        system=field.system,
        max_tokens=field.max_tokens,
        schema=schema,
        options=field.options or {},
    )


def embedding(field: Embedded, texts: list[str]) -> Embed:
    """What an embedding model is asked."""
    return Embed(texts, field.model, field.dims if field.chooses_dims else None)


def value_of(field: Generated, said: str, ending: str | None = None) -> Any:
    """The column's value, in an answer that ended so.

    Raises:
        Malformed: it is none, and another answer may be.
        Stopped: it is none, and another would be none either.
    """
    if ending == "content_filter":
        raise Stopped("filtered", "A content filter has stopped the answer: what is asked must change, or the filter.")
    try:
        return _read(field, said, is_whole=ending != "length")
    except Malformed as error:
        if ending == "length":
            raise Stopped("too_short", "The answer had no room for its end: raise the column's max_tokens.") from error
        raise


def _read(field: Generated, said: str, *, is_whole: bool) -> Any:
    if field.returns is str:
        text = said.strip()
        if not text:
            raise Malformed("it was empty")
        text = text if is_whole else _shortened(text)
        return text if field.max_chars is None else cut(text, field.max_chars)
    fenced = _FENCE.match(said)
    try:
        read = msgspec.json.decode((fenced[1] if fenced else said).encode())
        # Models that are not held to the schema leave its outer object away.
        inner = read["value"] if isinstance(read, dict) and read.keys() == {"value"} else read
        return msgspec.to_builtins(msgspec.convert(inner, field.returns))
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise Malformed(str(error)) from None


def cut(text: str, max_chars: int) -> str:
    """The text, or as many of its whole words as fit with an ellipsis.

    >>> cut("Tollhouse keeps exact books", 16)
    'Tollhouse keeps…'
    """
    if len(text) <= max_chars:
        return text
    kept = text[: max_chars - 1]
    return kept.rstrip(_LOOSE) + ELLIPSIS if text[max_chars - 1].isspace() else _shortened(kept)


def _shortened(text: str) -> str:
    """A text without its last word, which may not be whole."""
    kept = text[: text.rindex(" ")] if " " in text.strip() else text
    return kept.rstrip(_LOOSE) + ELLIPSIS


def key_of(*parts: object) -> str:
    """An idempotency key for what these name."""
    return f"column-{blake2b(_encode(parts), digest_size=24).hexdigest()}"


def tag_of(entity: str, field: str) -> str:
    """The word under which the spending of a column is reported: as much of its end as there is room for."""
    return _UNSAFE.sub("-", f"{entity}.{field}")[-TAG_CHARS_MAX:]


def _values(field: Field, sources: Sources) -> list[Any]:
    return [sources[name] for name in field.sources]


def _filled(template: Template, field: Field, sources: Sources) -> str:
    if not isinstance(template, str):
        return template({name: sources[name] for name in field.sources})
    # Only the template is read for braces; those in a row's own words stay what they are.
    return template.format_map({name: _written(sources[name]) for name in field.sources})


def _written(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else _encode(value).decode()
