"""Google's own client takes what we write: as answers, as streams, as counts and as errors."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import Raw

from tollhouse.dialects import chat, gemini

genai = pytest.importorskip("google.genai", reason="google-genai is not installed")
httpx = pytest.importorskip("httpx2", reason="httpx2, which google-genai uses, is not installed")

CITED = chat.Citation(url="https://example.com", title="A page", start=0, end=3)
LOGPROBS = b'{"content":[{"token":"Rain","logprob":-0.5,"top_logprobs":[{"token":"Rain","logprob":-0.5}]}]}'
USAGE = chat.Usage(
    input_tokens=50, output_tokens=20, input_cached_tokens=10, output_reasoning_tokens=5, service_tier="standard"
)
EVENTS: tuple[chat.Event, ...] = (
    chat.Began(id="r-1", model="some-model", created=1_745_000_000),
    chat.ReasoningDelta(0, "hm", "c2ln", made_by="gemini"),
    chat.TextDelta(0, "Rain"),
    chat.LogprobsDelta(0, Raw(LOGPROBS)),
    chat.TextDelta(0, "."),
    chat.CitationSeen(0, CITED),
    chat.ToolCallDelta(index=0, slot=0, id="c0", name="f", arguments='{"city":'),
    chat.ToolCallDelta(index=0, slot=0, arguments='"Köln"}'),
    chat.Finished(0, "tool_calls", "tool_use"),
    chat.UsageSeen(USAGE),
    chat.Ended(),
)
ANSWER = chat.Answer(
    id="r-1",
    model="some-model",
    created=1_745_000_000,
    choices=(
        chat.Choice(
            index=0,
            message=chat.Message(
                role="assistant",
                parts=(
                    chat.ReasoningPart("hm", "c2ln", made_by="gemini"),
                    chat.TextPart("Rain.", citations=(CITED,)),
                ),
                tool_calls=(chat.ToolCall("c0", "f", '{"city":"Köln"}'),),
            ),
            finish_reason="tool_calls",
            said="tool_use",
            logprobs=Raw(LOGPROBS),
        ),
    ),
    usage=USAGE,
)


def client(body: bytes, status: int = 200, kind: str = "application/json") -> Any:
    """Google's client, whose network answers only this."""
    transport = httpx.MockTransport(
        lambda request: httpx.Response(status, content=body, headers={"content-type": kind})
    )
    return genai.Client(
        api_key="k",
        http_options=genai.types.HttpOptions(httpx_client=httpx.Client(transport=transport)),
    )


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_GENAI_USE_ENTERPRISE"):
        monkeypatch.delenv(name, raising=False)


def test_it_takes_a_written_answer():
    answer = client(gemini.write_answer(ANSWER)).models.generate_content(model="m", contents="Hi")
    (candidate,) = answer.candidates
    assert (answer.response_id, answer.model_version) == ("r-1", "some-model")
    assert "".join(part.text for part in candidate.content.parts if part.text and not part.thought) == "Rain."
    assert candidate.content.parts[0].thought_signature == b"sig"
    (call,) = answer.function_calls
    assert (call.id, call.name, call.args) == ("c0", "f", {"city": "Köln"})
    assert candidate.finish_reason == genai.types.FinishReason.STOP
    assert candidate.grounding_metadata.grounding_supports[0].segment.text == "Rai"
    assert candidate.logprobs_result.chosen_candidates[0].token == "Rain"
    assert answer.usage_metadata.thoughts_token_count == 5
    assert answer.usage_metadata.total_token_count == 70


def test_it_takes_a_blocked_prompt():
    blocked = gemini.read_answer(b'{"promptFeedback":{"blockReason":"SAFETY"},"modelVersion":"m"}')
    answer = client(gemini.write_answer(blocked)).models.generate_content(model="m", contents="Hi")
    assert answer.prompt_feedback.block_reason == genai.types.BlockedReason.SAFETY
    assert not answer.candidates


def test_it_takes_a_written_stream():
    writer = gemini.Writer("r-1", "some-model", 1_745_000_000, include_usage=True)
    stream = b"".join(map(writer.write, EVENTS))
    chunks = list(client(stream, kind="text/event-stream").models.generate_content_stream(model="m", contents="Hi"))
    parts = [part for chunk in chunks for part in chunk.candidates[0].content.parts]
    assert "".join(part.text for part in parts if part.text and not part.thought) == "Rain."
    (call,) = [part.function_call for part in parts if part.function_call]
    assert (call.id, call.name, call.args) == ("c0", "f", {"city": "Köln"})
    assert chunks[-1].candidates[0].finish_reason == genai.types.FinishReason.STOP
    assert chunks[-1].candidates[0].grounding_metadata.grounding_chunks[0].web.uri == "https://example.com"
    assert chunks[-1].usage_metadata.total_token_count == 70


def test_it_takes_a_written_count():
    assert client(gemini.write_count(8)).models.count_tokens(model="m", contents="Hi").total_tokens == 8


def test_it_takes_a_written_error():
    failed = chat.Failed(message="The budget is spent.", code="insufficient_quota")
    with pytest.raises(genai.errors.ClientError) as refused:
        client(gemini.write_error(failed, 429, "req_1"), status=429).models.generate_content(model="m", contents="Hi")
    assert (refused.value.code, refused.value.status) == (429, "RESOURCE_EXHAUSTED")
    assert refused.value.message == "The budget is spent."
