"""Why an answer ended.

Gemini API reference, "FinishReason" and "BlockReason" (read 2026-11-22), and Vertex AI's. `STOP` also ends an answer
that asks for tools, and `CONTINUATION` one that can go on beyond what a single request gives. Clients that ask for
`enum-encoding=int` get numbers.
"""

from __future__ import annotations

from typing import Final

from tollhouse.dialects import chat

_REASONS: Final[dict[str, chat.FinishReason]] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "CONTINUATION": "length",
    **dict.fromkeys(
        [
            "SAFETY",
            "RECITATION",
            "LANGUAGE",
            "BLOCKLIST",
            "PROHIBITED_CONTENT",
            "SPII",
            "IMAGE_SAFETY",
            "IMAGE_PROHIBITED_CONTENT",
            "IMAGE_RECITATION",
            "MODEL_ARMOR",
            "JAILBREAK",
        ],
        "content_filter",
    ),
    **dict.fromkeys(
        [
            "OTHER",
            "MALFORMED_FUNCTION_CALL",
            "UNEXPECTED_TOOL_CALL",
            "TOO_MANY_TOOL_CALLS",
            "MISSING_THOUGHT_SIGNATURE",
            "MALFORMED_RESPONSE",
            "NO_IMAGE",
            "IMAGE_OTHER",
        ],
        "other",
    ),
}
_NUMBERED: Final = ("FINISH_REASON_UNSPECIFIED", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER")
_WRITTEN: Final = {
    "stop": "STOP",
    "tool_calls": "STOP",
    "length": "MAX_TOKENS",
    "content_filter": "SAFETY",
    "other": "OTHER",
}


def word(said: str | int | None) -> str:
    """The provider's word; empty when it gave none."""
    if isinstance(said, int):
        return _NUMBERED[said] if 0 <= said < len(_NUMBERED) else str(said)
    return said or ""


def read_reason(said: str, *, has_calls: bool) -> chat.FinishReason:
    """What the word means for an answer that asks for tools, or not."""
    reason = _REASONS.get(said, "other")
    return "tool_calls" if reason == "stop" and has_calls else reason


def write_reason(reason: chat.FinishReason, said: str) -> str:
    """The provider's own word when it is one of this dialect and means this, else this dialect's."""
    known = _REASONS.get(said)
    return said if known is not None and _WRITTEN[known] == _WRITTEN[reason] else _WRITTEN[reason]
