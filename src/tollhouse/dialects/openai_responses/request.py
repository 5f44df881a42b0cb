"""A request for a response, in both directions.

Canonical forms: null and defaults (`stream`, `store` and `background` false) are said by absence, except that a
provider is always told `store`; an input that is one string is one user message; `instructions` are a first system
message of words. Of `text` and `reasoning`, what is not modelled is kept under names with a dot, `reasoning.summary`.
"""

from __future__ import annotations

from typing import Annotated, Any, cast, get_args

import msgspec
from msgspec import Meta, Raw

from tollhouse.dialects import chat, json_body
from tollhouse.dialects.json_body import NULL, is_null
from tollhouse.dialects.modelled import FIELDS, Fields, Modelled
from tollhouse.dialects.openai_responses.carries import NAME
from tollhouse.dialects.openai_responses.content import telling, without_nones
from tollhouse.dialects.openai_responses.foreign import adapted
from tollhouse.dialects.openai_responses.items import read_items, write_items
from tollhouse.dialects.openai_responses.places import placed
from tollhouse.dialects.openai_responses.settings import MAX_ITEMS, Settings, Text, ToolChoice, check
from tollhouse.dialects.openai_responses.tools import read_tool_choice, read_tools, write_tool_choice, write_tools

_SEALED_THINKING = "reasoning.encrypted_content"
_LOGPROBS = "message.output_text.logprobs"


class _Format(msgspec.Struct):
    type: str
    name: str | None = None
    description: str | None = None
    schema: Raw = NULL
    strict: bool | None = None


class _Request(Settings, kw_only=True):
    input: str | Annotated[list[Raw], Meta(max_length=MAX_ITEMS)] | None = None
    tools: list[Raw] | None = None

    @property
    def wants_logprobs(self) -> bool:
        """They are to be told; `top_logprobs` by itself shows nothing."""
        return _LOGPROBS in (self.include or ())


_REQUEST = Modelled(_Request)
_FORMAT = msgspec.json.Decoder(_Format)
_NAMES = msgspec.json.Decoder(list[str])
_FORMATS = get_args(chat.FormatType)
_KEPT = ("service_tier", "max_tool_calls", "previous_response_id", "conversation", "prompt")
"""Checked, and said again as they came."""


def read_request(body: bytes) -> chat.ChatRequest:
    """What a client asks.

    Raises:
        InvalidRequest: malformed, of the wrong type or out of range; `param` names the field.
    """
    wire, extra = json_body.checked(_REQUEST.read, body)
    check(wire, has_input=wire.input is not None)
    return chat.ChatRequest(
        model=wire.model,
        messages=_read_messages(wire),
        tools=read_tools(wire.tools) if wire.tools else (),
        tool_choice=read_tool_choice(wire.tool_choice),
        parallel_tool_calls=wire.parallel_tool_calls,
        response_format=_read_format(wire.text),
        max_output_tokens=wire.max_output_tokens,
        temperature=wire.temperature,
        top_p=wire.top_p,
        logprobs=wire.wants_logprobs or None,
        top_logprobs=wire.top_logprobs if wire.wants_logprobs else None,
        reasoning_effort=wire.reasoning.effort if wire.reasoning else None,
        verbosity=wire.text.verbosity if wire.text else None,
        user=wire.user,
        stream=wire.stream is True,
        include_usage=wire.stream is True,
        dialect=NAME,
        extra=telling(extra) | _beyond(wire, body),
    )


def write_request(request: chat.ChatRequest) -> bytes:
    """The request as a body, for a provider that is to keep nothing of it."""
    is_own = request.dialect == NAME
    if not is_own:
        request = adapted(request)
    instructions, messages = _split_instructions(request.messages)
    wire = without_nones(
        model=request.model,
        instructions=instructions,
        input=[item for message in messages for item in write_items(message, is_own=is_own)],
        tools=write_tools(request.tools) or None,
        tool_choice=write_tool_choice(request.tool_choice),
        parallel_tool_calls=request.parallel_tool_calls,
        text=_write_text(request) | _dotted(request.extra, "text.") or None,
        max_output_tokens=request.max_output_tokens,
        temperature=request.temperature,
        top_p=request.top_p,
        top_logprobs=request.top_logprobs,
        reasoning=without_nones(effort=request.reasoning_effort) | _dotted(request.extra, "reasoning.") or None,
        user=request.user,
        stream=request.stream or None,
        store=False,
    )
    extra = {name: raw for name, raw in request.extra.items() if not name.startswith(("text.", "reasoning."))}
    included = _write_include(request, is_own=is_own)
    return msgspec.json.encode(wire | extra | without_nones(include=included or None))


def _read_messages(wire: _Request) -> tuple[chat.Message, ...]:
    first = [chat.Message(role="system", parts=(chat.TextPart(wire.instructions),))] if wire.instructions else []
    if isinstance(wire.input, str):
        return (*first, chat.Message(role="user", parts=(chat.TextPart(wire.input),)))
    return (*first, *map(placed, read_items(wire.input or (), "input")))


def _split_instructions(messages: tuple[chat.Message, ...]) -> tuple[str | None, tuple[chat.Message, ...]]:
    """A first system message of words, unless it is all there is: something must be left as input."""
    match messages:
        case (chat.Message(role="system", parts=(chat.TextPart(text, extra),)) as first, _, *_) if text:
            return (None, messages) if extra or first.extra else (text, messages[1:])
        case _:
            return None, messages


def _beyond(wire: _Request, body: bytes) -> Fields:
    """The modelled fields that say more than is modelled of them."""
    choice = wire.tool_choice
    is_simple = not (wire.include or wire.text or wire.reasoning or isinstance(choice, ToolChoice))
    has_kept = any(each is not None for each in (wire.service_tier, wire.max_tool_calls, wire.top_logprobs))
    if is_simple and not (has_kept or wire.store or wire.background or wire.has_more_elsewhere):
        return {}
    fields = FIELDS.decode(body)
    kept = _KEPT if wire.wants_logprobs else (*_KEPT, "top_logprobs")
    extra = telling({name: fields[name] for name in kept if name in fields})
    extra |= {name: fields[name] for name in ("store", "background") if getattr(wire, name)}
    if included := [each for each in wire.include or () if each != _LOGPROBS]:
        extra["include"] = Raw(msgspec.json.encode(included))
    if isinstance(choice, ToolChoice) and (
        choice.type != "function" or FIELDS.decode(fields["tool_choice"]).keys() != {"type", "name"}
    ):
        extra["tool_choice"] = fields["tool_choice"]
    for name, modelled in (("text", ("format", "verbosity")), ("reasoning", ("effort",))):
        if getattr(wire, name) is not None:
            inner = telling(FIELDS.decode(fields[name]))
            extra |= {f"{name}.{field}": raw for field, raw in inner.items() if field not in modelled}
    if wire.text is not None and _is_beyond(wire.text.format):
        extra["text.format"] = wire.text.format
    return extra


def _dotted(extra: Fields, prefix: str) -> Fields:
    return {name.removeprefix(prefix): raw for name, raw in extra.items() if name.startswith(prefix)}


def _write_include(request: chat.ChatRequest, *, is_own: bool) -> list[str]:
    included = [_LOGPROBS] if request.logprobs else []
    if "include" in request.extra:
        included += _NAMES.decode(request.extra["include"])
    elif not is_own and _is_thinking(request):
        included.append(_SEALED_THINKING)
    return included


def _is_thinking(request: chat.ChatRequest) -> bool:
    """It shows that the model thinks; others answer 400 when they are asked for sealed thinking (gpt-4o, 2026-05)."""
    return request.reasoning_effort not in (None, "none") or any(
        isinstance(part, chat.ReasoningPart) and part.made_by == NAME
        for message in request.messages
        for part in message.parts
    )


def _is_beyond(form: Raw) -> bool:
    """The format cannot be said again from what is modelled of it."""
    if is_null(form):
        return False
    return _read_form(form).type not in _FORMATS or not FIELDS.decode(form).keys() <= set(_Format.__struct_fields__)


def _read_form(form: Raw) -> _Format:
    try:
        return _FORMAT.decode(form)
    except msgspec.DecodeError as error:
        raise json_body.explain(error, inside="text.format") from None


def _read_format(text: Text | None) -> chat.ResponseFormat | None:
    if text is None or is_null(text.format) or (wire := _read_form(text.format)).type not in _FORMATS:
        return None
    return chat.ResponseFormat(
        type=cast("chat.FormatType", wire.type),
        name=wire.name,
        description=wire.description,
        schema=None if is_null(wire.schema) else wire.schema,
        strict=wire.strict,
    )


def _write_text(request: chat.ChatRequest) -> dict[str, Any]:
    form = request.response_format
    wire = without_nones(verbosity=request.verbosity)
    if form is not None:
        wire["format"] = without_nones(
            type=form.type, name=form.name, description=form.description, schema=form.schema, strict=form.strict
        )
    return wire
