"""The ways from a client to the model: a surface of the gateway, and what the model server is spoken to in.

Over its own dialect a surface passes bytes on; over another, every word is translated.
"""

from __future__ import annotations

from typing import NamedTuple

from real.surfaces import AnthropicMessages, ChatCompletions, Responses, Surface

UPSTREAMS: dict[str, type[Surface]] = {
    "openai_chat": ChatCompletions,
    "anthropic_messages": AnthropicMessages,
    "openai_responses": Responses,
}
"""The surfaces of the model server, by the dialect in which a provider of the gateway speaks to it."""


class Way(NamedTuple):
    """A surface, and the dialect behind it."""

    surface: type[Surface]
    upstream: str

    @property
    def provider(self) -> str:
        """The gateway's name for the model server in this dialect."""
        return f"smol_{self.upstream}"

    def __str__(self) -> str:
        return f"{self.surface.name}-over-{self.upstream}"


WAYS = [
    Way(ChatCompletions, "openai_chat"),
    Way(Responses, "openai_chat"),
    Way(AnthropicMessages, "openai_chat"),
    Way(ChatCompletions, "anthropic_messages"),
    Way(AnthropicMessages, "anthropic_messages"),
    Way(Responses, "openai_responses"),
]

EACH_ONCE = [Way(ChatCompletions, "anthropic_messages"), Way(AnthropicMessages, "openai_chat"), WAYS[-1]]
"""Every surface and every dialect behind one, for what is the same in all of them and takes long."""
