"""OpenAI's Chat Completions, which most vendors and local servers speak too.

OpenAI API reference, "Chat" and "Chat streaming" (read 2026-11-22), and what recordings of some twenty vendors show.
`glance_*` looks shallowly, for bytes that pass through; `read_*` and `write_*` translate.
"""

from tollhouse.dialects.openai_chat_answer import read_answer, write_answer
from tollhouse.dialects.openai_chat_errors import classify, read_error
from tollhouse.dialects.openai_chat_glance import (
    AnswerGlance,
    RequestGlance,
    glance_answer,
    glance_request,
    rewrite_request,
)
from tollhouse.dialects.openai_chat_request import read_request, write_request
from tollhouse.dialects.openai_chat_stream import Reader, Writer, is_usage_only, plain_text

NAME = "openai_chat"
CHAT_PATH = b"/chat/completions"

__all__ = [
    "CHAT_PATH",
    "NAME",
    "AnswerGlance",
    "Reader",
    "RequestGlance",
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
    "write_answer",
    "write_request",
]
