"""Anthropic's Messages, version 2023-06-01.

Anthropic API reference and developer guides (read 2026-11-22), the types of Anthropic's own SDK for Python (2.12), and
recordings. `glance_*` looks shallowly, for bytes that pass through; `read_*` and `write_*` translate.
"""

from tollhouse.dialects.anthropic_messages.answer import read_answer, write_answer
from tollhouse.dialects.anthropic_messages.carries import CARRIES, HINTS, REPEATS, SHOWS
from tollhouse.dialects.anthropic_messages.count import (
    count_target,
    read_count,
    read_count_request,
    write_count,
    write_count_request,
)
from tollhouse.dialects.anthropic_messages.errors import classify, read_error, write_error
from tollhouse.dialects.anthropic_messages.glance import glance_answer, glance_request, rewrite_request
from tollhouse.dialects.anthropic_messages.name import NAME
from tollhouse.dialects.anthropic_messages.paths import paths_of
from tollhouse.dialects.anthropic_messages.reader import Reader, is_usage_only, plain_text
from tollhouse.dialects.anthropic_messages.request import read_request, write_request
from tollhouse.dialects.anthropic_messages.writer import Writer

HEADERS = ((b"anthropic-version", b"2023-06-01"),)
"""In every request: the version of the API that is spoken here."""

NEEDS_CAP = True
"""A request must say how long its answer may be."""

TOOL_NAME_CHARS = 128
"""Of the name of a tool, at most (`tool_names`)."""


def target(model: str, *, stream: bool) -> bytes:
    """Where a provider takes requests, below its base URL."""
    return b"/messages"


__all__ = [
    "CARRIES",
    "HEADERS",
    "HINTS",
    "NAME",
    "NEEDS_CAP",
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
