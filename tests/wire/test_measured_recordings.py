"""The count that tightens a bound is itself a bound: no recorded call of OpenAI's read more."""

from __future__ import annotations

from tollhouse.dialects import openai_chat
from tollhouse.gateway import measure
from tollhouse.providers.openai import PROVIDER
from wire.recordings import Recording, needs_recordings, over, recordings

pytestmark = needs_recordings

CALLS = [
    recording
    for recording in recordings("openai-chat", path_end="/chat/completions")
    if recording.asked and recording.status == 200 and not recording.is_stream
]


@over(CALLS)
def test_no_recorded_call_read_more_than_was_counted(recording: Recording):
    assert recording.asked is not None
    request = openai_chat.read_request(recording.asked)
    glance = openai_chat.glance_request(recording.asked)
    encode = measure.encoding_of("openai", request.model)
    usage = openai_chat.glance_answer(recording.answered).usage
    if encode is None or usage is None or glance.media:
        # Not OpenAI's model, not counted, or more than words.
        return
    unseen = PROVIDER.unseen_tokens(request.model, glance.has_tools, glance.tool_types)
    at_most = measure.tokens_at_most(request, encode, unseen)
    assert at_most is None or usage.input_tokens <= at_most
