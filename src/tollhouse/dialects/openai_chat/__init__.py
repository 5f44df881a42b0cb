"""OpenAI's Chat Completions, which most vendors and local servers speak too.

OpenAI API reference, "Chat" and "Chat streaming" (read 2026-11-22), and what recordings of some twenty vendors show.
`glance_*` looks shallowly, for bytes that pass through; `read_*` and `write_*` translate.
"""

from tollhouse.dialects.openai_chat.answer import read_answer, write_answer
from tollhouse.dialects.openai_chat.errors import classify, read_error
from tollhouse.dialects.openai_chat.glance import glance_answer, glance_request, rewrite_request
from tollhouse.dialects.openai_chat.request import read_request, write_request
from tollhouse.dialects.openai_chat.stream import Reader, Writer, is_usage_only, plain_text

NAME = "openai_chat"


def target(model: str, *, stream: bool) -> bytes:
    """Where a provider takes requests, below its base URL."""
    return b"/chat/completions"


__all__ = [
    "NAME",
    "Reader",
    "Writer",
    "classify",
    "glance_answer",
    "glance_request",
    "is_usage_only",
    "plain_text",
    "read_answer",
    "read_error",
    "read_request",
    "rewrite_request",
    "target",
    "write_answer",
    "write_request",
]
