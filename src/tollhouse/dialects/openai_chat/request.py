"""A chat completion request, in both directions.

Canonical forms: null and defaults (`n` 1, `stream` false) are said by absence, one stop sequence is a list of one, and
`max_tokens` is said as whichever field the provider understands. `top_k` is not OpenAI's, but that of many who speak
its dialect; 0 and -1, which switch it off there, are said by absence. Of the choices among tools, Mistral's `any` is
said as `required`, which it knows too.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Annotated, Any, Final, TypeAlias, cast, get_args

import msgspec
from msgspec import Meta, Raw

from tollhouse import errors
from tollhouse.dialects import chat, json_body
from tollhouse.dialects.json_body import NULL, is_null
from tollhouse.dialects.modelled import FIELDS, Fields, Modelled
from tollhouse.dialects.openai_chat.fields import says_more
from tollhouse.dialects.openai_chat.foreign import adapted
from tollhouse.dialects.openai_chat.messages import ASKED, read_message, write_message

NAME = "openai_chat"

MAX_CAP = 2**31 - 1
"""The largest cap on output that makes sense to write down, in tokens."""

Cap: TypeAlias = Annotated[int, Meta(ge=1, le=MAX_CAP)] | None


class StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class ChosenFunction(msgspec.Struct):
    name: str


class ToolChoice(msgspec.Struct):
    type: str = "function"
    function: ChosenFunction | None = None


class JsonSchema(msgspec.Struct):
    name: str | None = None
    description: str | None = None
    schema: Raw = NULL
    strict: bool | None = None


class ResponseFormat(msgspec.Struct):
    type: str
    json_schema: JsonSchema | None = None


class Settings(msgspec.Struct, kw_only=True):
    """Everything modelled but messages and tools, with the ranges of OpenAI's API reference (2026-11)."""

    model: Annotated[str, Meta(min_length=1, max_length=256)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_completion_tokens: Cap = None
    max_tokens: Cap = None
    n: Annotated[int, Meta(ge=1, le=128)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    tool_choice: str | ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    stop: str | list[str] | None = None
    presence_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    seed: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    reasoning_effort: str | None = None
    verbosity: str | None = None
    user: str | None = None


class _Function(msgspec.Struct):
    name: Annotated[str, Meta(min_length=1)]
    description: str | None = None
    parameters: Raw = NULL
    strict: bool | None = None


class _UsualFunction(_Function, forbid_unknown_fields=True):
    pass


class _Tool(msgspec.Struct):
    type: str = "function"
    function: _Function | None = None


class _Request(Settings, kw_only=True):
    messages: Annotated[list[Raw], Meta(min_length=1, max_length=10_000)]
    tools: list[Raw] | None = None
    top_k: Annotated[int, Meta(ge=-1, le=2**31 - 1)] | None = None


class _UsualTool(msgspec.Struct, tag="function", forbid_unknown_fields=True):
    """Nearly every tool: a function, of which nothing is told that is not modelled."""

    function: _UsualFunction


_REQUEST = Modelled(_Request)
_TOOL = msgspec.json.Decoder(_Tool)
_USUAL_TOOL = msgspec.json.Decoder(_UsualTool)
_SAID_ALIKE: Final = (
    "parallel_tool_calls",
    "temperature",
    "top_p",
    "top_k",
    "presence_penalty",
    "frequency_penalty",
    "seed",
    "logprobs",
    "top_logprobs",
    "reasoning_effort",
    "verbosity",
    "user",
)
"""What is called here as it is in no dialect."""

_VALUES: Final = attrgetter(*_SAID_ALIKE)
_FORMATS = get_args(chat.FormatType)
_CHOICES: Final = {"auto": "auto", "none": "none", "required": "required", "any": "required"}
"""Among tools, and what they mean."""


def read_request(body: bytes) -> chat.ChatRequest:
    """What a client asks.

    Raises:
        InvalidRequest: malformed, of the wrong type or out of range; `param` names the field.
    """
    wire, extra = json_body.checked(_REQUEST.read, body)
    if not wire.model.isprintable():
        raise unprintable_model()
    return chat.ChatRequest(
        model=wire.model,
        messages=tuple([_read_message(*each) for each in enumerate(wire.messages)]),
        tools=tuple([_read_tool(*each) for each in enumerate(wire.tools)]) if wire.tools else (),
        tool_choice=_read_tool_choice(wire.tool_choice),
        parallel_tool_calls=wire.parallel_tool_calls,
        response_format=_read_response_format(wire.response_format),
        max_output_tokens=read_cap(wire),
        temperature=wire.temperature,
        top_p=wire.top_p,
        top_k=wire.top_k if wire.top_k is not None and wire.top_k > 0 else None,
        presence_penalty=wire.presence_penalty,
        frequency_penalty=wire.frequency_penalty,
        stop=(wire.stop,) if isinstance(wire.stop, str) else tuple(wire.stop or ()),
        n=wire.n or 1,
        seed=wire.seed,
        logprobs=wire.logprobs,
        top_logprobs=wire.top_logprobs if wire.logprobs else None,
        reasoning_effort=wire.reasoning_effort,
        verbosity=wire.verbosity,
        user=wire.user,
        stream=wire.stream is True,
        include_usage=wants_usage(wire),
        dialect=NAME,
        extra=extra | _beyond(wire, body),
    )


def write_request(request: chat.ChatRequest, *, cap_field: str = "max_completion_tokens") -> bytes:
    """The request as a body; `cap_field` is where the provider wants the cap on output."""
    if request.dialect != NAME:
        request = adapted(request)
    wire: dict[str, Any] = {
        "model": request.model,
        "messages": [write_message(message, is_answer=False) for message in request.messages],
    }
    if request.tools:
        wire["tools"] = [_write_tool(tool) for tool in request.tools]
    if request.tool_choice is not None:
        wire["tool_choice"] = _write_tool_choice(request.tool_choice)
    if request.response_format is not None:
        wire["response_format"] = _write_response_format(request.response_format)
    if request.max_output_tokens is not None:
        wire[cap_field] = request.max_output_tokens
    wire |= {name: value for name, value in zip(_SAID_ALIKE, _VALUES(request), strict=True) if value is not None}
    if request.stop:
        wire["stop"] = request.stop
    if request.n != 1:
        wire["n"] = request.n
    if request.stream:
        wire["stream"] = True
    wire |= request.extra
    if request.include_usage:
        wire["stream_options"] = Raw(with_usage(request.extra.get("stream_options", NULL)))
    return msgspec.json.encode(wire)


def read_cap(wire: Settings) -> int | None:
    """The client's cap on output. It has two names, and vendors heed either: only the larger bounds anything."""
    older, newer = wire.max_tokens, wire.max_completion_tokens
    return older if newer is None else newer if older is None else max(older, newer)


def wants_usage(wire: Settings) -> bool:
    """The client asked for the usage chunk."""
    return wire.stream_options is not None and wire.stream_options.include_usage is True


def with_usage(stream_options: Raw) -> bytes:
    """The stream options, asking for the usage chunk; the same bytes when they do already."""
    options = {} if is_null(stream_options) else FIELDS.decode(stream_options)
    if bytes(options.get("include_usage", b"")) == b"true":
        return bytes(stream_options)
    return msgspec.json.encode(options | {"include_usage": True})


def unprintable_model() -> errors.InvalidRequest:
    """The model's name would not survive a header or a log line."""
    return errors.InvalidRequest("`model`: control characters are not allowed.", param="model")


def _beyond(wire: _Request, body: bytes) -> Fields:
    """The modelled fields that say more than is modelled of them."""
    choice, form, options = wire.tool_choice, wire.response_format, wire.stream_options
    has_lone_top = wire.top_logprobs is not None and not wire.logprobs
    has_usual_choice = choice is None or (isinstance(choice, str) and choice in _CHOICES)
    if has_usual_choice and not (has_lone_top or options or form):
        return {}
    fields = FIELDS.decode(body)
    extra: Fields = {}
    if has_lone_top:
        extra["top_logprobs"] = fields["top_logprobs"]
    if options is not None:
        more = FIELDS.decode(fields["stream_options"])
        more.pop("include_usage", None)
        extra |= {"stream_options": Raw(msgspec.json.encode(more))} if more else {}
    if choice is not None and _is_beyond(choice, fields["tool_choice"]):
        extra["tool_choice"] = fields["tool_choice"]
    if form is not None and _is_beyond(form, fields["response_format"]):
        extra["response_format"] = fields["response_format"]
    return extra


def _is_beyond(wire: str | ToolChoice | ResponseFormat, raw: Raw) -> bool:
    """It cannot be said again from what is modelled of it."""
    if isinstance(wire, str):
        return wire not in _CHOICES
    if says_more(raw, type(wire)):
        return True
    if isinstance(wire, ToolChoice):
        return wire.type != "function" or wire.function is None
    return wire.type not in _FORMATS or (
        wire.json_schema is not None and says_more(FIELDS.decode(raw)["json_schema"], JsonSchema)
    )


def _read_message(position: int, raw: Raw) -> chat.Message:
    try:
        return read_message(raw, ASKED)
    except msgspec.DecodeError as error:
        raise json_body.explain(error, inside=f"messages[{position}]") from None


def _read_tool(position: int, raw: Raw) -> chat.Tool:
    try:
        return _function(_USUAL_TOOL.decode(raw).function, {})
    except msgspec.ValidationError:
        pass
    try:
        wire = _TOOL.decode(raw)
    except msgspec.DecodeError as error:
        raise json_body.explain(error, inside=f"tools[{position}]") from None
    if wire.type != "function" or wire.function is None:
        return chat.Tool(type=wire.type, raw=raw)
    fields = FIELDS.decode(raw)
    extra = {name: value for name, value in fields.items() if name not in _Tool.__struct_fields__}
    if says_more(fields["function"], _Function):
        extra["function"] = fields["function"]
    return _function(wire.function, extra)


def _function(function: _Function, extra: Fields) -> chat.Tool:
    return chat.Tool(
        name=function.name,
        description=function.description,
        parameters=None if is_null(function.parameters) else function.parameters,
        strict=function.strict,
        extra=extra,
    )


def _write_tool(tool: chat.Tool) -> Raw | dict[str, Any]:
    if tool.raw is not None:
        return tool.raw
    function: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    if tool.parameters is not None:
        function["parameters"] = tool.parameters
    if tool.strict is not None:
        function["strict"] = tool.strict
    wire = {"type": tool.type, "function": function}
    return wire | tool.extra if tool.extra else wire


def _read_tool_choice(wire: str | ToolChoice | None) -> str | tuple[str, str] | None:
    if isinstance(wire, ToolChoice):
        return ("function", wire.function.name) if wire.type == "function" and wire.function else None
    return None if wire is None else _CHOICES.get(wire)


def _write_tool_choice(choice: str | tuple[str, str]) -> str | dict[str, Any]:
    if isinstance(choice, tuple):
        return {"type": choice[0], choice[0]: {"name": choice[1]}}
    return choice


def _read_response_format(wire: ResponseFormat | None) -> chat.ResponseFormat | None:
    if wire is None or wire.type not in _FORMATS:
        return None
    schema = wire.json_schema or JsonSchema()
    return chat.ResponseFormat(
        type=cast("chat.FormatType", wire.type),
        name=schema.name,
        description=schema.description,
        schema=None if is_null(schema.schema) else schema.schema,
        strict=schema.strict,
    )


def _write_response_format(form: chat.ResponseFormat) -> dict[str, Any]:
    if form.type != "json_schema":
        return {"type": form.type}
    schema = {"name": form.name, "description": form.description, "schema": form.schema, "strict": form.strict}
    return {"type": form.type, "json_schema": _without_nones(schema)}


def _without_nones(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
