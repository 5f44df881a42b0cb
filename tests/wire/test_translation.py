"""Every recorded answer in every other dialect: the same words, calls, ending and count, whole and streamed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import groupby
from types import ModuleType
from typing import Any, NamedTuple

import msgspec

from tollhouse import errors
from tollhouse.dialects import anthropic_messages, carry, chat, gemini, openai_chat, openai_responses, sse
from tollhouse.dialects.collect import collect
from wire.recordings import Recording, needs_recordings, over, recordings

pytestmark = needs_recordings

SYSTEM = ("system", "developer")
ONLY_THE_SYSTEM_SPEAKS = "openai-chat/reasoning--openai-model-without-system-prompt-0"
"""Where somebody must be answered, its last words are the user's."""

DIALECTS = (anthropic_messages, gemini, openai_chat, openai_responses)
BY_DIALECT: dict[ModuleType, list[Recording]] = {
    anthropic_messages: recordings("anthropic-messages", path_end="/messages"),
    gemini: [
        each
        for each in recordings("gemini-generate", "gemini-stream", "vertex-gemini")
        if not each.path.endswith(":countTokens")
    ],
    openai_chat: recordings(
        "openai-chat",
        "azure-openai",
        "deepseek",
        "gemini-openai-compat",
        "groq",
        "mistral",
        "openrouter",
        "xai",
        path_end="/chat/completions",
    ),
    openai_responses: recordings("openai-responses", path_end="/responses"),
}


class Case(NamedTuple):
    """A recording and the dialect it is in."""

    dialect: ModuleType
    recording: Recording

    def __str__(self) -> str:
        return str(self.recording)

    @property
    def events(self) -> list[chat.Event]:
        reader, frames = self.dialect.Reader(), sse.Reader()
        found = [*frames.feed(self.recording.answered), *([sse.END] if frames.is_between_frames else [])]
        return [event for frame in found for event in reader.read(frame)]


def _is_answer(case: Case) -> bool:
    """Its own dialect reads it as an answer, and one that has an end; its own tests say which must be."""
    try:
        if case.recording.is_stream:
            return bool(collect(case.events).choices)
        glance = case.dialect.glance_answer(case.recording.answered)
        return glance.failed is None and bool(case.dialect.read_answer(case.recording.answered).choices)
    except errors.UpstreamIncomplete:
        return False


ANSWERED = [
    case
    for dialect, found in BY_DIALECT.items()
    for recording in found
    if recording.status == 200 and _is_answer(case := Case(dialect, recording))
]
WHOLE = [case for case in ANSWERED if not case.recording.is_stream]
STREAMS = [case for case in ANSWERED if case.recording.is_stream]
ASKED = [Case(dialect, each) for dialect, found in BY_DIALECT.items() for each in found if each.asked]


def test_there_is_a_good_deal_to_translate():
    for dialect in DIALECTS:
        assert sum(case.dialect is dialect for case in WHOLE) > 50
        assert sum(case.dialect is dialect for case in STREAMS) > 15
        assert sum(case.dialect is dialect for case in ASKED) > 100


@over(WHOLE)
def test_an_answer_tells_the_same_in_every_other_dialect(case: Case):
    answer = carry.bare_answer(case.dialect.read_answer(case.recording.answered))
    for other in _others(case):
        if len(answer.choices) > 1 and "n" not in other.CARRIES:
            continue
        _check(other.read_answer(other.write_answer(answer)), answer, other)


@over(STREAMS)
def test_a_stream_tells_the_same_in_every_other_dialect(case: Case):
    events = case.events
    answer = collect(events)
    for other in _others(case):
        if len(answer.choices) > 1 and "n" not in other.CARRIES:
            continue
        _check(collect(_through(other, events, answer)), answer, other)


@over(ASKED)
def test_a_request_asks_the_same_in_every_other_dialect_or_is_refused_by_name(case: Case):
    request = _read(case)
    if request is None or str(case) == ONLY_THE_SYSTEM_SPEAKS:
        return
    for other in _others(case):
        if not _is_carried(request, case.dialect, other):
            continue
        said = other.write_request(request)
        if other is gemini:
            said = msgspec.json.encode(msgspec.json.decode(said) | {"model": request.model, "stream": request.stream})
        assert _asked(other.read_request(said)) == _asked(request), other.NAME


def test_most_requests_can_be_asked_elsewhere():
    for dialect in DIALECTS:
        asked = [request for case in ASKED if case.dialect is dialect and (request := _read(case)) is not None]
        for other in (other for other in DIALECTS if other is not dialect):
            carried = sum(_is_carried(request, dialect, other) for request in asked)
            assert carried > 0.5 * len(asked), (dialect.NAME, other.NAME, carried, len(asked))


def _read(case: Case) -> chat.ChatRequest | None:
    """The request; None for those that were refused by the provider too, and that tell no model in their body."""
    asked = msgspec.json.decode(case.recording.asked or b"null")
    if not isinstance(asked, dict):
        return None
    if case.dialect is gemini:
        asked |= {"model": "gemini-2.5-flash", "stream": case.recording.is_stream}
    asked.setdefault("model", "deployment")
    try:
        request: chat.ChatRequest = case.dialect.read_request(msgspec.json.encode(asked))
    except errors.InvalidRequest:
        assert case.recording.status != 200
        return None
    return request


def _is_carried(request: chat.ChatRequest, dialect: ModuleType, other: ModuleType) -> bool:
    try:
        carry.losses(request, other.CARRIES, dialect.HINTS)
    except errors.InvalidRequest as refused:
        return not refused.param
    return True


def _asked(request: chat.ChatRequest) -> dict[str, Any]:
    """What every dialect has words for: what is said by whom, calls and their results, tools, the cap."""
    said: list[tuple[str, str]] = []
    for message in request.messages:
        role = "system" if message.role in SYSTEM else message.role
        text = "".join([part.text for part in message.parts if isinstance(part, chat.TextPart | chat.RefusalPart)])
        if text:
            # A tool's JSON is an object in some dialects, and its spaces are lost.
            said.append((role, "".join(text.split()) if role == "tool" else text))
    return {
        "system": "".join([text for role, text in said if role == "system"]).split(),
        "said": [(role, "".join([text for _, text in turns])) for role, turns in _by_role(said)],
        "calls": [(call.name, _value(call.arguments)) for it in request.messages for call in it.tool_calls],
        "tools": [tool.name for tool in request.tools],
        "temperature": request.temperature,
        "stream": request.stream,
    }


def _by_role(said: list[tuple[str, str]]) -> Iterable[tuple[str, Iterable[tuple[str, str]]]]:
    return groupby([each for each in said if each[0] != "system"], key=lambda each: each[0])


def _others(case: Case) -> Iterable[ModuleType]:
    return (other for other in DIALECTS if other is not case.dialect)


def _through(other: ModuleType, events: list[chat.Event], answer: chat.Answer) -> list[chat.Event]:
    """The events, said and heard in another dialect; what only their own can say is left out, as on the way."""
    events = [
        each for each in events if not (isinstance(each, chat.PartSeen) and isinstance(each.part, chat.OtherPart))
    ]
    writer = other.Writer(answer.id or "id", answer.model, answer.created or 1, True)
    said = b"".join(map(writer.write, events))
    reader, frames = other.Reader(), sse.Reader()
    found = [*frames.feed(said), sse.END]
    assert frames.rest == b""
    return [event for frame in found for event in reader.read(frame)]


def _told(answer: chat.Answer, *, counted: bool) -> dict[str, Any]:
    """What an answer tells, as far as every dialect has words for it."""
    usage = answer.usage if counted else None
    return {
        "choices": [_told_by_choice(choice) for choice in answer.choices],
        "usage": None if usage is None else (usage.input_tokens, usage.output_tokens, usage.input_cached_tokens),
    }


def _told_by_choice(choice: chat.Choice) -> dict[str, Any]:
    parts, calls = choice.message.parts, choice.message.tool_calls
    reason = choice.finish_reason
    if reason in ("stop", "other", "tool_calls"):
        # Some dialects have no word of their own for calls, and what another calls by a word of its own is an end.
        reason = "tool_calls" if calls else "stop"
    return {
        "text": "".join([part.text for part in parts if isinstance(part, chat.TextPart | chat.RefusalPart)]),
        "calls": [(call.name, _value(call.arguments)) for call in calls],
        "ids": [call.id for call in calls],
        "reason": reason,
    }


def _value(arguments: str) -> Any:
    """The arguments; what is no JSON is wrapped where a dialect must have an object."""
    try:
        return json.loads(arguments or "{}")
    except ValueError:
        return {"invalid_json": arguments}


def _check(again: chat.Answer, answer: chat.Answer, other: ModuleType) -> None:
    """Nothing has changed, but that a count of nothing or an id may be made up where a dialect must have one."""
    counted = answer.usage is not None and answer.usage.total_tokens > 0
    told, expected = _told(again, counted=counted), _told(answer, counted=counted)
    if other is anthropic_messages and _has_refused(answer):
        expected["choices"][0]["reason"] = "content_filter"
    for said, wanted in zip(told["choices"], expected["choices"], strict=True):
        assert all(said["ids"])
        said["ids"] = [given and made for given, made in zip(wanted["ids"], said["ids"], strict=True)]
    assert told == expected, other.NAME


def _has_refused(answer: chat.Answer) -> bool:
    """A refusal is an ordinary stop where it is said apart from words, and a reason to stop where it is not."""
    return any(isinstance(part, chat.RefusalPart) for part in answer.choices[0].message.parts)
