"""OpenAI's embeddings, which many vendors and local servers speak too.

OpenAI API reference, "Create embeddings" (read 2026-11-30), and what recordings of six vendors show.
`glance_*` looks shallowly, for bytes that pass through; `read_request` and `write_answer` translate.
"""

from typing import Final

from tollhouse.dialects.openai_embeddings.answer import glance_answer, write_answer
from tollhouse.dialects.openai_embeddings.request import glance_request, read_request
from tollhouse.dialects.openai_errors import classify, read_error, write_error
from tollhouse.dialects.texts import rewrite_request

NAME: Final = "openai_embeddings"

OPERATION: Final = "embeddings"
"""What is asked for in this dialect. Those without a word for it ask for the next turn of a chat."""


def target(model: str, *, stream: bool) -> bytes:
    """Where a provider takes requests, below its base URL."""
    return b"/embeddings"


__all__ = [
    "NAME",
    "OPERATION",
    "classify",
    "glance_answer",
    "glance_request",
    "read_error",
    "read_request",
    "rewrite_request",
    "target",
    "write_answer",
    "write_error",
]
