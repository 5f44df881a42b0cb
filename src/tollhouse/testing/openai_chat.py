"""Speaks OpenAI's chat completions: `POST …/chat/completions`.

Source: platform.openai.com/docs/api-reference/chat, read 2026-11, and recorded traffic. Reasoning is said as
`reasoning_content`, which OpenAI itself never shows and most of those who copy its dialect do.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from tollhouse.dialects.chat import Usage
from tollhouse.testing.request import Request
from tollhouse.testing.speaker import error_envelope, unspeakable
from tollhouse.testing.steps import CallTool, Count, Done, Embed, Fail, Finish, Judge, Refuse, Say, Status, Think, Word

Json: TypeAlias = dict[str, Any]

_encode = msgspec.json.Encoder().encode


def speaks(path: str) -> bool:
    """Any base address, as with those who copy the dialect."""
    return path.endswith("/chat/completions")


def voice(request: Request) -> StreamedVoice | WholeVoice:
    """The voice the request asks for."""
    asked = request.json if isinstance(request.json, dict) else {}
    return StreamedVoice(request, asked) if asked.get("stream") is True else WholeVoice(request, asked)


class StreamedVoice:
    """An answer as server-sent events, one chunk for each word."""

    streams = True
    makes = True
    content_type = "text/event-stream; charset=utf-8"

    def __init__(self, request: Request, asked: Json) -> None:
        self.model = str(asked.get("model", ""))
        self._head = _head(request, self.model, "chat.completion.chunk")
        self._counts = (asked.get("stream_options") or {}).get("include_usage") is True
        self._greeted: set[int] = set()

    def speak(self, word: Word) -> bytes:
        """The word as events. Usage is said only to those who asked for it. Raises ValueError for no word of a chat."""
        match word:
            case Say(text, choice, _, logprobs):
                return self._delta(choice, {"content": text}, logprobs)
            case Think():
                return self._delta(word.choice, _thought(word))
            case Refuse(text, choice):
                return self._delta(choice, {"refusal": text})
            case CallTool():
                return self._delta(word.choice, {"tool_calls": [{"index": word.slot, **_tool_piece(word)}]})
            case Finish(reason, choice):
                return self._delta(choice, {}, finish_reason=reason)
            case Count(usage):
                return _event({**self._head, "choices": [], "usage": _usage(usage)}) if self._counts else b""
            case Fail():
                return _event({"error": {"message": word.message, "type": word.type, "param": None, "code": word.code}})
            case Done():
                return b"data: [DONE]\n\n"
            case Embed() | Judge():
                raise unspeakable(word)

    def whole(self) -> bytes:
        """A stream keeps nothing back."""
        return b""

    def refuse(self, status: Status) -> bytes:
        """The error envelope."""
        return error_envelope(status)

    def _delta(self, choice: int, delta: Json, logprobs: Any = None, finish_reason: str | None = None) -> bytes:
        greeting = b""
        if choice not in self._greeted:
            self._greeted.add(choice)
            greeting = self._chunk(choice, {"role": "assistant", "content": "", "refusal": None}, None, None)
        return greeting + self._chunk(choice, delta, logprobs, finish_reason)

    def _chunk(self, choice: int, delta: Json, logprobs: Any, finish_reason: str | None) -> bytes:
        part = {"index": choice, "delta": delta, "logprobs": logprobs, "finish_reason": finish_reason}
        return _event({**self._head, "choices": [part], **({"usage": None} if self._counts else {})})


class WholeVoice:
    """An answer as one JSON object."""

    streams = False
    makes = True
    content_type = "application/json"

    def __init__(self, request: Request, asked: Json) -> None:
        self.model = str(asked.get("model", ""))
        self._head = _head(request, self.model, "chat.completion")
        self._choices: dict[int, _Choice] = {}
        self._usage: Usage | None = None

    def speak(self, word: Word) -> bytes:
        """Remember the word.

        Raises:
            ValueError: an error event, which a whole answer cannot have; or no word of this dialect.
        """
        match word:
            case Count(usage):
                self._usage = usage
            case Done():
                pass
            case Fail():
                raise ValueError("an error event needs a stream; script status(…) for a whole answer")
            case Embed() | Judge():
                raise unspeakable(word)
            case _:
                self._choices.setdefault(word.choice, _Choice()).hear(word)
        return b""

    def whole(self) -> bytes:
        """The completion."""
        choices = [self._choices[index].write(index) for index in sorted(self._choices)]
        counted = {} if self._usage is None else {"usage": _usage(self._usage)}
        return _encode({**self._head, "choices": choices, **counted})

    def refuse(self, status: Status) -> bytes:
        """The error envelope."""
        return error_envelope(status)


class _Choice:
    """One alternative of a whole answer, as far as it was said."""

    __slots__ = ("_content", "_finish_reason", "_logprobs", "_reasoning", "_refusal", "_signature", "_tool_calls")

    def __init__(self) -> None:
        self._content: list[str] = []
        self._reasoning: list[str] = []
        self._signature: str | None = None
        self._refusal: list[str] = []
        self._tool_calls: dict[int, Json] = {}
        self._logprobs: Json | None = None
        self._finish_reason: str | None = None

    def hear(self, word: Say | Think | Refuse | CallTool | Finish) -> None:
        match word:
            case Say(text, _, _, logprobs):
                self._content.append(text)
                for kind, tokens in (logprobs or {}).items():
                    self._logprobs = self._logprobs or {}
                    self._logprobs[kind] = [*(self._logprobs.get(kind) or []), *(tokens or [])]
            case Think(text, signature=signature):
                self._reasoning.append(text)
                self._signature = signature or self._signature
            case Refuse(text):
                self._refusal.append(text)
            case CallTool():
                self._hear_tool(word)
            case Finish(reason):
                self._finish_reason = reason

    def _hear_tool(self, word: CallTool) -> None:
        piece = _tool_piece(word)
        known = self._tool_calls.setdefault(word.slot, piece)
        if known is not piece:
            known["function"]["arguments"] += word.arguments

    def write(self, index: int) -> Json:
        message: Json = {
            "role": "assistant",
            "content": "".join(self._content) if self._content else None,
            "refusal": "".join(self._refusal) if self._refusal else None,
        }
        if self._reasoning:
            message |= _thought(Think("".join(self._reasoning), signature=self._signature))
        if self._tool_calls:
            message["tool_calls"] = [self._tool_calls[slot] for slot in sorted(self._tool_calls)]
        return {"index": index, "message": message, "logprobs": self._logprobs, "finish_reason": self._finish_reason}


def _head(request: Request, model: str, kind: str) -> Json:
    return {"id": f"chatcmpl-{request.number}", "object": kind, "created": int(request.arrived_at), "model": model}


def _event(value: Json) -> bytes:
    return b"data: " + _encode(value) + b"\n\n"


def _thought(word: Think) -> Json:
    """Its proof is said as OpenRouter says Anthropic's."""
    thought: Json = {"reasoning_content": word.text}
    if word.signature is not None:
        proof = {"type": "reasoning.text", "signature": word.signature, "format": "anthropic-claude-v1", "index": 0}
        thought["reasoning_details"] = [proof]
    return thought


def _tool_piece(word: CallTool) -> Json:
    """Identity comes with the first piece only, as in recorded streams."""
    if word.name is None:
        return {"function": {"arguments": word.arguments}}
    return {"id": word.id, "type": "function", "function": {"name": word.name, "arguments": word.arguments}}


def _usage(usage: Usage) -> Json:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
        "prompt_tokens_details": {
            "cached_tokens": usage.input_cached_tokens,
            "audio_tokens": usage.input_audio_tokens,
        },
        "completion_tokens_details": {
            "reasoning_tokens": usage.output_reasoning_tokens,
            "audio_tokens": usage.output_audio_tokens,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
