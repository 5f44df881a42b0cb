"""GitHub Models: OpenAI's dialect; models are named `publisher/model`. Billed by units of its own, so unpriced here."""

from __future__ import annotations

from tollhouse.dialects import openai_chat, openai_embeddings
from tollhouse.providers.base import STRICT, Fields, Provider, template_tokens


def _target(target: bytes, model: str, fields: Fields) -> bytes:
    """The list of models is a catalog, beside what answers."""
    return b"/catalog/models" if target == b"/models" else b"/inference" + target


# https://docs.github.com/en/rest/models/inference, 2026-11-22; /embeddings, 2026-11-30.
PROVIDER = Provider(
    name="github",
    dialect=openai_chat,
    also=(openai_embeddings,),
    lacks=STRICT,
    base_url="https://models.github.ai",
    docs_url="https://docs.github.com/en/github-models",
    env="GITHUB_TOKEN",
    target=_target,
    hidden_tokens=template_tokens,
)
