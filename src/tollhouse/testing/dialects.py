"""Speaks Anthropic's Messages, Google's generateContent and OpenAI's Responses, through the dialects' own writers.

What these say is held to recorded traffic by the tests of the dialects; OpenAI's chat completions, which all scripts
were made for, have a speaker of their own that shares nothing with the dialect it is meant to try.
"""

from __future__ import annotations

from types import ModuleType
from typing import get_args

import msgspec

from tollhouse.dialects import anthropic_messages, chat, gemini, openai_responses
from tollhouse.dialects.collect import Collector
from tollhouse.testing.request import Request
from tollhouse.testing.speaker import model_in, unspeakable, usual_failure
from tollhouse.testing.steps import CallTool, Count, Done, Embed, Fail, Finish, Judge, Refuse, Say, Status, Think, Word

_REASONS = get_args(chat.FinishReason)


class DialectSpeaker(msgspec.Struct, frozen=True):
    """One dialect; `ends` are how its paths end."""

    dialect: ModuleType
    ends: tuple[str, ...]

    def speaks(self, path: str) -> bool:
        """Any base address."""
        return path.endswith(self.ends)

    def voice(self, request: Request) -> DialectVoice:
        """The voice the request asks for."""
        return DialectVoice(self.dialect, request)


ANTHROPIC = DialectSpeaker(anthropic_messages, ("/messages",))
GEMINI = DialectSpeaker(gemini, (":generateContent", ":streamGenerateContent"))
RESPONSES = DialectSpeaker(openai_responses, ("/responses",))


class DialectVoice:
    """Says one answer, as a stream or whole. A finish reason is said in OpenAI's word, and written in the dialect's."""

    makes = True

    def __init__(self, dialect: ModuleType, request: Request) -> None:
        asked = request.json if isinstance(request.json, dict) else {}
        self._dialect = dialect
        self.model = str(asked.get("model", "")) or model_in(request.path)
        self.streams = asked.get("stream") is True or request.path.endswith(":streamGenerateContent")
        self.content_type = "text/event-stream; charset=utf-8" if self.streams else "application/json"
        self._began = chat.Began(id=f"answer_{request.number}", model=self.model, created=int(request.arrived_at))
        self._writer = dialect.Writer(
            id=self._began.id, model=self.model, created=self._began.created, include_usage=True
        )
        self._collector = Collector()
        self._has_begun = False

    def speak(self, word: Word) -> bytes:
        """The word as the dialect's events; a whole answer remembers it.

        Raises:
            ValueError: an error event, which a whole answer cannot have; or no word of a chat.
        """
        if isinstance(word, Fail) and not self.streams:
            raise ValueError("an error event needs a stream; script status(…) for a whole answer")
        events = [_event(word)] if self._has_begun else [self._began, _event(word)]
        self._has_begun = True
        if self.streams:
            return b"".join(map(self._writer.write, events))
        for event in events:
            self._collector.add(event)
        return b""

    def whole(self) -> bytes:
        """Everything that was remembered, as one body."""
        if self.streams:
            return b""
        body: bytes = self._dialect.write_answer(self._collector.answer())
        return body

    def refuse(self, status: Status) -> bytes:
        """The dialect's envelope."""
        body: bytes = self._dialect.write_error(usual_failure(status), status.status, "req_scripted")
        return body


def _event(word: Word) -> chat.Event:
    match word:
        case Say(text, choice):
            return chat.TextDelta(choice, text)
        case Think(text, choice, _, signature):
            maker = None if signature is None else anthropic_messages.NAME
            return chat.ReasoningDelta(choice, text, signature, None, maker)
        case Refuse(text, choice):
            return chat.RefusalDelta(choice, text)
        case CallTool():
            return chat.ToolCallDelta(
                index=word.choice, slot=word.slot, id=word.id, name=word.name, arguments=word.arguments
            )
        case Finish(reason, choice):
            return chat.Finished(choice, reason if reason in _REASONS else "other", reason)  # type: ignore[arg-type]
        case Count(usage):
            return chat.UsageSeen(usage)
        case Fail():
            return chat.Failed(message=word.message, type=word.type, code=word.code)
        case Done():
            return chat.Ended()
        case Embed() | Judge():
            raise unspeakable(word)
