"""The surfaces that a conversation can be held over, each with the SDK that its users have.

The model server speaks them too: the same class talks to it directly. A further surface is one more class here; over
what it is spoken, `ways.py` tells.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Protocol

import anthropic
import httpx2
import msgspec
import openai

from gateways import CONTEXT

Messages = list[dict[str, Any]]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked. The model is told to be of one mind: temperature 0.

    Attributes:
        call: the client's own name for the request, by which its row is found.
    """

    messages: Messages
    call: str
    most_tokens: int = 24


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
        self._client = _openai(url, token)

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


class Responses:
    """`POST /v1/responses`, with OpenAI's SDK."""

    name = "responses"

    def __init__(self, url: str, token: str, model: str) -> None:
        self._model = model
        self._client = _openai(url, token)

    async def aclose(self) -> None:
        await self._client.close()

    async def ask(self, question: Question) -> Said:
        try:
            return self._said(await self._client.responses.create(**self._fields(question)))
        except openai.APIStatusError as error:
            raise Refused(error.status_code, error.message) from error

    async def stream(self, question: Question) -> AsyncGenerator[str | Said]:
        text = ""
        async with await self._client.responses.create(**self._fields(question), stream=True) as events:
            async for event in events:
                if event.type == "response.output_text.delta":
                    text += event.delta
                    yield event.delta
                elif event.type in ("response.completed", "response.incomplete"):
                    said = self._said(event.response)
        assert said.text == text
        yield said

    def _fields(self, question: Question) -> Any:
        return {
            "model": self._model,
            "input": [_item(message) for message in question.messages],
            "max_output_tokens": question.most_tokens,
            "temperature": 0,
            "extra_headers": {"x-request-id": question.call},
        }

    def _said(self, response: Any) -> Said:
        assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens
        return Said(
            text=response.output_text,
            is_cut={"incomplete": True, "completed": False}[response.status],
            input_tokens=response.usage.input_tokens,
            output_tokens=response.usage.output_tokens,
        )


class AnthropicMessages:
    """`POST /v1/messages`, with Anthropic's SDK."""

    name = "messages"

    def __init__(self, url: str, token: str, model: str) -> None:
        self._model = model
        http = httpx2.AsyncClient(verify=CONTEXT, trust_env=False, timeout=60)
        self._client = anthropic.AsyncAnthropic(api_key=token, base_url=url, http_client=http, max_retries=0)

    async def aclose(self) -> None:
        await self._client.close()

    async def ask(self, question: Question) -> Said:
        try:
            return self._said(await self._client.messages.create(**self._fields(question)))
        except anthropic.APIStatusError as error:
            raise Refused(error.status_code, error.message) from error

    async def stream(self, question: Question) -> AsyncGenerator[str | Said]:
        async with self._client.messages.stream(**self._fields(question)) as stream:
            async for text in stream.text_stream:
                yield text
            said = self._said(await stream.get_final_message())
        yield said

    def _fields(self, question: Question) -> Any:
        system = [{"type": "text", "text": one["content"]} for one in question.messages if one["role"] == "system"]
        return {
            "model": self._model,
            "messages": [one for one in question.messages if one["role"] != "system"],
            "max_tokens": question.most_tokens,
            "extra_body": {"temperature": 0},  # the SDK has no word for it: Anthropic's own models take it no longer
            "extra_headers": {"x-request-id": question.call},
            **({"system": system} if system else {}),
        }

    def _said(self, message: anthropic.types.Message) -> Said:
        (block,) = message.content
        assert isinstance(block, anthropic.types.TextBlock)
        return Said(
            text=block.text,
            is_cut={"max_tokens": True, "end_turn": False}[message.stop_reason or ""],
            input_tokens=message.usage.input_tokens,
            output_tokens=message.usage.output_tokens,
        )


def _item(message: dict[str, Any]) -> dict[str, Any]:
    """A message as an item. What the model said goes back as it came, in parts: llama.cpp reads it in no other way."""
    if message["role"] != "assistant":
        return message
    part = {"type": "output_text", "text": message["content"], "annotations": []}
    return {"type": "message", "role": "assistant", "status": "completed", "content": [part]}


def _openai(url: str, token: str) -> openai.AsyncOpenAI:
    http = httpx2.AsyncClient(verify=CONTEXT, trust_env=False, timeout=60)
    return openai.AsyncOpenAI(api_key=token, base_url=f"{url}/v1", http_client=http, max_retries=0)
