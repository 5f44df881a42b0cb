"""How to answer: `generationConfig` and `toolConfig`.

Gemini API reference, "GenerationConfig" and "ToolConfig", and the guide on thinking (read 2026-11-22). What is not
modelled of them is kept in `extra` by its whole path (`generationConfig.speechConfig`).
"""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta, Raw

from tollhouse.dialects import chat, effort
from tollhouse.dialects.gemini.carries import NAME
from tollhouse.dialects.gemini.proto_json import Fields, Message, below, read_object, says_nothing
from tollhouse.dialects.gemini.schema import as_json_schema
from tollhouse.dialects.json_body import NULL

MAX_CAP = 2**31 - 1
"""The largest cap on output that the field can hold, in tokens."""

Cap: TypeAlias = Annotated[int, Meta(ge=1, le=MAX_CAP)] | None
Candidates: TypeAlias = Annotated[int, Meta(ge=1, le=128)] | None
ToolChoice: TypeAlias = str | tuple[str, str] | None

_JSON = "application/json"
_TEXT = "text/plain"
_KNOWS_BUDGETS_ONLY = re.compile(r"gemini-[12]\.")


class Config(Message, kw_only=True):
    """The generation config."""

    max_output_tokens: Cap = None
    candidate_count: Candidates = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_k: Annotated[int, Meta(ge=0)] | None = None
    presence_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    stop_sequences: list[str] | None = None
    seed: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | None = None
    response_logprobs: bool | None = None
    logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    response_mime_type: str | None = None
    response_schema: Raw = NULL
    response_json_schema: Raw = NULL
    response_modalities: list[str] | None = None
    thinking_config: Raw = NULL


class Thinking(Message):
    """The thinking config."""

    thinking_budget: Annotated[int, Meta(ge=-1, le=MAX_CAP)] | None = None
    thinking_level: str | None = None


class _ToolConfig(Message):
    function_calling_config: Raw = NULL


class _Calling(Message):
    mode: str | None = None
    allowed_function_names: list[str] | None = None


_CONFIG = msgspec.json.Decoder(Config)
_THINKING = msgspec.json.Decoder(Thinking)
_TOOL_CONFIG = msgspec.json.Decoder(_ToolConfig)
_CALLING = msgspec.json.Decoder(_Calling)
_CHOICES = {"AUTO": "auto", "VALIDATED": "auto", "NONE": "none", "ANY": "required"}
_LEVELS = {"none": "LOW", "minimal": "LOW", "low": "LOW", "medium": "MEDIUM", "high": "HIGH", "xhigh": "HIGH"}
"""The levels that every model since Gemini 3 has."""

_MODES = {"auto": "AUTO", "none": "NONE", "required": "ANY"}


def read_config(raw: Raw) -> tuple[Config, Thinking, chat.ResponseFormat | None, Fields]:
    """The generation config, its thinking config, the form wanted, and what is not modelled. Raises InvalidRequest."""
    path = "generationConfig"
    config, unknown = read_object(_CONFIG, raw, path)
    thinking, thoughts = read_object(_THINKING, config.thinking_config, f"{path}.thinkingConfig")
    form, beyond = _read_format(config)
    if config.logprobs is not None and not config.response_logprobs:
        # Alternatives are shown beside log probabilities only.
        beyond["logprobs"] = _encoded(config.logprobs)
    extra = below(path, unknown | beyond) | below(f"{path}.thinkingConfig", thoughts)
    return config, thinking, form, extra


def write_config(request: chat.ChatRequest) -> dict[str, Any]:
    """The generation config as the wire has it."""
    form = request.response_format
    wire = {
        "maxOutputTokens": request.max_output_tokens,
        "candidateCount": request.n if request.n != 1 else None,
        "temperature": request.temperature,
        "topP": request.top_p,
        "topK": request.top_k,
        "presencePenalty": request.presence_penalty,
        "frequencyPenalty": request.frequency_penalty,
        "stopSequences": request.stop or None,
        "seed": request.seed,
        "responseLogprobs": request.logprobs,
        "logprobs": request.top_logprobs,
        "responseMimeType": _JSON if form is not None and form.type != "text" else None,
        "responseJsonSchema": form.schema if form is not None and form.type == "json_schema" else None,
        "thinkingConfig": _without_nones(_write_thinking(request)) or None,
    }
    return _without_nones(wire)


def read_tool_config(raw: Raw) -> tuple[ToolChoice, Fields]:
    """The choice among the tools, and what is not modelled. Raises InvalidRequest."""
    path = "toolConfig.functionCallingConfig"
    config, unknown = read_object(_TOOL_CONFIG, raw, "toolConfig")
    calling, beyond = read_object(_CALLING, config.function_calling_config, path)
    mode, allowed = (calling.mode or "").upper(), calling.allowed_function_names or []
    choice: ToolChoice = _CHOICES.get(mode)
    if choice == "required" and len(allowed) == 1:
        choice = ("function", allowed[0])
    elif allowed:
        beyond = beyond | {"allowedFunctionNames": _encoded(allowed)}
    if mode and (mode == "VALIDATED" or choice is None):
        beyond = beyond | {"mode": _encoded(mode)}
    return choice, below("toolConfig", unknown) | below(path, beyond)


def write_tool_config(choice: ToolChoice) -> dict[str, Any]:
    """The tool config as the wire has it."""
    if choice is None:
        return {}
    if isinstance(choice, tuple):
        return {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": [choice[1]]}}
    return {"functionCallingConfig": {"mode": _MODES.get(choice, "AUTO")}}


def read_effort(level: str | None) -> str | None:
    """A thinking level as an effort."""
    return None if level in (None, "", "THINKING_LEVEL_UNSPECIFIED") else str(level).lower()


def _read_format(config: Config) -> tuple[chat.ResponseFormat | None, Fields]:
    """The form wanted, and what else is told of it."""
    kind, schema, google = config.response_mime_type, config.response_json_schema, config.response_schema
    beyond: Fields = {}
    if config.response_modalities not in (None, [], ["TEXT"]):
        beyond["responseModalities"] = _encoded(config.response_modalities)
    if kind != _JSON:
        said = {} if kind in (None, "", _TEXT) else {"responseMimeType": _encoded(kind)}
        said |= {"responseSchema": google, "responseJsonSchema": schema}
        return None, beyond | {name: raw for name, raw in said.items() if not says_nothing(raw)}
    if not says_nothing(schema):
        return chat.ResponseFormat(type="json_schema", schema=schema), beyond
    if not says_nothing(google):
        return chat.ResponseFormat(type="json_schema", schema=as_json_schema(google)), beyond
    return chat.ResponseFormat(type="json_object"), beyond


def _without_nones(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _encoded(value: object) -> Raw:
    return Raw(msgspec.json.encode(value))


def _write_thinking(request: chat.ChatRequest) -> dict[str, Any]:
    """What this dialect has read is said as it was; for others, as the model takes it.

    Models since Gemini 3 take levels and cannot stop thinking, those before take budgets. Who sets a budget elsewhere
    is shown the thoughts, which must be asked for here.
    """
    budget, wanted = request.reasoning_budget_tokens, request.reasoning_effort
    if request.dialect == NAME:
        level = None if wanted is None else wanted.upper()
        return {"thinkingBudget": budget, "thinkingLevel": level}
    shown = {"includeThoughts": True} if budget else {}
    if _KNOWS_BUDGETS_ONLY.search(request.model):
        budget = effort.budget_tokens(wanted) if budget is None and wanted is not None else budget
        return {"thinkingBudget": budget} | shown
    wanted = effort.effort(budget) if wanted is None and budget is not None else wanted
    return {"thinkingLevel": None if wanted is None else _LEVELS.get(wanted, "MEDIUM")} | shown
