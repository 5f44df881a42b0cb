"""What is lost between two dialects: nothing in silence.

Every *feature* that a request uses is, in another dialect, said without loss, said with a loss that the answer's header
names, or refused with the field's name. Each dialect has the table of what it carries (`CARRIES`, by feature; what is
absent is refused), and names those of its own unmodelled fields that are no more than hints (`HINTS`): they may be lost
with notice, all others are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import islice
from operator import attrgetter
from typing import Any, Final, Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from tollhouse.dialects import chat, end_user
from tollhouse.dialects.json_body import is_null
from tollhouse.dialects.schemas import has_bounds
from tollhouse.errors import InvalidRequest

Carry: TypeAlias = Literal["lossless", "lossy", "refused"]

FEATURES: Final[Mapping[str, str]] = {
    "system": "system messages before the conversation",
    "late_system": "system messages within it",
    "name": "the name of a speaker",
    "image_url": "a picture by its address",
    "image_data": "a picture sent along",
    "image_detail": "how closely to look at a picture",
    "audio": "sound",
    "file_id": "a document that the provider keeps",
    "file_data": "a document sent along",
    "file_url": "a document by its address",
    "spoken": "earlier sound of the model",
    "refusal": "an earlier refusal",
    "reasoning": "earlier thinking",
    "signed_reasoning": "earlier thinking that its provider has signed",
    "citations": "what earlier words rest on",
    "prefill": "a last message of the model, which some go on from and others do not",
    "tools": "functions to call",
    "strict_tools": "calls that keep to a function's schema",
    "other_tools": "tools that are not functions",
    "tool_error": "a tool that failed",
    "tool_media": "a tool's answer that is more than words",
    "tool_choice": "a choice among the tools",
    "parallel_tool_calls": "whether tools may be called side by side",
    "json_object": "an answer in JSON",
    "json_schema": "an answer that keeps to a schema",
    "schema_bounds": "lengths, ranges and other bounds in a schema that is kept to",
    "max_output_tokens": "a cap on the output",
    "temperature": "temperature",
    "high_temperature": "a temperature above 1",
    "top_p": "nucleus sampling",
    "top_k": "sampling among the k likeliest",
    "presence_penalty": "a penalty on what was said",
    "frequency_penalty": "a penalty on what was said often",
    "stop": "stop sequences",
    "blank_stop": "a stop sequence of nothing but white space",
    "n": "several choices",
    "seed": "a seed",
    "logprobs": "log probabilities",
    "reasoning_effort": "how hard to think",
    "reasoning_budget_tokens": "how much to think",
    "verbosity": "how much to say",
    "user": "who the end user is",
    "long_user": "who the end user is, in more than 64 characters",
}
"""Whatever a request may use, and what it is."""

SHOWN: Final[Mapping[str, str]] = {
    "image": "a picture that comes along",
    "image_url": "a picture by its address",
    "file": "a document",
    "citation.place": "which words of a stream rest on a source, told behind them",
    "citation.quote": "the words of a source",
    "citation.document": "a source without an address",
    "citation.detail": "what else its provider tells of a source",
}
"""What an answer may show besides words and calls. What else its provider does by itself, no other dialect can say."""

NOTHING_LACKS: Final[Mapping[str, Carry]] = {}
"""Of a vendor who takes all that its dialect says."""

_TOOL: Final = re.compile(r"tools\[(\d+)\]")
_PLACE: Final = re.compile(r"\[\d+\]")
_UNFIT: Final = re.compile(r"[^A-Za-z0-9_.\-\[\]]")
_NAME_CHARS_MOST: Final = 80
_NAMES_MOST: Final = 40


Use: TypeAlias = tuple[str, str]
"""A feature that a request uses, and where."""

Strange: TypeAlias = list[tuple[int, chat.Message]]
"""Messages that need a second look, and where they stand."""


def losses(
    request: chat.ChatRequest,
    carries: Mapping[str, Carry],
    hints: frozenset[str],
    lacks: Mapping[str, Carry] = NOTHING_LACKS,
    told_as: Callable[[str], str] = str,
) -> tuple[str, ...]:
    """The fields that another dialect cannot say, and that the caller can do without: in order, and each once.

    The places of a list are one field (`messages[].name`): in a long conversation they would be hundreds.

    Args:
        carries: of the dialect that it is to be said in.
        hints: of the dialect that read it.
        lacks: what the vendor carries otherwise than its dialect.
        told_as: what the client calls a field, of which this is told the path in no dialect.

    Raises:
        InvalidRequest: a field that matters cannot be said; `param` names it.
    """
    lost: dict[str, None] = {}
    strange = _strange(request)
    for feature, param in uses(request, strange):
        carry = lacks.get(feature) or carries.get(feature, "refused")
        if carry == "refused":
            raise _refused(told_as(param), FEATURES[feature] + _such_as(request, param))
        if carry == "lossy":
            lost[_PLACE.sub("[]", told_as(param))] = None
    for name, param in unmodelled(request, strange):
        if name not in hints:
            raise _refused(told_as(param), "a field of the dialect you speak")
        lost[_PLACE.sub("[]", told_as(param))] = None
    return tuple(lost)


def uses(request: chat.ChatRequest, strange: Strange | None = None) -> Iterator[Use]:
    """The features that a request uses; `strange` are its messages that are not plain, for who knows them already."""
    is_begun = False
    for position, message in enumerate(request.messages):
        if message.role in _SYSTEM:
            yield ("late_system" if is_begun else "system", f"messages[{position}]")
        else:
            is_begun = True
    for position, message in _strange(request) if strange is None else strange:
        yield from _message_uses(message, f"messages[{position}]")
    if request.messages and request.messages[-1].role == "assistant":
        yield ("prefill", f"messages[{len(request.messages) - 1}]")
    for position, tool in enumerate(request.tools):
        yield ("tools" if tool.raw is None and tool.type == "function" else "other_tools", f"tools[{position}]")
        if tool.strict:
            yield ("strict_tools", f"tools[{position}].strict")
            if has_bounds(tool.parameters):
                yield ("schema_bounds", f"tools[{position}].parameters")
    if request.tool_choice is not None:
        yield ("tool_choice", "tool_choice")
    if request.response_format is not None and request.response_format.type != "text":
        yield (request.response_format.type, "response_format")
        if has_bounds(request.response_format.schema):
            yield ("schema_bounds", "response_format")
    if request.max_output_tokens is not None:
        # Nearly every request has this, and many nothing else.
        yield ("max_output_tokens", "max_output_tokens")
    if (settings := _WANTED(request)) != _NO_SETTINGS:
        for name, wanted in zip(_SETTINGS, settings, strict=True):
            if wanted is not None and wanted != _UNSAID[name]:
                yield (name, name)
    if request.temperature is not None and request.temperature > 1:
        yield ("high_temperature", "temperature")
    if not all(map(str.strip, request.stop)):
        yield ("blank_stop", "stop")
    if request.n != 1:
        yield ("n", "n")
    if request.user is not None and len(request.user) > end_user.CHARS_MOST:
        yield ("long_user", "user")


def unmodelled(request: chat.ChatRequest, strange: Strange | None = None) -> Iterator[tuple[str, str]]:
    """The fields that only the dialect that read them knows, and that say something: names, and where they stand."""
    yield from _told(request.extra, "")
    for position, message in _strange(request) if strange is None else strange:
        yield from _told(message.extra, f"messages[{position}].")
        for number, part in enumerate(message.parts):
            if isinstance(part, chat.OtherPart):
                yield part.type, f"messages[{position}].content[{number}]"
            elif extra := getattr(part, "extra", None):
                yield from _told(extra, f"messages[{position}].content[{number}].")
        for number, call in enumerate(message.tool_calls):
            yield from _told(call.extra, f"messages[{position}].tool_calls[{number}].")
    for position, tool in enumerate(request.tools):
        if tool.extra:
            yield from _told(tool.extra, f"tools[{position}].")


def is_plain(message: chat.Message) -> bool:
    """Words, calls of functions and answers to them, and nothing that needs a second look.

    Nearly every message of a conversation is, and what looks for the others need not look closer.
    """
    for part in message.parts:
        if type(part) is not chat.TextPart or part.extra or part.citations:
            return False
    for call in message.tool_calls:
        if call.extra or call.signature is not None or call.type != "function":
            return False
    return not (message.extra or message.is_error) and (message.name is None or message.role == "tool")


def _strange(request: chat.ChatRequest) -> Strange:
    return [each for each in enumerate(request.messages) if not is_plain(each[1])]


def without(request: chat.ChatRequest, features: Collection[str]) -> chat.ChatRequest:
    """The request without these: settings, names of speakers, and earlier thinking, signed or not."""
    changes: dict[str, Any] = {}
    for name in features:
        if name in _UNSAID and getattr(request, name) is not None:
            changes[name] = _UNSAID[name]
    if not all(map(is_plain, request.messages)):
        changes["messages"] = tuple([_message_without(message, features) for message in request.messages])
    return replace(request, **changes) if changes else request


def bare(request: chat.ChatRequest) -> chat.ChatRequest:
    """The request without what only the dialect that read it knows; `losses` has told of it."""
    messages = request.messages
    if not all(map(is_plain, messages)):
        messages = tuple([_bare_message(message) for message in messages])
    tools = [replace(tool, extra={}) if tool.extra else tool for tool in request.tools if tool.raw is None]
    return replace(request, messages=messages, tools=tuple(tools), extra={})


def unsaid(parts: Iterable[chat.Part], shows: frozenset[str]) -> tuple[str, ...]:
    """What parts of an answer another dialect has no word for, each kind once.

    Args:
        shows: the kinds of parts that it can show besides words: of `SHOWN`.
    """
    return _named(f"answer.{kind}" for part in parts for kind in _kinds(part) if kind not in shows)


def unsaid_in_stream(event: chat.Event, shows: frozenset[str]) -> tuple[str, ...]:
    """The same of an event of a stream."""
    if type(event) is chat.PartSeen:
        return unsaid((event.part,), shows)
    if type(event) is chat.CitationSeen:
        place = () if event.citation.start is None else (_PLACE_OF_CITATION,)
        kinds = (*place, *_kinds_of(event.citation))
        return _named(f"answer.{kind}" for kind in kinds if kind not in shows)
    return ()


def unsaid_of(answer: chat.Answer, shows: frozenset[str], repeats: frozenset[str]) -> tuple[str, ...]:
    """What a whole answer tells that another dialect has no word for: kinds of parts, then fields; each once.

    Args:
        shows: of the dialect that it is to be said in.
        repeats: of the dialect that read it.
    """
    parts = [part for choice in answer.choices if not is_plain(choice.message) for part in choice.message.parts]
    fields = [f"answer.{param}" for name, param in _unmodelled_of(answer) if name not in repeats]
    return (unsaid(parts, shows) if parts else ()) + (_named(fields) if fields else ())


def unsaid_fields(unmodelled: Iterable[str], repeats: frozenset[str]) -> tuple[str, ...]:
    """The same of the fields that a stream's reader has found, by their paths; `repeats` as in `unsaid_of`."""
    return _named(f"answer.{path}" for path in unmodelled if path.rpartition(".")[2] not in repeats)


def bare_answer(answer: chat.Answer) -> chat.Answer:
    """The answer without what only the dialect that read it knows."""
    choices = [
        replace(choice, message=_bare_message(choice.message), extra={})
        if choice.extra or not is_plain(choice.message)
        else choice
        for choice in answer.choices
    ]
    return replace(answer, choices=tuple(choices), extra={})


def _named(told: Iterable[str]) -> tuple[str, ...]:
    """Names that a provider has made up, fit for a header: each once, not too long, and not too many."""
    names = dict.fromkeys(_UNFIT.sub("_", name)[:_NAME_CHARS_MOST] for name in told)
    return tuple(islice(names, _NAMES_MOST))


def _unmodelled_of(answer: chat.Answer) -> Iterator[tuple[str, str]]:
    """The fields of an answer that only the dialect that read it knows, as `unmodelled` has those of a request."""
    yield from _told(answer.extra, "")
    for choice in answer.choices:
        yield from _told(choice.extra, "choices[].")
        message = choice.message
        if is_plain(message):
            continue
        yield from _told(message.extra, "choices[].message.")
        for part in message.parts:
            yield from _told(getattr(part, "extra", {}), "choices[].message.content[].")
        for call in message.tool_calls:
            yield from _told(call.extra, "choices[].message.tool_calls[].")


def _kinds(part: chat.Part) -> Iterator[str]:
    match part:
        case chat.TextPart(citations=citations):
            for citation in citations:
                yield from _kinds_of(citation)
        case chat.ImagePart(url):
            yield "image" if url.startswith("data:") else "image_url"
        case chat.FilePart():
            yield "file"
        case chat.OtherPart(kind):
            yield kind
        case _:
            pass


def _kinds_of(citation: chat.Citation) -> Iterator[str]:
    if citation.quote is not None:
        yield "citation.quote"
    if citation.url is None:
        yield "citation.document"
    if citation.raw is not None:
        yield "citation.detail"


_PLACE_OF_CITATION: Final = "citation.place"
_SYSTEM: Final = ("system", "developer")
_SETTINGS: Final = (
    "parallel_tool_calls",
    "temperature",
    "top_p",
    "top_k",
    "presence_penalty",
    "frequency_penalty",
    "stop",
    "seed",
    "logprobs",
    "reasoning_effort",
    "reasoning_budget_tokens",
    "verbosity",
    "user",
)
_WANTED: Final = attrgetter(*_SETTINGS)
_UNSAID: Final[Mapping[str, object]] = dict.fromkeys(("max_output_tokens", *_SETTINGS)) | {
    "stop": (),
    "logprobs": False,
}
"""What says no more than leaving it out."""

_NO_SETTINGS: Final = tuple([() if name == "stop" else None for name in _SETTINGS])


def _message_uses(message: chat.Message, param: str) -> Iterator[Use]:
    if message.name is not None and message.role != "tool":
        yield ("name", f"{param}.name")
    if message.is_error:
        yield ("tool_error", f"{param}.is_error")
    for number, part in enumerate(message.parts):
        if type(part) is not chat.TextPart or part.citations:
            yield from _part_uses(part, f"{param}.content[{number}]", message.role)
    for number, call in enumerate(message.tool_calls):
        if call.type != "function":
            yield ("other_tools", f"{param}.tool_calls[{number}]")
        if call.signature is not None:
            yield ("signed_reasoning", f"{param}.tool_calls[{number}].signature")


def _part_uses(part: chat.Part, param: str, role: chat.Role) -> Iterator[Use]:
    if role == "tool" and not isinstance(part, chat.TextPart | chat.OtherPart):
        yield ("tool_media", param)
    match part:
        case chat.TextPart(citations=citations) if citations:
            yield ("citations", f"{param}.citations")
        case chat.ImagePart(url, detail):
            yield ("image_data" if url.startswith("data:") else "image_url", param)
            if detail not in (None, "auto"):
                yield ("image_detail", f"{param}.detail")
        case chat.AudioPart():
            yield ("audio", param)
        case chat.FilePart(file_id, data):
            yield ("file_id" if file_id else "file_data" if data else "file_url", param)
        case chat.SpokenPart():
            yield ("spoken", param)
        case chat.RefusalPart():
            yield ("refusal", param)
        case chat.ReasoningPart(signature=None, sealed=None):
            yield ("reasoning", f"{param}.thinking")
        case chat.ReasoningPart():
            yield ("signed_reasoning", f"{param}.thinking")


def _told(extra: dict[str, msgspec.Raw], inside: str) -> Iterator[tuple[str, str]]:
    """Null says nothing."""
    return ((name, inside + name) for name, raw in extra.items() if not is_null(raw))


def _message_without(message: chat.Message, lacking: Collection[str]) -> chat.Message:
    def is_kept(part: chat.Part) -> bool:
        if not isinstance(part, chat.ReasoningPart):
            return True
        is_signed = part.signature is not None or part.sealed is not None
        return ("signed_reasoning" if is_signed else "reasoning") not in lacking

    if is_plain(message):
        return message
    parts, calls = tuple(filter(is_kept, message.parts)), message.tool_calls
    if "signed_reasoning" in lacking and any(call.signature is not None for call in calls):
        calls = tuple([replace(call, signature=None, made_by=None) for call in calls])
    name = None if "name" in lacking and message.role != "tool" else message.name
    return replace(message, parts=parts, tool_calls=calls, name=name)


def _bare_message(message: chat.Message) -> chat.Message:
    if is_plain(message):
        return message
    parts = [_bare_part(part) for part in message.parts if not isinstance(part, chat.OtherPart)]
    calls = [replace(call, extra={}) for call in message.tool_calls]
    return replace(message, parts=tuple(parts), tool_calls=tuple(calls), extra={})


def _bare_part(part: chat.Part) -> chat.Part:
    match part:
        case chat.TextPart(text, _, citations):
            return chat.TextPart(text, citations=tuple([replace(each, raw=None) for each in citations]))
        case chat.ImagePart() | chat.AudioPart() | chat.FilePart():
            return replace(part, extra={})
        case _:
            return part


def _such_as(request: chat.ChatRequest, param: str) -> str:
    """Which kind of tool it is: a client may offer it on its own account, and its user not know what stands there."""
    found = _TOOL.fullmatch(param)
    tool = request.tools[int(found[1])] if found else None
    return "" if tool is None or tool.raw is None else f", such as `{tool.type}`,"


def _refused(param: str, what: str) -> InvalidRequest:
    return InvalidRequest(
        f"`{param}`: {what} cannot be said to the provider of this model; leave it out, or ask another model.",
        param=param,
    )
