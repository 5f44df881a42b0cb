"""What the demo's models say: echo, lorem, tools, json, slow and flaky. A token is a word. Pure."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

import msgspec

from tollhouse.upstream.sample import SchemaError, sample

MODELS: Final = ("echo", "lorem", "tools", "json", "slow", "flaky")

_LOREM: Final = """\
Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore magna \
aliqua. Ut enim ad minim veniam, quis nostrud exercitation ullamco laboris nisi ut aliquip ex ea commodo consequat.

Duis aute irure dolor in reprehenderit in voluptate velit esse cillum dolore eu fugiat nulla pariatur. Excepteur sint \
occaecat cupidatat non proident, sunt in culpa qui officia deserunt mollit anim id est laborum.

Sed ut perspiciatis unde omnis iste natus error sit voluptatem accusantium doloremque laudantium, totam rem aperiam, \
eaque ipsa quae ab illo inventore veritatis et quasi architecto beatae vitae dicta sunt explicabo."""
_SLOW: Final = (
    "This answer takes its time: one word every 200 milliseconds, so that waiting, stopping and timeouts show."
)
_NO_TOOL: Final = "This model calls the first function that a request declares; this request declares none to call."
_WORD: Final = re.compile(r"\S+\s*|\s+")


class DemoError(Exception):
    """The demo refuses, with an HTTP status and the `error` of OpenAI's envelope."""

    def __init__(self, status: int, message: str, code: str, error_type: str = "invalid_request_error") -> None:
        super().__init__(message)
        self.status = status
        self.error = {"message": message, "type": error_type, "param": None, "code": code}


class Spoken(msgspec.Struct, frozen=True):
    """One answer: words, or a call of `function` whose arguments are the words."""

    words: list[str]
    finish_reason: str
    function: str | None = None

    @property
    def text(self) -> str:
        """All words together."""
        return "".join(self.words)


class Said(msgspec.Struct, frozen=True):
    """One message of the request."""

    role: str
    content: str | list[dict[str, Any]] | None = None

    @property
    def text(self) -> str:
        """Its words; pictures and the like say nothing to the demo."""
        if isinstance(self.content, list):
            return "\n".join(part["text"] for part in self.content if isinstance(part.get("text"), str))
        return self.content or ""


class Function(msgspec.Struct, frozen=True):
    """A function's name, and the JSON Schema of its arguments."""

    name: str
    parameters: dict[str, Any] | None = None


class Tool(msgspec.Struct, frozen=True):
    """A declared tool, or one that `tool_choice` names."""

    type: str
    function: Function | None = None


class Schema(msgspec.Struct, frozen=True):
    """The schema in a response format."""

    schema: dict[str, Any] | None = None


class Format(msgspec.Struct, frozen=True):
    """The form the answer must have."""

    type: str
    json_schema: Schema | None = None


class StreamOptions(msgspec.Struct, frozen=True):
    """`include_usage` asks for the usage at a stream's end."""

    include_usage: bool | None = None


class Asked(msgspec.Struct, frozen=True):
    """The fields of a chat completion request that the demo heeds."""

    model: str
    messages: Annotated[list[Said], msgspec.Meta(min_length=1)]
    tools: list[Tool] | None = None
    tool_choice: str | Tool | None = None
    response_format: Format | None = None
    max_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    max_completion_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    n: Annotated[int, msgspec.Meta(ge=1, le=128)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None

    @property
    def choices(self) -> int:
        """How many answers are wanted."""
        return self.n or 1

    @property
    def must_call(self) -> bool:
        """It wants a function called, and no words."""
        return bool(self.tools) and self.tool_choice not in (None, "auto", "none")

    @property
    def tokens(self) -> int:
        """How many words its messages have."""
        return sum(len(_WORD.findall(message.text)) for message in self.messages)


_REQUEST: Final = msgspec.json.Decoder(Asked)


def read(body: bytes) -> Asked:
    """The request in a body. Raises DemoError."""
    try:
        asked = _REQUEST.decode(body)
    except msgspec.DecodeError as error:
        raise DemoError(400, str(error), "invalid_request") from None
    if asked.model not in MODELS:
        raise DemoError(404, f"the demo's models are {', '.join(MODELS)}", "model_not_found")
    return asked


def speak(asked: Asked) -> Spoken:
    """The answer, cut after as many words as the request allows. Raises DemoError."""
    try:
        text, function = _answer(asked)
    except SchemaError as error:
        raise DemoError(400, f"the demo cannot follow this schema: {error}", "invalid_schema") from None
    words = _WORD.findall(text)
    cap = asked.max_completion_tokens or asked.max_tokens
    if cap is not None and len(words) > cap:
        return Spoken(words[:cap], "length", function)
    return Spoken(words, "tool_calls" if function else "stop", function)


def _answer(asked: Asked) -> tuple[str, str | None]:
    """The text of the answer, and the function it calls."""
    said = next((message.text for message in reversed(asked.messages) if message.role == "user"), "")
    match asked.model:
        case "lorem":
            return _LOREM, None
        case "slow":
            return _SLOW, None
        case "json" if asked.must_call:
            # Who knows no other way to a schema has the model call a function that takes it.
            return _call(asked)
        case "json":
            return _json(asked.response_format, said), None
        case "tools":
            return _call(asked)
        case _:
            return said, None


def _json(wanted: Format | None, said: str) -> str:
    schema = wanted.json_schema.schema if wanted and wanted.json_schema else None
    value = {"you_said": said} if schema is None else sample(schema)
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _call(asked: Asked) -> tuple[str, str | None]:
    last = asked.messages[-1]
    if last.role == "tool":
        return f"The tool answered: {last.text}", None
    functions = {tool.function.name: tool.function for tool in asked.tools or () if tool.function}
    if not functions or asked.tool_choice == "none":
        return _NO_TOOL, None
    name = next(iter(functions))
    if isinstance(asked.tool_choice, Tool) and asked.tool_choice.function:
        name = asked.tool_choice.function.name
    if name not in functions:
        raise DemoError(400, "tool_choice names a function that is not declared", "invalid_request")
    arguments = sample(functions[name].parameters or {"type": "object"})
    return msgspec.json.encode(arguments).decode(), name
