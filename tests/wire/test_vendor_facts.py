"""What each vendor is known for on the wire, by name; each fact is looked for in recordings, so that it is one."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tollhouse.dialects import chat, openai_chat
from tollhouse.dialects.collect import collect
from tollhouse.errors import UpstreamIncomplete, UpstreamRefused
from tollhouse.money.prices import cost_of
from tollhouse.money.published import published_price
from wire.recordings import Recording, needs_recordings, recordings
from wire.vendors import PROVIDERS, chunks, events, frames, heard

pytestmark = needs_recordings

DONE = b"data: [DONE]\n\n"


def of(folder: str, *, stream: bool | None = None) -> list[Recording]:
    """A vendor's answered chat recordings."""
    found = [one for one in recordings(folder, path_end="/chat/completions") if one.path and one.status == 200]
    return [one for one in found if stream is None or one.is_stream == stream]


def whole(folder: str) -> list[dict[str, Any]]:
    return [json.loads(one.answered) for one in of(folder, stream=False)]


def test_azure_begins_with_its_filters_verdict_and_no_choice():
    told = [one for one in of("azure-openai", stream=True) if "prompt_filter_results" in chunks(one)[0]]
    assert told
    for recording in told:
        first = frames(recording)[0]
        assert chunks(recording)[0]["choices"] == []
        said = openai_chat.Reader().read(first)
        assert not any(isinstance(event, chat.TextDelta | chat.Finished | chat.UsageSeen) for event in said)
        assert not openai_chat.is_usage_only(first, said)
        assert heard(PROVIDERS["azure"], [recording.answered])[0].startswith(first.raw)


def test_mistral_says_thinking_and_words_as_a_list_of_parts():
    thinking = [one for one in of("mistral", stream=True) if b'"type":"thinking"' in one.answered]
    assert thinking
    for recording in thinking:
        (choice,) = collect(events(recording.answered)).choices
        kinds = [type(part) for part in choice.message.parts]
        assert kinds == [chat.ReasoningPart, chat.TextPart]


def test_mistral_counts_without_being_asked():
    streams = of("mistral", stream=True)
    assert not any("stream_options" in json.loads(one.asked or b"{}") for one in streams)
    assert all(heard(PROVIDERS["mistral"], [one.answered])[1].usage for one in streams)


def test_openrouter_keeps_silent_streams_alive_with_comments():
    streams = [one for one in of("openrouter", stream=True) if "error" not in one.case]
    commented = [one for one in streams if b": OPENROUTER PROCESSING" in one.answered]
    assert len(commented) >= 10
    for recording in commented:
        comments = [frame for frame in frames(recording) if frame.raw.startswith(b": OPENROUTER")]
        assert not any(openai_chat.Reader().read(frame) for frame in comments)
    said, tally = heard(PROVIDERS["openrouter"], [commented[0].answered])
    assert b": OPENROUTER PROCESSING" in said
    assert tally.usage is not None


def test_openrouter_reports_an_error_inside_a_stream():
    (recording,) = [one for one in of("openrouter", stream=True) if "stream-error" in one.case]
    with pytest.raises(UpstreamRefused):
        heard(PROVIDERS["openrouter"], [recording.answered])


def test_openrouter_counts_however_it_is_asked_or_not_at_all():
    streams = [one for one in of("openrouter", stream=True) if "error" not in one.case]
    asked = [json.loads(one.asked or b"{}") for one in streams]
    assert any(one.get("usage") == {"include": True} for one in asked)
    assert any("usage" not in one and "stream_options" not in one for one in asked)
    assert all(heard(PROVIDERS["openrouter"], [one.answered])[1].usage for one in streams)


def test_the_cost_that_openrouter_tells_stays_in_the_answer():
    told = [one for one in of("openrouter", stream=False) if "cost" in json.loads(one.answered)["usage"]]
    assert len(told) >= 30
    for recording in told:
        assert openai_chat.glance_answer(recording.answered).usage is not None
    streamed = [one for one in of("openrouter", stream=True) if b'"cost":' in one.answered and "error" not in one.case]
    assert all(b'"cost":' in heard(PROVIDERS["openrouter"], [one.answered])[0] for one in streamed)


def test_groq_counts_in_a_field_of_its_own_while_it_streams():
    own = [one for one in of("groq", stream=True) if any((c.get("x_groq") or {}).get("usage") for c in chunks(one))]
    unasked = [one for one in own if "stream_options" not in json.loads(one.asked or b"{}")]
    assert unasked
    for recording in unasked:
        told = [chunk["x_groq"]["usage"] for chunk in chunks(recording) if (chunk.get("x_groq") or {}).get("usage")]
        usage = heard(PROVIDERS["groq"], [recording.answered])[1].usage
        assert usage is not None
        assert usage.input_tokens == told[-1]["prompt_tokens"]


def test_groq_tells_the_tier_that_served():
    tiers = {openai_chat.glance_answer(one.answered).usage.service_tier for one in of("groq", stream=False)}
    assert "on_demand" in tiers


def test_deepseek_counts_its_cache_in_a_field_of_its_own():
    told = [one["usage"] for one in whole("deepseek") if one["usage"].get("prompt_cache_hit_tokens")]
    assert told
    for usage in told:
        usage = {name: value for name, value in usage.items() if name != "prompt_tokens_details"}
        body = json.dumps({"choices": [{"message": {"content": ""}}], "usage": usage}).encode()
        read = openai_chat.glance_answer(body).usage
        assert read is not None
        assert read.input_cached_tokens == usage["prompt_cache_hit_tokens"]
        assert read.input_tokens == usage["prompt_cache_hit_tokens"] + usage["prompt_cache_miss_tokens"]


@pytest.mark.parametrize("folder", ["deepseek", "zai"])
def test_thinking_comes_as_reasoning_content(folder: str):
    thinking = [one for one in of(folder, stream=True) if b'"reasoning_content":"' in one.answered]
    assert thinking
    for recording in thinking:
        parts = collect(events(recording.answered)).choices[0].message.parts
        assert isinstance(parts[0], chat.ReasoningPart)


def test_xai_counts_thinking_beside_its_completion_tokens():
    told = [one["usage"] for one in whole("xai")]
    beside = [one for one in told if one["total_tokens"] > one["prompt_tokens"] + one["completion_tokens"]]
    assert beside
    for usage in beside:
        body = json.dumps({"choices": [{"message": {"content": ""}}], "usage": usage}).encode()
        read = openai_chat.glance_answer(body).usage
        assert read is not None
        assert read.total_tokens == usage["total_tokens"]
        assert read.output_reasoning_tokens == usage["completion_tokens_details"]["reasoning_tokens"]


def test_together_ends_with_eos_which_is_a_stop():
    assert (
        openai_chat.read_answer(b'{"choices":[{"index":0,"message":{"content":"Hi"},"finish_reason":"eos"}]}')
        .choices[0]
        .finish_reason
        == "stop"
    )


def test_a_vendor_may_count_without_details():
    bare = [one for one in whole("groq") if not one["usage"].get("prompt_tokens_details")]
    assert bare
    for answer in bare:
        usage = openai_chat.glance_answer(json.dumps(answer).encode()).usage
        assert usage is not None
        assert (usage.input_cached_tokens, usage.input_audio_tokens) == (0, 0)


def test_perplexity_names_its_sources_beside_the_choices():
    told = of("perplexity", stream=False)
    assert told
    for recording in told:
        body = json.loads(recording.answered)
        again = json.loads(openai_chat.write_answer(openai_chat.read_answer(recording.answered)))
        assert (again["citations"], again["search_results"]) == (body["citations"], body["search_results"])


def test_perplexity_is_never_charged_for_less_than_its_fee_and_tokens():
    for answer in whole("perplexity"):
        price = published_price("perplexity", answer["model"], date(2026, 11, 22))
        usage = openai_chat.glance_answer(json.dumps(answer).encode()).usage
        assert price is not None
        assert usage is not None
        assert price.per_request > 0
        assert cost_of(usage, price) >= Decimal(str(answer["usage"]["cost"]["total_cost"])) * 10**9


def test_cerebras_behind_hugging_face_leaves_the_end_out_and_it_is_said_for_it():
    silent = [one for one in of("huggingface-router", stream=True) if not one.answered.endswith(DONE)]
    assert len(silent) >= 5
    for recording in silent:
        said, tally = heard(PROVIDERS["huggingface"], [recording.answered])
        assert said == recording.answered + DONE
        assert tally.usage is not None
        with pytest.raises(UpstreamIncomplete):
            heard(PROVIDERS["openai"], [recording.answered])


def test_the_end_is_said_for_nobody_who_did_not_finish_or_did_not_count():
    (recording, *_) = [one for one in of("huggingface-router", stream=True) if not one.answered.endswith(DONE)]
    last = frames(recording)[-1]
    told = json.loads(last.data)
    assert told["usage"]
    uncounted = recording.answered.removesuffix(last.raw) + last.raw.replace(b'"usage":', b'"not_usage":')
    unfinished = recording.answered.removesuffix(last.raw) + last.raw.replace(b'"finish_reason":"stop",', b"")
    half = recording.answered + b'data: {"id":"chatcmpl'
    for stream in (uncounted, unfinished, half):
        assert stream != recording.answered
        with pytest.raises(UpstreamIncomplete):
            heard(PROVIDERS["huggingface"], [stream])
