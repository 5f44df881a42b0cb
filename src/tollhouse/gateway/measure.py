"""How many tokens a request has at most, counted with the model's own tokenizer. Only where the answer matters."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import cache
from typing import Final, TypeAlias

from tollhouse.dialects.chat import Message, RefusalPart, TextPart
from tollhouse.dialects.texts import Asked, Texts

Encode: TypeAlias = Callable[[str], list[int]]

MESSAGE_TOKENS = 8
"""What a message takes at most beside its words: its frame, and its role."""

REQUEST_TOKENS = 16
"""What a request takes at most beside its messages: the beginning of the answer, and its settings."""

OPENAI_ENCODINGS: Final = (
    *(
        (prefix, "o200k_base")
        for prefix in ("gpt-5", "gpt-4o", "gpt-4.1", "gpt-4.5", "chatgpt-4o", "o1", "o3", "o4-mini")
    ),
    *((prefix, "cl100k_base") for prefix in ("gpt-4", "gpt-3.5-turbo", "text-embedding-")),
)
"""The encoding of the models whose names begin so: OpenAI, tiktoken, `model.py` (read 2026-11-22)."""


def encoding_of(tokenizer: str | None, model: str) -> Encode | None:
    """The tokenizer of a provider's model; None when it is unknown, or not installed for this platform.

    The first of each takes a moment: its table is built.
    """
    return _openai(model) if tokenizer == "openai" else None


def tokens_at_most(request: Asked, encode: Encode, unseen_tokens: int) -> int | None:
    """The most tokens that a request of words can have; None when it has more than words.

    Texts that are embedded stand in no frame, and nothing is added to them (recorded: "hello world" is 2 tokens).

    Tools and schemas are bounded by their bytes: how a provider writes them into the prompt is not published.

    Args:
        unseen_tokens: what the provider may add, at most.
    """
    if isinstance(request, Texts):
        return sum(len(encode(text) if isinstance(text, str) else text) for text in request.texts)
    tokens = REQUEST_TOKENS + unseen_tokens
    for message in request.messages:
        if message.extra or not all(isinstance(part, TextPart | RefusalPart) for part in message.parts):
            return None
        tokens += MESSAGE_TOKENS + sum(len(encode(text)) for text in _texts(message))
    for tool in request.tools:
        if tool.raw is not None or tool.extra:
            return None
        tokens += len((tool.name + (tool.description or "")).encode()) + len(tool.parameters or b"") + MESSAGE_TOKENS
    form = request.response_format
    if form is not None:
        tokens += len(((form.name or "") + (form.description or "")).encode()) + len(form.schema or b"")
    return tokens


def _texts(message: Message) -> Iterator[str]:
    if message.name is not None:
        yield message.name
    if message.tool_call_id is not None:
        yield message.tool_call_id
    for part in message.parts:
        if isinstance(part, TextPart | RefusalPart):
            yield part.text
    for call in message.tool_calls:
        yield call.id
        yield call.name
        yield call.arguments


@cache
def _openai(model: str) -> Encode | None:
    name = next((encoding for prefix, encoding in OPENAI_ENCODINGS if model.startswith(prefix)), None)
    if name is None:
        return None
    with warnings.catch_warnings():
        # It reads its tables in a way that Python deprecates: where warnings are errors, nothing would be counted.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            # Late import: its tables take a quarter of a second, and most gateways never refuse anyone.
            import bpe_openai
        except ImportError:
            return None
        encode: Encode = bpe_openai.get_encoding(name).encode_ordinary
    return encode
