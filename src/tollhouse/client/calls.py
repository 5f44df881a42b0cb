"""What a Tollhouse can be asked, as values: each writes its request and reads its answer. Pure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar
from urllib.parse import quote

import msgspec

from tollhouse.client.answers import Accepted, Answer, Conversation, Run, Turn, Vectors
from tollhouse.client.errors import Unreadable

T = TypeVar("T")
Headers = Mapping[str, str]


class Call(ABC, Generic[T]):
    """A call that is answered with a `T`."""

    method: ClassVar[str] = "POST"
    is_done_once: ClassVar[bool] = True
    """It has an idempotency key also when none is told, so that Tollhouse keeps its answer for a day."""

    @abstractmethod
    def path(self) -> str:
        """Where it goes, with its query."""

    def body(self) -> dict[str, Any] | None:
        """What it says; None for nothing."""
        return None

    @abstractmethod
    def read(self, headers: Headers, body: bytes) -> T:
        """The answer. Raises Unreadable."""


@dataclass(frozen=True)
class Generate(Call[Answer]):
    """Ask a model.

    Attributes:
        prompt: the user's words.
        system: what stands before them.
        schema: a JSON schema that the answer's text must follow, as far as the model can be held to it.
        options: more fields of a chat completion, such as `temperature`.
    """

    prompt: str
    model: str
    system: str | None = None
    max_tokens: int | None = None
    schema: Mapping[str, Any] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def path(self) -> str:
        return "/v1/chat/completions"

    def body(self) -> dict[str, Any]:
        messages = [{"role": "user", "content": self.prompt}]
        if self.system is not None:
            messages.insert(0, {"role": "system", "content": self.system})
        said: dict[str, Any] = {**self.options, "model": self.model, "messages": messages}
        if self.max_tokens is not None:
            said["max_completion_tokens"] = self.max_tokens
        if self.schema is not None:
            named = {"name": "answer", "schema": dict(self.schema), "strict": False}
            said["response_format"] = {"type": "json_schema", "json_schema": named}
        return said

    def read(self, headers: Headers, body: bytes) -> Answer:
        said = decoded(body, _Completion)
        if not said.choices:
            raise Unreadable("A completion came without a choice.")
        first = said.choices[0]
        return Answer(
            text=first.message.content or "",
            model=served_by(headers, said.model),
            finish_reason=first.finish_reason,
            input_tokens=said.usage.prompt_tokens,
            output_tokens=said.usage.completion_tokens,
            cost_usd=headers.get("x-tollhouse-cost-usd"),
            request_id=headers.get("x-request-id"),
        )


@dataclass(frozen=True)
class Embed(Call[Vectors]):
    """Make a vector of each text."""

    texts: Sequence[str]
    model: str
    dimensions: int | None = None

    # To have vectors again costs less than to keep them.
    is_done_once = False

    def path(self) -> str:
        return "/v1/embeddings"

    def body(self) -> dict[str, Any]:
        said: dict[str, Any] = {"model": self.model, "input": list(self.texts), "encoding_format": "float"}
        if self.dimensions is not None:
            said["dimensions"] = self.dimensions
        return said

    def read(self, headers: Headers, body: bytes) -> Vectors:
        said = decoded(body, _Embeddings)
        by_index = {one.index: one.embedding for one in said.data}
        if sorted(by_index) != list(range(len(self.texts))):
            raise Unreadable(f"{len(self.texts)} texts were to be embedded, and {len(by_index)} vectors came.")
        return Vectors(
            vectors=tuple(by_index[index] for index in range(len(self.texts))),
            model=served_by(headers, said.model),
            input_tokens=said.usage.prompt_tokens,
            cost_usd=headers.get("x-tollhouse-cost-usd"),
            request_id=headers.get("x-request-id"),
        )


@dataclass(frozen=True)
class StartConversation(Call[Conversation]):
    """Make a conversation."""

    model: str | None = None
    title: str | None = None
    system: str | None = None

    def path(self) -> str:
        return "/api/conversations"

    def body(self) -> dict[str, Any]:
        said = {"model": self.model, "title": self.title, "system": self.system}
        return {name: value for name, value in said.items() if value is not None}

    def read(self, headers: Headers, body: bytes) -> Conversation:
        return decoded(body, Conversation)


@dataclass(frozen=True)
class Say(Call[Turn]):
    """Say something in a conversation, and hear the answer."""

    conversation: str
    message: str
    model: str | None = None
    settings: Mapping[str, Any] | None = None

    def path(self) -> str:
        return f"/api/conversations/{quote(self.conversation, safe='')}/messages"

    def body(self) -> dict[str, Any]:
        said = {"message": self.message, "model": self.model, "settings": self.settings}
        return {name: value for name, value in said.items() if value is not None}

    def read(self, headers: Headers, body: bytes) -> Turn:
        return decoded(body, Turn)


@dataclass(frozen=True)
class SayLater(Call[Accepted]):
    """Say something in a conversation, to be answered in the background; 9 is the most urgent priority."""

    conversation: str
    message: str
    model: str | None = None
    priority: int = 5

    def path(self) -> str:
        return f"/api/conversations/{quote(self.conversation, safe='')}/messages"

    def body(self) -> dict[str, Any]:
        said: dict[str, Any] = {"message": self.message, "background": True, "priority": self.priority}
        return said if self.model is None else {**said, "model": self.model}

    def read(self, headers: Headers, body: bytes) -> Accepted:
        return decoded(body, Accepted)


@dataclass(frozen=True)
class GetRun(Call[Run]):
    """Look at a run, `wait_s` seconds from now at the latest, and at its end if that is sooner."""

    run: str
    wait_s: int = 0

    method = "GET"
    is_done_once = False

    def path(self) -> str:
        return f"/api/runs/{quote(self.run, safe='')}" + (f"?wait={self.wait_s}" if self.wait_s else "")

    def read(self, headers: Headers, body: bytes) -> Run:
        return decoded(body, Run)


@dataclass(frozen=True)
class CancelRun(Call[Run]):
    """Stop a run; one that has ended stays as it is."""

    run: str

    def path(self) -> str:
        return f"/api/runs/{quote(self.run, safe='')}/cancel"

    def read(self, headers: Headers, body: bytes) -> Run:
        return decoded(body, Run)


def served_by(headers: Headers, model: str) -> str:
    """Who answered, as `provider/model`; only the model's name of itself when an earlier answer is given again."""
    provider, served = headers.get("x-tollhouse-provider"), headers.get("x-tollhouse-model")
    return model if provider is None or served is None else f"{provider}/{served}"


def decoded(body: bytes, kind: type[T]) -> T:
    """A body as a value. Raises Unreadable."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise Unreadable(f"What was answered is not what Tollhouse answers: {error}.") from None


class _Said(msgspec.Struct, frozen=True):
    content: str | None = None


class _Choice(msgspec.Struct, frozen=True):
    message: _Said
    finish_reason: str | None = None


class _Usage(msgspec.Struct, frozen=True):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Completion(msgspec.Struct, frozen=True):
    choices: tuple[_Choice, ...]
    model: str = ""
    usage: _Usage = _Usage()


class _Embedding(msgspec.Struct, frozen=True):
    index: int
    embedding: tuple[float, ...]


class _Embeddings(msgspec.Struct, frozen=True):
    data: tuple[_Embedding, ...]
    model: str = ""
    usage: _Usage = _Usage()
