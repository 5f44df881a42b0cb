"""OpenRouter: OpenAI's dialects in front of other vendors. It keeps silent streams alive with comments.

It takes Anthropic's Messages too (its page "Claude Code", 2026-11-30), but whether it tells there what it charges is
not known: they are translated.

It always counts, whether asked by `stream_options`, by its own `usage: {"include": true}`, or not at all, and tells
what it charges in its credits, which are dollars (its page "Usage Accounting", 2026-11-22). That is what the ledger
posts: which vendor served, at what price, only OpenRouter knows. What is set aside follows its published price, which
is why a request may not name further models (its page "Model Fallbacks", 2026-11-30), nor let it search for a fee (its
pages "Plugins" and "Server Tools", 2026-11-30). Files that a model does not read itself it reads for it, at a fee for
each page unless the reader that is named costs nothing (its page "PDF Inputs", 2026-11-30). Embeddings are as OpenAI's
(its page "Submit an embedding request", 2026-11-30).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from tollhouse.dialects import openai_chat, openai_embeddings, openai_responses
from tollhouse.dialects.chat import ChatRequest, FilePart
from tollhouse.dialects.texts import Asked
from tollhouse.providers.base import WHOLE_CONTEXT_TOKENS, Fields, Provider, Unheld, template_tokens

_ELSEWHERE: Final[Mapping[str, str]] = {
    "models": "Let a route name them instead.",
    "web_search_options": "Leave it out.",
}
_TOOLS: Final = "openrouter:"

_PARSER: Final = "file-parser"
_FREE: Final = frozenset({"native", "cloudflare-ai", "pdf-text"})
"""Readers of files that cost no more than tokens: the model itself, and one by its newer and its older name."""

_BY_THE_MODEL: Final = b'[{"id":"file-parser","pdf":{"engine":"native"}}]'
_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


class _Pdf(msgspec.Struct):
    engine: str


class _Plugin(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    pdf: _Pdf


_PLUGINS: Final = msgspec.json.Decoder(list[_Plugin])


def _target(target: bytes, model: str, fields: Fields) -> bytes:
    """Everybody may see the list of models; whether a key is good, only `/key` tells."""
    return b"/key" if target == b"/models" else target


def _hidden_tokens(has_tools: bool, tool_types: frozenset[str]) -> int:
    """Any of the vendors behind it: the most is xAI's, recorded at 687 tokens from 208 bytes (Grok 4, October 2025)."""
    return min(1024 + template_tokens(has_tools, tool_types), WHOLE_CONTEXT_TOKENS)


def _unheld(asked: Asked) -> Unheld | None:
    """Other models, searches, and readers of files at a fee."""
    for name, instead in _ELSEWHERE.items():
        if name in asked.extra:
            return Unheld(f"`{name}`", name, instead)
    plugins = asked.extra.get("plugins")
    if plugins is not None and not _are_free(plugins):
        return Unheld("`plugins`", "plugins", f"Leave it out, or name a reader of files that is free: {_named()}.")
    if not isinstance(asked, ChatRequest):
        return None
    if plugins is None and any(isinstance(part, FilePart) for message in asked.messages for part in message.parts):
        return Unheld("a file and no word of who reads it", "plugins", f"Name a reader in `plugins`: {_named()}.")
    for position, tool in enumerate(asked.tools):
        if tool.type.startswith(_TOOLS):
            return Unheld(f"the tool `{tool.type}`", f"tools[{position}].type", "Offer functions only.")
    return None


def _are_free(plugins: msgspec.Raw) -> bool:
    """Whether they read files, and cost no more than tokens."""
    try:
        told = _PLUGINS.decode(plugins)
    except msgspec.ValidationError:
        return False
    return bool(told) and all(plugin.id == _PARSER and plugin.pdf.engine in _FREE for plugin in told)


def _named() -> str:
    return f"`{_BY_THE_MODEL.decode()}`, or the engine `cloudflare-ai` where the model reads none itself"


def _reword(body: bytes) -> bytes:
    """Files of a client whose dialect has no word for it are read by the model."""
    if b'"file"' not in body:
        return body
    fields = _FIELDS.decode(body)
    if "plugins" in fields:
        return body
    return msgspec.json.encode(fields | {"plugins": msgspec.Raw(_BY_THE_MODEL)})


PROVIDER = Provider(
    name="openrouter",
    dialect=openai_chat,
    also=(openai_responses, openai_embeddings),
    base_url="https://openrouter.ai/api/v1",
    docs_url="https://openrouter.ai/docs",
    env="OPENROUTER_API_KEY",
    target=_target,
    reword=_reword,
    unheld=_unheld,
    # Files are `file` in one dialect and `input_file` in the other; each word is a look through the whole body.
    unheld_words=(b"models", b"web_search_options", b"plugins", b"openrouter:", b'file"'),
    priced_as="openrouter",
    tells_cost=True,
    hidden_tokens=_hidden_tokens,
)
