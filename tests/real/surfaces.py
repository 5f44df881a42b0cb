"""The surfaces that a conversation can be held over, each with the SDK that its users have.

The model server speaks them too: the same class talks to it directly. A further surface is one more class here, and is
listed in `SURFACES`; every conversation is then held over it as well.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Protocol

import httpx2
import msgspec
import openai

from gateways import CONTEXT

Messages = list[dict[str, Any]]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked. The model is told to be of one mind: temperature 0, and a seed.

    Attributes:
        call: the client's own name for the request, by which its row is found.
        never_ends: the model may not stop by itself. A field of llama.cpp's, which nobody on the way knows.
    """

    messages: Messages
    call: str
    most_tokens: int = 24
    never_ends: bool = False


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer, with its usage as the client hears it. `is_cut`: it ended at the most tokens it may have."""

    text: str
    is_cut: bool
    input_tokens: int
    output_tokens: int


class Refused(Exception):
    """The call was answered with an error. `status` is HTTP's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Surface(Protocol):
    """One way to talk, over connections of its own.

    Attributes:
        name: as the request log calls it.
    """

    name: str

    def __init__(self, url: str, token: str, model: str) -> None:
        """Talk to `model` at `url`, which names no path."""
        ...

    async def ask(self, question: Question) -> Said:
        """The answer in one piece. Raises Refused."""
        ...

    def stream(self, question: Question) -> AsyncGenerator[str | Said]:
        """Its text, piece by piece, and then the whole. Closed before its end, the client hangs up."""
        ...

    async def aclose(self) -> None:
        """Close its connections."""
        ...


class ChatCompletions:
    """`POST /v1/chat/completions`, with OpenAI's SDK."""

    name = "chat.completions"

    def __init__(self, url: str, token: str, model: str) -> None:
        self._model = model
        http = httpx2.AsyncClient(verify=CONTEXT, trust_env=False, timeout=60)
        self._client = openai.AsyncOpenAI(api_key=token, base_url=f"{url}/v1", http_client=http, max_retries=0)

    async def aclose(self) -> None:
        await self._client.close()

    async def ask(self, question: Question) -> Said:
        try:
            completion = await self._client.chat.completions.create(**self._fields(question))
        except openai.APIStatusError as error:
            raise Refused(error.status_code, error.message) from error
        (choice,) = completion.choices
        return self._said(choice.message.content, choice.finish_reason, completion.usage)

    async def stream(self, question: Question) -> AsyncGenerator[str | Said]:
        text, ending, usage = "", None, None
        options = {"stream": True, "stream_options": {"include_usage": True}}
        async with await self._client.chat.completions.create(**self._fields(question), **options) as chunks:
            async for chunk in chunks:
                usage = chunk.usage or usage
                for choice in chunk.choices:
                    ending = choice.finish_reason or ending
                    if choice.delta.content:
                        text += choice.delta.content
                        yield choice.delta.content
        yield self._said(text, ending, usage)

    def _fields(self, question: Question) -> Any:
        return {
            "model": self._model,
            "messages": question.messages,
            "max_tokens": question.most_tokens,
            "temperature": 0,
            "seed": 1,
            "extra_body": {"ignore_eos": True} if question.never_ends else None,
            "extra_headers": {"x-request-id": question.call},
        }

    def _said(self, text: str | None, ending: str | None, usage: Any) -> Said:
        assert text is not None
        assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
        return Said(
            text=text,
            is_cut={"length": True, "stop": False}[ending or ""],
            input_tokens=usage.prompt_tokens,
            output_tokens=usage.completion_tokens,
        )


SURFACES: list[type[Surface]] = [ChatCompletions]
