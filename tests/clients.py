"""How clients of each dialect ask the gateway, and what they hear."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import ModuleType
from typing import Any, NamedTuple

import httpx2

from gateways import Gateway
from tollhouse.dialects import anthropic_messages, chat, gemini, openai_chat, openai_responses, sse
from tollhouse.dialects.collect import collect

DIALECTS = (anthropic_messages, gemini, openai_chat, openai_responses)
BY_NAME = {dialect.NAME: dialect for dialect in DIALECTS}


class Client(NamedTuple):
    """A client of the gateway that speaks one dialect."""

    dialect: ModuleType

    async def ask(
        self,
        gateway: Gateway,
        question: str = "Hi",
        *,
        model: str = "acme/acme-1",
        stream: bool = False,
        headers: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> httpx2.Response:
        """Ask one question; `fields` are more of the body, in the dialect's words."""
        path, body = self.request(question, model, stream)
        return await gateway.client.post(path, headers=gateway.person.headers | dict(headers or {}), json=body | fields)

    def request(self, question: str, model: str, stream: bool) -> tuple[str, dict[str, Any]]:
        """The address, and the least that must be said."""
        turn = {"role": "user", "content": question}
        if self.dialect is gemini:
            verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
            return f"/v1beta/models/{model}:{verb}", {"contents": [{"role": "user", "parts": [{"text": question}]}]}
        common: dict[str, Any] = {"model": model, "stream": stream}
        if self.dialect is anthropic_messages:
            return "/v1/messages", common | {"messages": [turn], "max_tokens": 100}
        if self.dialect is openai_responses:
            return "/v1/responses", common | {"input": question}
        counted = {"stream_options": {"include_usage": True}} if stream else {}
        return "/v1/chat/completions", common | {"messages": [turn]} | counted

    def hear(self, response: httpx2.Response) -> chat.Answer:
        """The answer, whole or streamed; fails when it is none."""
        assert response.status_code == 200, response.text
        if response.headers["content-type"].startswith("text/event-stream"):
            return collect(self.events(response.content))
        answer: chat.Answer = self.dialect.read_answer(response.content)
        return answer

    def events(self, stream: bytes) -> list[chat.Event]:
        """What a stream tells."""
        reader, frames = self.dialect.Reader(), sse.Reader()
        found = [*frames.feed(stream), sse.END]
        return [event for frame in found for event in reader.read(frame)]

    def failed(self, response: httpx2.Response) -> chat.Failed:
        """The error that an answer is, or that a stream ends with."""
        if response.status_code != 200:
            failed: chat.Failed = self.dialect.read_error(response.status_code, response.content)
            return failed
        # OpenAI's Responses say it twice: for those who know events of errors, and for those who know failed responses.
        return next(event for event in self.events(response.content) if isinstance(event, chat.Failed))


def text_of(answer: chat.Answer) -> str:
    """The words of the first choice."""
    return "".join([part.text for part in answer.choices[0].message.parts if isinstance(part, chat.TextPart)])


def body_of(gateway: Gateway) -> dict[str, Any]:
    """What the provider was asked last."""
    body: dict[str, Any] = json.loads(gateway.provider.requests[-1].body)
    return body
