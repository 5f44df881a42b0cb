"""OpenAI's Chat Completions, which most vendors and local servers speak too.

OpenAI API reference, "Chat" and "Chat streaming" (read 2026-11-22), and what recordings of some twenty vendors show.
`glance_*` looks shallowly, for bytes that pass through; `read_*` and `write_*` translate.
"""

from collections.abc import Mapping

from tollhouse.dialects.carry import FEATURES, Carry
from tollhouse.dialects.openai_chat.answer import read_answer, write_answer
from tollhouse.dialects.openai_chat.glance import glance_answer, glance_request, rewrite_request
from tollhouse.dialects.openai_chat.reader import Reader, is_usage_only, plain_text
from tollhouse.dialects.openai_chat.request import NAME, read_request, write_request
from tollhouse.dialects.openai_chat.usage import add_cost
from tollhouse.dialects.openai_chat.writer import Writer
from tollhouse.dialects.openai_errors import classify, read_error, write_error

_LOSSY = frozenset(
    {
        "citations",  # for readers; models are not told again
        "prefill",  # as any other
        "tool_error",  # the tool's words remain
        "tool_media",  # shown by the user, behind the tools' answers
        "reasoning_budget_tokens",  # said as an effort
        "long_user",  # as a digest
    }
)
_REFUSED = frozenset({"file_id", "file_url", "spoken", "other_tools"})
"""Names that only one provider knows, and what has no word here."""

CARRIES: Mapping[str, Carry] = {
    feature: "lossy" if feature in _LOSSY else "lossless" for feature in FEATURES if feature not in _REFUSED
}
"""What this dialect can say of a request, by feature."""

HINTS = frozenset(
    {
        "annotations",
        "cache_control",
        "index",
        "max_tokens",
        "metadata",
        "parsed",
        "prediction",
        "prompt_cache_breakpoint",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "provider",
        "reasoning",
        "reasoning_details",
        "reasoning_format",
        "safety_identifier",
        "service_tier",
        "store",
        "stream_options",
        "thinking",
        "top_logprobs",  # without `logprobs`: a number of nothing
        "transforms",
        "usage",
    }
)
"""Fields of this dialect that no other knows, and that a caller can do without."""


SHOWS = frozenset({"image", "image_url", "citation.place", "citation.quote", "citation.document"})
"""What an answer can show besides words: pictures, in OpenRouter's field, and what words rest on."""

REPEATS = frozenset({"index"})
"""Fields of an answer that say no more than its request or its form: the numbers of calls."""

TOOL_NAME_CHARS = 64
"""Of the name of a tool, at most (`tool_names`)."""


def target(model: str, *, stream: bool) -> bytes:
    """Where a provider takes requests, below its base URL."""
    return b"/chat/completions"


__all__ = [
    "CARRIES",
    "HINTS",
    "NAME",
    "REPEATS",
    "SHOWS",
    "TOOL_NAME_CHARS",
    "Reader",
    "Writer",
    "add_cost",
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
    "write_error",
    "write_request",
]
