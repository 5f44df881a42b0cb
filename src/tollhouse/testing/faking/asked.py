"""What was asked of the fake, in no dialect: so that one rule answers whoever asks."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Final, Literal, TypeAlias

import msgspec

from tollhouse.dialects import (
    anthropic_messages,
    chat,
    gemini,
    openai_chat,
    openai_embeddings,
    openai_moderations,
    openai_responses,
)
from tollhouse.dialects.texts import Texts
from tollhouse.testing import gemini_texts
from tollhouse.testing.request import Request
from tollhouse.testing.speaker import model_in

Operation: TypeAlias = Literal["chat", "embed", "moderate"]

_CHATS: Final = {
    "/chat/completions": openai_chat,
    "/responses": openai_responses,
    "/messages": anthropic_messages,
    ":generateContent": gemini,
    ":streamGenerateContent": gemini,
}
_SHOWN_CHARS: Final = 200


class Said(msgspec.Struct, frozen=True):
    """One message: who says what. Pictures and other parts are left out."""

    role: str
    text: str


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One request for an answer.

    Attributes:
        dialect: `openai_chat`, `openai_responses`, `anthropic_messages`, `gemini` …
        messages: of a chat, what the system is told among them.
        texts: that are to be embedded or judged.
        tools: names of the functions that the model may call.
        schema: the JSON schema that the answer must follow.
        dimensions: how long each vector is to be; None leaves that to the model.
        question: all of it, as the gateway reads it.
        request: as it came over the wire.
    """

    operation: Operation
    dialect: str
    model: str
    messages: tuple[Said, ...] = ()
    texts: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    schema: Any = None  # a JSON schema is any JSON value
    dimensions: int | None = None
    stream: bool = False
    question: chat.ChatRequest | Texts
    request: Request

    @property
    def text(self) -> str:
        """What the user said last; of texts, all of them."""
        if self.operation != "chat":
            return "\n".join(self.texts)
        return next((message.text for message in reversed(self.messages) if message.role == "user"), "")

    @property
    def system(self) -> str:
        """What the system is told, whatever the dialect calls that."""
        return "\n".join(message.text for message in self.messages if message.role in ("system", "developer"))

    @property
    def guessed_tokens(self) -> int:
        """What it is counted as unless a rule says otherwise: a token for every four characters."""
        return sum(guess_tokens(message.text) for message in self.messages) + sum(map(guess_tokens, self.texts))

    def shown(self) -> str:
        """For people: one line, and one for each message."""
        how = "streamed, " if self.stream else ""
        lines = [f"{self.operation}, model {self.model!r} ({how}{self.dialect})"]
        lines += [f"  {message.role}: {shortened(message.text)!r}" for message in self.messages]
        lines += [f"  {shortened(text)!r}" for text in self.texts]
        if self.tools:
            lines.append(f"  tools: {', '.join(self.tools)}")
        return "\n".join(lines)


def read(request: Request) -> Asked | None:
    """What is asked; None when it is no request for an answer.

    Raises:
        InvalidRequest: a real provider would refuse it, or its dialect is not understood.
    """
    if request.method != "POST":
        return None
    path = request.path
    for end, dialect in _CHATS.items():
        if path.endswith(end):
            return _read_chat(request, dialect)
    if path.endswith("/embeddings"):
        return _of_texts(request, "embed", openai_embeddings.read_request(request.body), openai_embeddings.NAME)
    if path.endswith("/moderations"):
        return _of_texts(request, "moderate", openai_moderations.read_request(request.body), openai_moderations.NAME)
    if gemini_texts.speaks(path):
        each = gemini_texts.asked_in(request)
        sizes = [size for one in each if isinstance(size := one.get("outputDimensionality"), int)]
        asked = Texts(
            model=model_in(path),
            texts=tuple(map(gemini_texts.text_in, each)),
            dimensions=sizes[0] if sizes else None,
        )
        return _of_texts(request, "embed", asked, "gemini_embeddings")
    return None


def guess_tokens(text: str) -> int:
    """A token for every four characters, and one at least."""
    return max(1, -(-len(text) // 4))


def shortened(text: str) -> str:
    """No more of a text than is read."""
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"


def _read_chat(request: Request, dialect: ModuleType) -> Asked:
    body = request.body
    if dialect is gemini and isinstance(request.json, dict):
        # What is to be done, and with which model, stands in the address.
        streams = request.path.endswith(":streamGenerateContent")
        body = msgspec.json.encode({**request.json, "model": model_in(request.path), "stream": streams})
    asked: chat.ChatRequest = dialect.read_request(body)
    form = asked.response_format
    return Asked(
        operation="chat",
        dialect=dialect.NAME,
        model=asked.model,
        messages=tuple([Said(message.role, _words(message)) for message in asked.messages]),
        tools=tuple([tool.name for tool in asked.tools if tool.name]),
        schema=None if form is None or form.schema is None else msgspec.json.decode(form.schema),
        stream=asked.stream,
        question=asked,
        request=request,
    )


def _words(message: chat.Message) -> str:
    return "".join(part.text for part in message.parts if isinstance(part, chat.TextPart))


def _of_texts(request: Request, operation: Operation, asked: Texts, dialect: str) -> Asked:
    return Asked(
        operation=operation,
        dialect=dialect,
        model=asked.model,
        texts=tuple([text if isinstance(text, str) else " ".join(map(str, text)) for text in asked.texts]),
        dimensions=asked.dimensions,
        question=asked,
        request=request,
    )
