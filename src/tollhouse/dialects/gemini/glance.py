"""A shallow look at a request or an answer: enough to route, to hold and to settle.

What is said stays undecoded (msgspec.Raw). Everything looked at is checked for type and range.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Raw

from tollhouse.dialects.gemini import reasons
from tollhouse.dialects.gemini.answer import PromptFeedback
from tollhouse.dialects.gemini.errors import read_failure, unreadable
from tollhouse.dialects.gemini.proto_json import (
    Fields,
    Message,
    camel,
    read_body,
    read_fields,
    read_items,
    read_object,
    says_nothing,
)
from tollhouse.dialects.gemini.request import check_count, check_model, read_contents
from tollhouse.dialects.gemini.searches import count_searches
from tollhouse.dialects.gemini.settings import Candidates, Cap
from tollhouse.dialects.gemini.usage import read_usage
from tollhouse.dialects.glance import AnswerGlance, RequestGlance
from tollhouse.dialects.json_body import NULL

_WORDS = frozenset({"text", "thought", "thoughtSignature", "functionCall", "functionResponse", "partMetadata"})
_SEARCHING = frozenset({"googleSearch", "googleSearchRetrieval", "enterpriseWebSearch"})
_CODE = frozenset({"executableCode", "codeExecutionResult"})
_FUNCTIONS = "functionDeclarations"
_ADDRESSED = ("model", "stream")


class _Request(Message, kw_only=True):
    model: Annotated[str, Meta(min_length=1, max_length=256)]
    stream: bool | None = None
    contents: Raw
    system_instruction: Raw = NULL
    generation_config: Raw = NULL
    tools: Raw = NULL
    tool_config: Raw = NULL
    safety_settings: Raw = NULL
    cached_content: str | None = None
    labels: Raw = NULL
    service_tier: str | None = None


class _Config(Message):
    """What is looked at, and what most requests have besides."""

    max_output_tokens: Cap = None
    candidate_count: Candidates = None
    temperature: Raw = NULL
    top_p: Raw = NULL
    top_k: Raw = NULL
    stop_sequences: Raw = NULL
    response_mime_type: Raw = NULL
    response_schema: Raw = NULL
    response_json_schema: Raw = NULL
    response_modalities: Raw = NULL
    thinking_config: Raw = NULL


class _Content(msgspec.Struct):
    role: str | None = None
    parts: list[Fields] | Fields | None = None


class _Text(Message):
    text: str


class _Texts(Message):
    parts: list[_Text]
    role: str | None = None


class _Candidate(msgspec.Struct, rename="camel"):
    content: Raw = NULL
    finish_reason: str | int | None = None
    grounding_metadata: Raw = NULL


class _Answer(msgspec.Struct, rename="camel"):
    response_id: str | None = None
    model_version: str | None = None
    candidates: list[_Candidate] | None = None
    prompt_feedback: PromptFeedback | None = None
    usage_metadata: Raw = NULL
    error: Raw = NULL


_REQUEST = msgspec.json.Decoder(_Request)
_CONFIG = msgspec.json.Decoder(_Config)
_TEXTS = msgspec.json.Decoder(list[_Texts])
_CONTENT = msgspec.json.Decoder(_Content)
_TOOL = msgspec.json.Decoder(Message)
_ANSWER = msgspec.json.Decoder(_Answer)


def glance_request(body: bytes) -> RequestGlance:
    """Look at a request without reading what it says; `model` and `stream` are where the surface has put them.

    What is kept in the provider's cache is read, and charged, like media: the request's bytes do not bound it.

    Raises:
        InvalidRequest: malformed, of the wrong type or out of range; `param` names the field.
    """
    asked, _ = read_body(_REQUEST, body)
    check_model(asked.model)
    config, _ = read_object(_CONFIG, asked.generation_config, "generationConfig")
    count, has_media = _look_at_contents(asked.contents)
    has_system = not says_nothing(asked.system_instruction)
    if has_system and _has_media(asked.system_instruction, "systemInstruction"):
        has_media = True
    tool_types = _tool_types(asked.tools)
    return RequestGlance(
        model=asked.model,
        stream=asked.stream is True,
        include_usage=True,
        max_output_tokens=config.max_output_tokens,
        n=config.candidate_count or 1,
        has_tools=bool(tool_types),
        tool_types=tool_types,
        message_count=count + has_system,
        service_tier=asked.service_tier,
        media=has_media or bool(asked.cached_content),
        searches=0 if tool_types.isdisjoint(_SEARCHING) else None,
    )


def rewrite_request(body: bytes, *, model: str, include_usage: bool, cap: int | None) -> bytes:
    """The same request without model and stream, which the address tells; what is not named here keeps its bytes.

    Fields that come twice, by one name or by both they have, are said once: as they were looked at.

    Args:
        body: a request that `glance_request` has accepted.
        model: the provider's name for the model; `target` says it.
        include_usage: needs no asking here.
        cap: write this cap on the output, in tokens.
    """
    fields = read_fields(body)
    for name in _ADDRESSED:
        fields.pop(name, None)
    config = fields.get("generationConfig", NULL)
    if cap is not None or not says_nothing(config):
        settings = {} if says_nothing(config) else read_fields(config)
        if cap is not None:
            settings["maxOutputTokens"] = Raw(b"%d" % cap)
        fields["generationConfig"] = Raw(msgspec.json.encode(settings))
    return msgspec.json.encode(fields)


def glance_answer(body: bytes) -> AnswerGlance:
    """Look at an unstreamed answer without reading what it says; one that was blocked has no candidate.

    Raises:
        UpstreamIncomplete: this is not such an answer: empty, cut off, HTML, or with nothing in it.
    """
    try:
        answer = _ANSWER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise unreadable() from None
    failed = None if says_nothing(answer.error) else read_failure(answer.error)
    candidates = answer.candidates or []
    blocked = reasons.word(answer.prompt_feedback.block_reason) if answer.prompt_feedback else ""
    if not candidates and not blocked and failed is None:
        raise unreadable()
    return AnswerGlance(
        id=answer.response_id or "",
        model=answer.model_version or "",
        usage=read_usage(answer.usage_metadata, count_searches([each.grounding_metadata for each in candidates])),
        finish_reasons=tuple([reasons.word(each.finish_reason) for each in candidates])
        or ((blocked,) if blocked else ()),
        output_bytes=sum([len(each.content) for each in candidates]),
        failed=failed,
    )


def _look_at_contents(raw: Raw) -> tuple[int, bool]:
    """How many turns there are, and whether anything but words is said."""
    try:
        # Most conversations are words and nothing else: those are checked in one go.
        texts = _TEXTS.decode(raw)
    except msgspec.DecodeError:
        contents = read_contents(raw)
        return len(contents), any(_has_media(each, f"contents[{number}]") for number, each in enumerate(contents))
    check_count(len(texts))
    return len(texts), False


def _has_media(raw: Raw, inside: str) -> bool:
    """Something other than words is said; a tool may show something too."""
    content, _ = read_object(_CONTENT, raw, inside)
    parts = content.parts or ()
    for part in (parts,) if isinstance(parts, dict) else parts:
        names = part.keys() if part.keys() <= _WORDS else {camel(name) for name in part}
        if not (names <= _WORDS or names <= _CODE):
            return True
        if "functionResponse" in names and any(map(_shows, part.values())):
            return True
    return False


def _shows(answer: Raw) -> bool:
    """The answer of a tool has parts; the word may have letters that are written by their numbers."""
    raw = bytes(answer)
    return b'"parts"' in raw or (raw.startswith(b"{") and b"\\u" in raw and "parts" in read_fields(raw))


def _tool_types(raw: Raw) -> frozenset[str]:
    types: set[str] = set()
    for position, each in enumerate(read_items(raw, "tools")):
        _, provided = read_object(_TOOL, each, f"tools[{position}]")
        types.update(["function" if name == _FUNCTIONS else name for name in provided])
    return frozenset(types)
