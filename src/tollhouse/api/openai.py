"""/v1/chat/completions and /v1/models, for every OpenAI SDK."""

from __future__ import annotations

from types import ModuleType
from typing import Any, ClassVar

from tollhouse.api import errors
from tollhouse.api.catalog import Catalog
from tollhouse.api.http import Head
from tollhouse.dialects import openai_chat
from tollhouse.errors import TollhouseError
from tollhouse.providers.base import Headers

MADE_AT = 0
"""OpenAI's `created` of a model; providers do not tell."""


class OpenAI(Catalog):
    """The OpenAI surface: `ask` is POST /v1/chat/completions."""

    NAME = "chat.completions"
    DIALECT: ClassVar[ModuleType] = openai_chat

    def error_body(self, error: TollhouseError, head: Head) -> tuple[Headers, bytes]:
        """OpenAI's envelope. In a stream no `[DONE]` follows it, so it cannot be taken for success."""
        return (errors.JSON,), errors.openai_body(error, head.shown_id)

    def page(self, names: list[str]) -> dict[str, Any]:
        """Models as OpenAI lists them."""
        return {"object": "list", "data": [self.model(name) for name in names]}

    def model(self, name: str) -> dict[str, Any]:
        """A model as OpenAI shows it."""
        owner, _, rest = name.partition("/")
        return {"id": name, "object": "model", "created": MADE_AT, "owned_by": owner if rest else "tollhouse"}
