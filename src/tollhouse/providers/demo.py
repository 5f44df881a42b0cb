"""The demo: eight models that answer by themselves, offline and free. `upstream/demo.py` plays them."""

from __future__ import annotations

from typing import Final

from tollhouse.dialects import openai_chat, openai_embeddings, openai_moderations
from tollhouse.providers.base import Limits, Provider

_LIMITS: Final = Limits(context_tokens=128_000, max_output_tokens=16_384)

PROVIDER = Provider(
    name="demo",
    dialect=openai_chat,
    also=(openai_embeddings, openai_moderations),
    # A name that never resolves (RFC 2606, section 2): were a call sent by mistake, it would reach nobody.
    base_url="https://demo.invalid/v1",
    needs_key=False,
    models="closed",
    limits={
        **dict.fromkeys(("echo", "lorem", "tools", "json", "slow", "flaky"), _LIMITS),
        **dict.fromkeys(("embed", "moderation"), Limits(_LIMITS.context_tokens)),
    },
    free=True,
)
