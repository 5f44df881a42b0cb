"""Google's generateContent, as the Gemini API and Vertex AI speak it.

Gemini API reference, v1beta, "Generating content" and "Counting tokens" (read 2026-11-22), and what recordings of both
show. Model and stream are told by the address, so a surface writes them into the body as `model` and `stream`.
`glance_*` looks shallowly, for bytes that pass through; `read_*` and `write_*` translate.
"""

from tollhouse.dialects.gemini.address import address_of
from tollhouse.dialects.gemini.answer import read_answer, write_answer
from tollhouse.dialects.gemini.carries import CARRIES, HINTS, NAME, REPEATS, SHOWS
from tollhouse.dialects.gemini.count import read_count, read_count_request, write_count, write_count_request
from tollhouse.dialects.gemini.errors import classify, read_error, write_error
from tollhouse.dialects.gemini.glance import glance_answer, glance_request, rewrite_request
from tollhouse.dialects.gemini.paths import paths_of
from tollhouse.dialects.gemini.request import read_request, write_request
from tollhouse.dialects.gemini.stream_reader import Reader, is_usage_only, plain_text
from tollhouse.dialects.gemini.stream_writer import Writer

TOOL_NAME_CHARS = 64
"""Of the name of a tool, at most (`tool_names`)."""


def target(model: str, *, stream: bool) -> bytes:
    """Where a provider takes requests, below its base URL."""
    return address_of(model) + (b":streamGenerateContent?alt=sse" if stream else b":generateContent")


def count_target(model: str) -> bytes:
    """Where a provider counts a request's tokens, below its base URL."""
    return address_of(model) + b":countTokens"


__all__ = [
    "CARRIES",
    "HINTS",
    "NAME",
    "REPEATS",
    "SHOWS",
    "TOOL_NAME_CHARS",
    "Reader",
    "Writer",
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
    "rewrite_request",
    "target",
    "write_answer",
    "write_count",
    "write_count_request",
    "write_error",
    "write_request",
]
