"""A shallow look at a request or an answer: enough to route, to hold and to settle.

What is said stays undecoded (msgspec.Raw). Everything looked at is checked for type and range.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Raw

from tollhouse.dialects.gemini import reasons
from tollhouse.dialects.gemini.errors import read_failure, unreadable
from tollhouse.dialects.gemini.proto_json import Fields, camel, read_body, read_items, read_object
from tollhouse.dialects.gemini.request import check_model, read_contents
from tollhouse.dialects.gemini.settings import Candidates, Cap
from tollhouse.dialects.gemini.usage import read_usage
from tollhouse.dialects.glance import AnswerGlance, RequestGlance
from tollhouse.dialects.json_body import NULL, is_null

_WORDS = frozenset({"text", "thought", "thoughtSignature", "functionCall", "functionResponse", "partMetadata"})
_CODE = frozenset({"executableCode", "codeExecutionResult"})
_FUNCTIONS = "functionDeclarations"
_ADDRESSED = ("model", "stream")


class _Request(msgspec.Struct, rename="camel", kw_only=True):
    model: Annotated[str, Meta(min_length=1, max_length=256)]
    stream: bool | None = None
    contents: Raw
    system_instruction: Raw = NULL
    generation_config: Raw = NULL
    tools: Raw = NULL
    cached_content: str | None = None
    service_tier: str | None = None


class _Config(msgspec.Struct, rename="camel"):
    max_output_tokens: Cap = None
    candidate_count: Candidates = None


class _Content(msgspec.Struct):
    role: str | None = None
    parts: list[Fields] | Fields | None = None


class _Tool(msgspec.Struct):
    pass


class _Candidate(msgspec.Struct, rename="camel"):
    content: Raw = NULL
    finish_reason: str | int | None = None


class _PromptFeedback(msgspec.Struct, rename="camel"):
    block_reason: str | int | None = None


class _Answer(msgspec.Struct, rename="camel"):
    response_id: str | None = None
    model_version: str | None = None
    candidates: list[_Candidate] | None = None
    prompt_feedback: _PromptFeedback | None = None
    usage_metadata: Raw = NULL
    error: Raw = NULL


_REQUEST = msgspec.json.Decoder(_Request)
_CONFIG = msgspec.json.Decoder(_Config)
_CONTENT = msgspec.json.Decoder(_Content)
_TOOL = msgspec.json.Decoder(_Tool)
_ANSWER = msgspec.json.Decoder(_Answer)
_FIELDS = msgspec.json.Decoder(Fields)


def glance_request(body: bytes) -> RequestGlance:
    """Look at a request without reading what it says; `model` and `stream` are where the surface has put them.

    What is kept in the provider's cache is read, and charged, like media: the request's bytes do not bound it.

    Raises:
        InvalidRequest: malformed, of the wrong type or out of range; `param` names the field.
    """
    asked, _ = read_body(_REQUEST, body)
    check_model(asked.model)
    config, _ = read_object(_CONFIG, asked.generation_config, "generationConfig")
    contents = read_contents(asked.contents)
    has_media = [_has_media(raw, f"contents[{position}]") for position, raw in enumerate(contents)]
    has_system = not is_null(asked.system_instruction)
    if has_system:
        has_media.append(_has_media(asked.system_instruction, "systemInstruction"))
    tool_types = _tool_types(asked.tools)
    return RequestGlance(
        model=asked.model,
        stream=asked.stream is True,
        include_usage=True,
        max_output_tokens=config.max_output_tokens,
        n=config.candidate_count or 1,
        has_tools=bool(tool_types),
        tool_types=tool_types,
        message_count=len(contents) + has_system,
        service_tier=asked.service_tier,
        media=any(has_media) or bool(asked.cached_content),
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
    fields = {camel(name): raw for name, raw in _FIELDS.decode(body).items()}
    for name in _ADDRESSED:
        fields.pop(name, None)
    config = fields.get("generationConfig", NULL)
    if cap is not None or not is_null(config):
        settings = {} if is_null(config) else {camel(name): raw for name, raw in _FIELDS.decode(config).items()}
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
    failed = None if is_null(answer.error) else read_failure(answer.error)
    candidates = answer.candidates or []
    blocked = reasons.word(answer.prompt_feedback.block_reason) if answer.prompt_feedback else ""
    if not candidates and not blocked and failed is None:
        raise unreadable()
    return AnswerGlance(
        id=answer.response_id or "",
        model=answer.model_version or "",
        usage=read_usage(answer.usage_metadata),
        finish_reasons=tuple([reasons.word(each.finish_reason) for each in candidates])
        or ((blocked,) if blocked else ()),
        output_bytes=sum([len(each.content) for each in candidates]),
        failed=failed,
    )


def _has_media(raw: Raw, inside: str) -> bool:
    """Something other than words is said; a tool may show something too."""
    content, _ = read_object(_CONTENT, raw, inside)
    parts = content.parts or ()
    for part in (parts,) if isinstance(parts, dict) else parts:
        names = part.keys() if part.keys() <= _WORDS else {camel(name) for name in part}
        if not (names <= _WORDS or names <= _CODE):
            return True
        if "functionResponse" in names and any(b'"parts"' in bytes(value) for value in part.values()):
            return True
    return False


def _tool_types(raw: Raw) -> frozenset[str]:
    types: set[str] = set()
    for position, each in enumerate(read_items(raw, "tools")):
        _, fields = read_object(_TOOL, each, f"tools[{position}]")
        types |= {"function" if name == _FUNCTIONS else name for name, value in fields.items() if not is_null(value)}
    return frozenset(types)
