"""How often a provider looked something up for a recorded answer: each time has a fee."""

from __future__ import annotations

import json

import pytest

from tollhouse.dialects import anthropic_messages, gemini, openai_responses, sse
from tollhouse.dialects.chat import UsageSeen
from wire.recordings import Recording, needs_recordings, recordings

pytestmark = needs_recordings

DIALECTS = {
    "anthropic-messages": anthropic_messages,
    "openai-responses": openai_responses,
    "gemini-generate": gemini,
    "gemini-stream": gemini,
}
RECORDED = [
    ("anthropic-messages", "server-tools--anthropic-text-parts-ahead-of-built-in-tool-call-3", 1, 0),
    ("anthropic-messages", "server-tools--in-flight-native-tool-call-history-is-accepted-0", 1, 0),
    ("openai-responses", "server-tools--openai-gpt-4o-responses-0", 1, 0),
    ("openai-responses", "server-tools--openai-responses-model-web-search-tool-0", 1, 0),
    ("openai-responses", "server-tools--openai-responses-model-file-search-tool-stream-3", 0, 1),
    ("gemini-generate", "server-tools--google-model-web-search-tool-0", 1, 0),
    ("gemini-generate", "server-tools--native-output-with-builtin-tools-0", 1, 0),
    ("gemini-stream", "server-tools--google-search-panel-uses-titles-not-redirect-urls-0", 2, 0),
    ("gemini-stream", "server-tools--native-output-with-builtin-tools-stream-0", 1, 0),
]
"""The last of Google's queries is empty where it was not asked."""


def recorded(folder: str, case: str) -> Recording:
    (found,) = [one for one in recordings(folder) if one.case == case]
    return found


@pytest.mark.parametrize(("folder", "case", "web", "files"), RECORDED)
def test_searches_are_counted(folder: str, case: str, web: int, files: int):
    recording, dialect = recorded(folder, case), DIALECTS[folder]
    if recording.is_stream:
        reader = dialect.Reader()
        frames = [*sse.Reader().feed(recording.answered), sse.END]
        seen = [event.usage for frame in frames for event in reader.read(frame) if isinstance(event, UsageSeen)]
        usage = seen[-1]
    else:
        usage = dialect.glance_answer(recording.answered).usage
    assert (usage.web_searches, usage.file_searches) == (web, files)


@pytest.mark.parametrize(("folder", "case", "web", "files"), RECORDED)
def test_whoever_may_search_is_known_before(folder: str, case: str, web: int, files: int):
    recording, dialect = recorded(folder, case), DIALECTS[folder]
    body = json.loads(recording.asked or b"{}") | ({"model": "gemini-2.5-flash"} if dialect is gemini else {})
    searches = dialect.glance_request(json.dumps(body).encode()).searches
    assert searches is None or searches >= web + files
