"""Google's Gemini API."""

from __future__ import annotations

from typing import Final

from tollhouse.dialects import gemini
from tollhouse.dialects.gemini import embeddings
from tollhouse.providers.base import CALLED_BY_US, WHOLE_CONTEXT_TOKENS, Fields, Headers, Limits, Provider

# Models and their windows: https://ai.google.dev/gemini-api/docs/models, 2026-11-22. Input and output share the window
# of Gemini 4; the others count them apart. A single request never gives more than this, even where an answer can go on.
_LIMITS: Final = Limits(1_048_576, 65_536)
_MODELS: Final = """
    gemini-4-argon gemini-3.8-flash gemini-3.7-flash gemini-3.6-flash gemini-3.5-flash gemini-3.5-flash-lite
    gemini-3.1-pro-preview gemini-3.1-flash-lite gemini-3-pro-preview gemini-3-flash-preview
    gemini-2.5-pro gemini-2.5-flash gemini-2.5-flash-lite"""

# https://ai.google.dev/gemini-api/docs/embeddings, 2026-11-30.
_EMBED: Final = {"gemini-embedding-001": Limits(2_048), "gemini-embedding-2": Limits(8_192)}


def _authorize(api_key: str, fields: Fields) -> Headers:
    """The key in a header: Google would also take it in the address, where it reaches every log on the way."""
    return ((b"x-goog-api-key", api_key.encode()),)


def _hidden_tokens(has_tools: bool, tool_types: frozenset[str]) -> int:
    """Of 168 recordings none counts more tokens than bytes, with functions or without; the nearest lacks 61."""
    if tool_types - CALLED_BY_US:
        return WHOLE_CONTEXT_TOKENS
    return 256 if has_tools else 64


PROVIDER = Provider(
    name="google",
    dialect=gemini,
    also=(embeddings,),
    base_url="https://generativelanguage.googleapis.com/v1beta",
    docs_url="https://ai.google.dev/gemini-api/docs",
    env="GEMINI_API_KEY",
    authorize=_authorize,
    limits={**dict.fromkeys(_MODELS.split(), _LIMITS), **_EMBED},
    priced_as="google",
    hidden_tokens=_hidden_tokens,
)
