"""Vendors who speak OpenAI's dialect, each with its own provider file, against recorded traffic.

What the dialect itself makes of these recordings is held in `test_openai_chat_recordings`; here is what a call to the
vendor makes of them: who counts, what is bound, how a stream ends, and what each vendor is known for.
"""

from __future__ import annotations

import json
from typing import Any

import genai_prices
import pytest
from msgspec.structs import replace

from tollhouse import errors
from tollhouse.dialects import chat, openai_chat, sse
from tollhouse.dialects.collect import collect
from tollhouse.errors import UpstreamError, UpstreamIncomplete
from tollhouse.money.prices import input_bound
from tollhouse.money.published import published_models
from tollhouse.providers.base import Provider
from wire.recordings import Recording, in_short, needs_recordings, over, recordings, said_again
from wire.vendors import PROVIDERS, chunks, events, heard

FOLDERS = {
    "azure": "azure-openai",
    "cerebras": "cerebras",
    "deepseek": "deepseek",
    "groq": "groq",
    "huggingface": "huggingface-router",
    "mistral": "mistral",
    "openrouter": "openrouter",
    "perplexity": "perplexity",
    "together": "together",
    "xai": "xai",
    "zai": "zai",
}
ALL = [
    (PROVIDERS[name], recording)
    for name, folder in FOLDERS.items()
    for recording in recordings(folder, path_end="/chat/completions")
    if recording.path
]

FAILED_MIDWAY = {
    # The model called a tool that there is not; Groq says so in the stream.
    "groq/error--tool-use-failed-error-streaming-0",
    # The vendor behind OpenRouter refused; it says so in the stream.
    "openrouter/error--openrouter-stream-error-0",
}
COUNT_THE_CACHE_BESIDE = ("azure", "openrouter")
"""Grok on Azure and Gemini behind OpenRouter tell less input than they had in the cache: both were read, and both are
charged. The judge leaves the cache out."""
MODELS_OF_THE_JUDGE = {"mistral": "mistral-large-latest"}
"""How usage is written does not depend on the model, but the judge wants one it knows; its first does in most lists."""

ASKED = [(provider, each) for provider, each in ALL if each.asked]
WHOLE = [(provider, each) for provider, each in ALL if each.status == 200 and not each.is_stream]
STREAMS = [(provider, each) for provider, each in ALL if each.status == 200 and each.is_stream]
COMPLETE = [(provider, each) for provider, each in STREAMS if str(each) not in FAILED_MIDWAY]
REFUSED = [(provider, each) for provider, each in ALL if each.status != 200]

pytestmark = needs_recordings


def test_every_vendor_is_here_and_few_recordings_are_excused():
    assert {provider.name for provider, _ in ALL} == FOLDERS.keys()
    assert len(ALL) >= 290
    assert {str(each) for _, each in ALL} >= FAILED_MIDWAY
    assert len(FAILED_MIDWAY) <= 0.03 * len(ALL)


# Requests.


def asked_for_a_model(recording: Recording) -> bytes:
    """The request; on Azure's older surface the model is in the path, and any will do."""
    asked = json.loads(recording.asked or b"")
    return json.dumps({"model": "deployment"} | asked, ensure_ascii=False, separators=(",", ":")).encode()


@over(ASKED)
def test_a_vendor_hears_every_word_and_every_tool(provider: Provider, recording: Recording):
    body = asked_for_a_model(recording)
    rewritten = openai_chat.rewrite_request(body, model="m", include_usage=recording.is_stream, cap=77)
    said, asked = json.loads(provider.reword(rewritten)), json.loads(body)
    assert (said["messages"], said.get("tools")) == (asked["messages"], asked.get("tools"))
    assert 77 in (said.get("max_tokens"), said.get("max_completion_tokens"))
    assert asked.keys() - said.keys() <= {"stream_options", "max_completion_tokens"}


# Usage.


@over(WHOLE + COMPLETE)
def test_the_vendors_own_count_is_the_one_that_its_price_list_reads(provider: Provider, recording: Recording):
    """The judge is genai-prices, with its reader for this vendor where it has one."""
    told = last_usage(recording)
    usage = counted(provider, recording)
    if told is None:
        assert usage is None
        return
    judged = judge(provider, told)
    assert usage is not None
    assert usage.output_tokens == judged.output_tokens
    if (judged.cache_read_tokens or 0) + (judged.cache_write_tokens or 0) > judged.input_tokens:
        assert provider.name in COUNT_THE_CACHE_BESIDE
        assert usage.input_tokens > judged.input_tokens
    else:
        assert usage.input_tokens == judged.input_tokens


@over(WHOLE + COMPLETE)
def test_no_more_is_read_than_the_bytes_and_what_the_vendor_adds(provider: Provider, recording: Recording):
    usage = counted(provider, recording)
    body = asked_for_a_model(recording)
    glance = openai_chat.glance_request(body)
    hidden = provider.unseen_tokens(glance.model, glance.has_tools, glance.tool_types)
    bound = input_bound(len(body), glance.message_count, hidden, None, glance.media)
    assert usage is None or usage.input_tokens <= bound


# Streams.


@over(COMPLETE)
def test_a_stream_is_heard_to_its_end_however_it_is_cut(provider: Provider, recording: Recording):
    for stream, size_bytes in ((recording.answered, 1_000), (short := in_short(recording.answered), 7), (short, 1)):
        said, tally = heard(provider, [stream])
        assert said in (stream, stream + provider.unsaid_end)
        assert tally.has_ended
        pieces = [stream[at : at + size_bytes] for at in range(0, len(stream), size_bytes)]
        again, counted_again = heard(provider, pieces)
        assert again == said
        assert counted_again.usage == tally.usage
        assert counted_again.finish_reason == tally.finish_reason


@over(COMPLETE)
def test_a_stream_says_what_the_same_answer_says_whole(provider: Provider, recording: Recording):
    said, tally = heard(provider, [recording.answered])
    answer = collect(events(said))
    glance = openai_chat.glance_answer(openai_chat.write_answer(answer))
    assert glance.usage == said_again(replace(answer, usage=tally.usage)).usage
    assert glance.finish_reasons[-1] == tally.finish_reason
    assert openai_chat.read_answer(openai_chat.write_answer(answer)) == said_again(answer)


@over(COMPLETE)
def test_a_stream_without_its_end_is_cut_off(provider: Provider, recording: Recording):
    """Before the finish reason nobody may take a stream for complete, not even where the end goes unsaid."""
    frames = sse.Reader().feed(recording.answered)
    finish = next(at for at, frame in enumerate(frames) if b'"finish_reason":"' in frame.data.replace(b": ", b":"))
    with pytest.raises(UpstreamIncomplete):
        heard(provider, [frame.raw for frame in frames[:finish]])


@over(REFUSED)
def test_a_refusal_is_known_for_what_it_is(provider: Provider, recording: Recording):
    error = provider.dialect.classify(recording.status, recording.answered, recording.headers, 0.0)
    assert (
        type(error)
        in {
            400: (errors.UpstreamRefused,),
            401: (errors.UpstreamAuthFailed,),
            404: (errors.UpstreamRefused,),
            429: (errors.UpstreamRateLimited, errors.UpstreamQuota),
        }[recording.status]
    )
    assert not error.may_have_billed


@over([(provider, each) for provider, each in STREAMS if str(each) in FAILED_MIDWAY])
def test_an_error_inside_a_stream_is_an_error(provider: Provider, recording: Recording):
    with pytest.raises(UpstreamError) as failure:
        heard(provider, [recording.answered])
    assert type(failure.value) is not UpstreamIncomplete


def last_usage(recording: Recording) -> dict[str, Any] | None:
    """The body, or the chunk, that has the vendor's last count."""
    told = [json.loads(recording.answered)] if not recording.is_stream else chunks(recording)
    counts = [one for one in told if (one.get("usage") or (one.get("x_groq") or {}).get("usage"))]
    return counts[-1] if counts else None


def counted(provider: Provider, recording: Recording) -> chat.Usage | None:
    if recording.is_stream:
        return heard(provider, [recording.answered])[1].usage
    return provider.dialect.glance_answer(recording.answered).usage


def judge(provider: Provider, told: dict[str, Any]) -> Any:
    """Any: what genai-prices counts with. Of vendors it cannot read, and of no vendor, the dialect's own reading."""
    vendor = provider.priced_as if provider.priced_as not in (None, "together") else "openai"
    usage = told.get("usage") or told["x_groq"]["usage"]
    body = {"model": MODELS_OF_THE_JUDGE.get(vendor) or published_models(vendor)[0], "usage": usage}
    flavor = "default" if vendor in ("groq", "mistral", "perplexity") else "chat"
    return genai_prices.extract_usage(body, provider_id=vendor, api_flavor=flavor).usage
