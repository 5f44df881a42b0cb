"""What an application notes of a conversation or a response: OpenAI's `metadata`, within OpenAI's bounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tollhouse.errors import InvalidRequest

MOST_PAIRS = 16
MOST_KEY_CHARS = 64
MOST_VALUE_CHARS = 512


def checked_metadata(said: Any) -> dict[str, str]:
    """The pairs; none for null. Raises InvalidRequest, naming the field."""
    if said is None:
        return {}
    if not isinstance(said, Mapping):
        raise InvalidRequest("`metadata` is an object of words.", param="metadata")
    if len(said) > MOST_PAIRS:
        raise InvalidRequest(f"`metadata` has {len(said)} pairs; at most {MOST_PAIRS} are kept.", param="metadata")
    for name, value in said.items():
        if len(name) > MOST_KEY_CHARS:
            raise InvalidRequest(f"A key of `metadata` has at most {MOST_KEY_CHARS} characters.", param="metadata")
        if not isinstance(value, str) or len(value) > MOST_VALUE_CHARS:
            message = f"`metadata.{name}` is a text of at most {MOST_VALUE_CHARS} characters."
            raise InvalidRequest(message, param=f"metadata.{name}")
    return dict(said)
