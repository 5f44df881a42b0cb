"""/v1/chat/completions, /v1/embeddings, /v1/moderations and /v1/models, for every OpenAI SDK."""

from __future__ import annotations

from types import ModuleType
from typing import Any, ClassVar

from tollhouse.api import envelopes
from tollhouse.api.catalog import Catalog
from tollhouse.api.surface import Surface
from tollhouse.dialects import openai_chat, openai_embeddings, openai_moderations

MADE_AT = 0
"""OpenAI's `created` of a model; providers do not tell."""


class OpenAI(Catalog):
    """The OpenAI surface: `ask` is POST /v1/chat/completions."""

    NAME = "chat.completions"
    DIALECT: ClassVar[ModuleType] = openai_chat
    ENVELOPE = envelopes.OPENAI

    def page(self, names: list[str]) -> dict[str, Any]:
        """Models as OpenAI lists them."""
        return {"object": "list", "data": [self.model(name) for name in names]}

    def model(self, name: str) -> dict[str, Any]:
        """A model as OpenAI shows it."""
        owner, _, rest = name.partition("/")
        return {"id": name, "object": "model", "created": MADE_AT, "owned_by": owner if rest else "tollhouse"}


class Embeddings(Surface):
    """`ask` is POST /v1/embeddings."""

    NAME = "embeddings"
    DIALECT: ClassVar[ModuleType] = openai_embeddings
    ENVELOPE = envelopes.OPENAI


class Moderations(Surface):
    """`ask` is POST /v1/moderations."""

    NAME = "moderations"
    DIALECT: ClassVar[ModuleType] = openai_moderations
    ENVELOPE = envelopes.OPENAI
