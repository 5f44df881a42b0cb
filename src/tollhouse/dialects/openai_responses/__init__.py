"""OpenAI's Responses, without what it stores: `POST /responses` and its stream.

OpenAI API reference, "Responses" and "Responses streaming" (read 2026-11-22), the types of OpenAI's Python SDK, and
recordings of OpenAI, Azure, AWS, DeepSeek, OpenRouter and xAI. `glance_*` looks shallowly, for bytes that pass through;
`read_*` and `write_*` translate.
"""

from tollhouse.dialects.openai_errors import write_error
from tollhouse.dialects.openai_responses.answer import read_answer, write_answer
from tollhouse.dialects.openai_responses.carries import CARRIES, HINTS, NAME, REPEATS, SHOWS
from tollhouse.dialects.openai_responses.count import (
    count_target,
    read_count,
    read_count_request,
    write_count,
    write_count_request,
)
from tollhouse.dialects.openai_responses.ending import break_off
from tollhouse.dialects.openai_responses.errors import classify, read_error
from tollhouse.dialects.openai_responses.glance import glance_answer, glance_request, rewrite_request
from tollhouse.dialects.openai_responses.paths import paths_of
from tollhouse.dialects.openai_responses.reader import Reader, is_usage_only, plain_text
from tollhouse.dialects.openai_responses.repeated import repeat_request
from tollhouse.dialects.openai_responses.request import read_request, write_request
from tollhouse.dialects.openai_responses.writer import Writer

TOOL_NAME_CHARS = 64
"""Of the name of a tool, at most (`tool_names`)."""


def target(model: str, *, stream: bool) -> bytes:
    """Where a provider takes requests, below its base URL."""
    return b"/responses"


__all__ = [
    "CARRIES",
    "HINTS",
    "NAME",
    "REPEATS",
    "SHOWS",
    "TOOL_NAME_CHARS",
    "Reader",
    "Writer",
    "break_off",
    "classify",
    "count_target",
    "glance_answer",
    "glance_request",
    "is_usage_only",
    "paths_of",
    "plain_text",
    "read_answer",
    "read_count",
    "read_count_request",
    "read_error",
    "read_request",
    "repeat_request",
    "rewrite_request",
    "target",
    "write_answer",
    "write_count",
    "write_count_request",
    "write_error",
    "write_request",
]
