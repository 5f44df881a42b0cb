"""By what an answer is found again: a digest of all that could make it another one. Pure.

Who may share an answer is part of the key, and never of what is compared: no likeness leads from one tenant to another.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final, Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from tollhouse.dialects.chat import ChatRequest, Message, ReasoningPart, TextPart
from tollhouse.dialects.json_body import NULL
from tollhouse.dialects.texts import Asked
from tollhouse.providers.base import Headers

Scope: TypeAlias = Literal["user", "workspace", "public"]
Why: TypeAlias = Literal[
    "choices", "logprobs", "media", "off", "operation", "private", "sampled", "searches", "store", "tools", "unreadable"
]
"""Why a request is not answered from the cache, in one word for the answer's header."""

VERSION: Final = 1
"""Of the key, and of what is kept under it: another version finds nothing of this one."""

UNHEARD: Final = frozenset(
    {
        "metadata",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "store",
        "stream_options",
    }
)
"""Fields that no model hears of: they name who asks, and say how the answer is sent or what its provider keeps."""

SEARCHING: Final = frozenset({"web_search_options", "search_parameters", "plugins"})
"""Fields of chat completions by which OpenAI, xAI, Perplexity and OpenRouter look something up, without a tool."""

SAYS_STORE: Final = frozenset({"openai_responses"})
"""Dialects whose every request says that its provider is not to keep it, whatever its client said."""

_WORDS: Final = (TextPart, ReasoningPart)


class Source(msgspec.Struct, frozen=True):
    """One of those who may answer.

    Attributes:
        address: where the provider is.
        account: whose it is called with: the credential's id where no one else shares the answer, else what the
            credential says besides the key, which may lead to another server.
    """

    provider: str
    address: str
    model: str
    account: str


def unfit(request: Asked, *, takes_sampled: bool) -> Why | None:
    """Why this may not be answered from the cache; None when it may.

    Args:
        takes_sampled: an answer in which chance had a part may be given again. Without a temperature it has: the
            provider chooses one above 0.
    """
    if not isinstance(request, ChatRequest):
        return "operation"
    if request.tools or any(message.tool_calls or message.role == "tool" for message in request.messages):
        return "tools"
    if any(not isinstance(part, _WORDS) for message in request.messages for part in message.parts):
        return "media"
    if request.n != 1:
        return "choices"
    if request.logprobs:
        return "logprobs"
    if not request.extra.keys().isdisjoint(SEARCHING):
        return "searches"
    if request.dialect not in SAYS_STORE and bytes(request.extra.get("store", NULL)) == b"false":
        return "store"
    if not takes_sampled and request.temperature != 0:
        return "sampled"
    return None


def key_of(
    request: ChatRequest, sources: Iterable[Source], owner: tuple[str, ...], hints: Headers, *, secret: bytes
) -> str:
    """The key of a request, in hexadecimal.

    Args:
        sources: whoever may answer it, in order.
        owner: who may share the answer: `("user", id)`, `("workspace", id)` or `("public",)`.
        hints: headers that are passed on to the provider.
        secret: keys the digest, so that nobody who reads the store can try out what was asked.
    """
    said = replace(
        request,
        model="",
        stream=False,
        include_usage=False,
        user=None,
        # Only what one dialect alone says means something else in another.
        dialect="" if is_plain(request) else request.dialect,
        extra={name: raw for name, raw in request.extra.items() if name not in UNHEARD},
    )
    # What is not modelled stays as it was written: another spelling of it is only looked for in vain.
    told = msgspec.json.encode((VERSION, owner, tuple(sources), hints, said), order="sorted")
    return blake2b(told, digest_size=32, key=secret).hexdigest()


def last_words(request: ChatRequest) -> tuple[ChatRequest, str] | None:
    """What the user said last, and the request without it; None when that is more than words."""
    last = request.messages[-1]
    if last.role != "user" or len(last.parts) != 1:
        return None
    part = last.parts[0]
    if not isinstance(part, TextPart) or part.extra or last.extra:
        return None
    return replace(request, messages=(*request.messages[:-1], replace(last, parts=()))), part.text


def is_plain(request: ChatRequest) -> bool:
    """Nothing is said that only the dialect of the request knows."""
    return not (request.extra.keys() - UNHEARD) and all(map(_is_plain, request.messages))


def _is_plain(message: Message) -> bool:
    return not message.extra and not any(isinstance(part, TextPart) and part.extra for part in message.parts)
