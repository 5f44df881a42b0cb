"""What of a long history still fits.

The system prompt, pinned turns, a digest of what is left out, and whole turns, newest first, as many as the model's
window holds beside the answer. A turn is a user's message and everything up to the next one, so a tool's result never
loses its call. Tokens are the provider's own count where there is one, and estimated elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tollhouse.conversations.messages.parts import (
    AnyPart,
    Audio,
    File,
    Image,
    Role,
    ToolCall,
    ToolResult,
    as_chat,
    words_of,
)
from tollhouse.dialects import chat
from tollhouse.errors import TooLarge

MESSAGE_TOKENS = 4
"""What a message costs beside its words (OpenAI Cookbook, "How to count tokens with tiktoken", read 2026-11-22)."""

IMAGE_TOKENS = 1_600
"""A large picture at most vendors; small ones cost less."""

FILE_BYTES_PER_TOKEN = 16
"""Of a document in base64: most of it is layout that no model reads."""

DIGEST_SHARE = 0.05
DIGEST_LINE_CHARS = 160


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One message of the branch, oldest first."""

    role: Role
    parts: tuple[AnyPart, ...]
    tokens: int
    pinned: bool = False


class Fitted(msgspec.Struct, frozen=True, kw_only=True):
    """What is told to the model.

    Attributes:
        tokens: of all of it, as far as known.
        dropped: messages that were left out.
    """

    messages: tuple[chat.Message, ...]
    tokens: int
    dropped: int


def fit(branch: Sequence[Kept], *, system: str | None, context_tokens: int, answer_tokens: int) -> Fitted:
    """Choose what is told.

    Args:
        branch: oldest first; its last turn is what is asked now.
        context_tokens: the most that the model reads and writes in one call.
        answer_tokens: of these, kept free for the answer.

    Raises:
        TooLarge: what is asked now does not fit, however much is left out; `details` has the numbers.
    """
    turns = turns_of(branch)
    head = [chat.Message(role="system", parts=(chat.TextPart(system),))] if system else []
    head_tokens = estimate_tokens(system) + MESSAGE_TOKENS if system else 0
    room = context_tokens - answer_tokens
    newest = len(turns) - 1
    must = {number for number, turn in enumerate(turns) if any(one.pinned for one in turn)} | {newest}
    used = head_tokens + sum(tokens_of(turns[number]) for number in must if number >= 0)
    if used > room:
        raise _too_large(used, context_tokens, answer_tokens)
    kept, used = _fill(turns, must, used, room)
    left_out = [turn for number, turn in enumerate(turns) if number not in kept]
    digest = digest_of(left_out, min(room - used, int(room * DIGEST_SHARE)))
    told = _told(turns, kept, digest)
    return Fitted(
        messages=(*head, *told),
        tokens=used + (estimate_tokens(digest) if digest else 0),
        dropped=sum(map(len, left_out)),
    )


def whole(branch: Sequence[Kept]) -> tuple[chat.Message, ...]:
    """All of it, for a model that has to say itself whether it fits."""
    return tuple([message for turn in turns_of(branch) for message in _turn(turn)])


def turns_of(branch: Sequence[Kept]) -> list[list[Kept]]:
    """The branch cut before each message of the user's; what an import put before the first is a turn too."""
    turns: list[list[Kept]] = []
    for message in branch:
        if message.role == "user" or not turns:
            turns.append([])
        turns[-1].append(message)
    return turns


def tokens_of(turn: Sequence[Kept]) -> int:
    """What a turn costs."""
    return sum(message.tokens + MESSAGE_TOKENS for message in turn)


def digest_of(left_out: Sequence[Sequence[Kept]], most_tokens: int) -> str:
    """The beginnings of what the user asked before, newest last, as many as fit; empty when none does."""
    lines: list[str] = []
    left = most_tokens - estimate_tokens(DIGEST) - MESSAGE_TOKENS
    for turn in reversed(left_out):
        line = f"- {' '.join(words_of(turn[0].parts).split())[:DIGEST_LINE_CHARS]}"
        left -= estimate_tokens(line) + 1
        if left < 0:
            break
        if turn[0].role == "user" and len(line) > len("- "):
            lines.insert(0, line)
    return "\n".join([DIGEST, *lines]) if lines else ""


DIGEST = "[Earlier parts of this conversation are left out here. In them I asked:]"


def estimate_tokens(text: str) -> int:
    """About how many tokens a text is: four ASCII characters or one other each, which is rather too many than too few.

    >>> estimate_tokens("Hello, world"), estimate_tokens("日本語")
    (3, 3)
    """
    ascii_chars = len(text.encode("ascii", "ignore"))
    return (ascii_chars + 3) // 4 + len(text) - ascii_chars


def estimate_parts(parts: Sequence[AnyPart]) -> int:
    """About how many tokens a message is."""
    tokens = 0
    for part in parts:
        match part:
            case Image():
                tokens += IMAGE_TOKENS
            case File() | Audio():
                tokens += len(part.data or "") // FILE_BYTES_PER_TOKEN
            case ToolCall():
                tokens += estimate_tokens(part.name) + estimate_tokens(part.arguments)
            case ToolResult(content=tuple(content)):
                tokens += estimate_parts(content)
            case _:
                tokens += estimate_tokens(words_of((part,)))
    return tokens


def _fill(turns: Sequence[Sequence[Kept]], must: set[int], used: int, room: int) -> tuple[set[int], int]:
    """Whole turns, newest first, until one does not fit: what comes before a gap would only confuse."""
    kept = set(must)
    for number in reversed(range(len(turns))):
        if number in kept:
            continue
        tokens = tokens_of(turns[number])
        if used + tokens > room:
            break
        kept.add(number)
        used += tokens
    return kept, used


def _told(turns: Sequence[Sequence[Kept]], kept: set[int], digest: str) -> list[chat.Message]:
    """Pinned turns from before the gap, then the digest that stands for it, then the rest."""
    gap = max((number for number in range(len(turns)) if number not in kept), default=-1)
    early = [number for number in sorted(kept) if number < gap]
    told = [message for number in early for message in _turn(turns[number])]
    if digest:
        # In the user's name: what users said must not gain a system prompt's authority.
        told.append(chat.Message(role="user", parts=(chat.TextPart(digest),)))
    return [*told, *[message for number in sorted(kept - {*early}) for message in _turn(turns[number])]]


def _turn(turn: Sequence[Kept]) -> list[chat.Message]:
    """A turn as dialects say it. A call nobody answered is left out with its like: providers refuse a lone one."""
    answered = {part.tool_call_id for message in turn for part in message.parts if isinstance(part, ToolResult)}
    asked = {part.id for message in turn for part in message.parts if isinstance(part, ToolCall)}
    told: list[chat.Message] = []
    for message in turn:
        parts = [part for part in message.parts if _has_its_other_half(part, asked, answered)]
        told += as_chat(message.role, parts)
    return told


def _has_its_other_half(part: AnyPart, asked: set[str], answered: set[str]) -> bool:
    if isinstance(part, ToolCall):
        return part.id in answered
    return part.tool_call_id in asked if isinstance(part, ToolResult) else True


def _too_large(needed: int, context_tokens: int, answer_tokens: int) -> TooLarge:
    return TooLarge(
        f"The message needs about {needed:,} tokens with what must go with it; the model reads {context_tokens:,}, of"
        f" which {answer_tokens:,} are kept for the answer. Shorten it, unpin messages, or choose another model.",
        code="context_length_exceeded",
        param="message",
        details={
            "needed_tokens": needed,
            "available_tokens": max(0, context_tokens - answer_tokens),
            "context_tokens": context_tokens,
            "answer_tokens": answer_tokens,
        },
    )
