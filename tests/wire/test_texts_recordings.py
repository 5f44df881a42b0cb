"""Recorded embeddings and moderations: what was asked is taken, what was answered is read, and no more was counted than
is held for."""

from __future__ import annotations

import json

import msgspec

from tollhouse.dialects import openai_embeddings, openai_moderations
from tollhouse.dialects.gemini import embeddings as gemini_embeddings
from tollhouse.dialects.texts import Texts
from tollhouse.gateway import measure
from tollhouse.money.prices import input_bound
from tollhouse.providers.openai import PROVIDER as OPENAI
from wire.recordings import Recording, needs_recordings, over, recordings

pytestmark = needs_recordings

EMBEDDINGS = [one for one in recordings("openai-embeddings", "vllm", path_end="/embeddings") if one.status == 200]
MODERATIONS = recordings("openai-moderations", path_end="/moderations")
GOOGLES = recordings("gemini-embeddings", path_end=":batchEmbedContents")


@over(EMBEDDINGS)
def test_recorded_vectors_are_counted_and_bounded(recording: Recording):
    assert recording.asked is not None
    glance = openai_embeddings.glance_request(recording.asked)
    answer = openai_embeddings.glance_answer(recording.answered)
    assert answer.usage is not None
    assert answer.usage.input_tokens == json.loads(recording.answered)["usage"]["prompt_tokens"] > 0
    unseen = OPENAI.unseen_tokens(glance.model, glance.has_tools, glance.tool_types)
    bound = input_bound(len(recording.asked), glance.message_count, unseen, 8_192 * glance.windows, glance.media)
    assert answer.usage.input_tokens <= bound


@over([one for one in EMBEDDINGS if one.provider == "openai-embeddings"])
def test_openais_own_count_is_ours(recording: Recording):
    assert recording.asked is not None
    request = openai_embeddings.read_request(recording.asked)
    encode = measure.encoding_of("openai", request.model)
    usage = openai_embeddings.glance_answer(recording.answered).usage
    assert encode is not None
    assert usage is not None
    assert measure.tokens_at_most(request, encode, 64) == usage.input_tokens


@over(EMBEDDINGS)
def test_only_the_models_name_is_rewritten(recording: Recording):
    assert recording.asked is not None
    rewritten = openai_embeddings.rewrite_request(recording.asked, model="m", include_usage=False, cap=None)
    assert json.loads(rewritten) == json.loads(recording.asked) | {"model": "m"}


@over(MODERATIONS)
def test_recorded_verdicts_are_answers(recording: Recording):
    assert recording.asked is not None
    asked = json.loads(recording.asked)
    glance = openai_moderations.glance_request(recording.asked)
    assert (glance.model, glance.media) == (asked["model"], not isinstance(asked["input"], str))
    answer = openai_moderations.glance_answer(recording.answered)
    assert (answer.failed, answer.model) == (None, json.loads(recording.answered)["model"])


@over([one for one in GOOGLES if one.status == 200])
def test_google_is_asked_as_it_was_and_its_vectors_are_read(recording: Recording):
    assert recording.asked is not None
    sent = json.loads(recording.asked)["requests"]
    asked = Texts(
        model=sent[0]["model"].removeprefix("models/"),
        texts=tuple(one["content"]["parts"][0]["text"] for one in sent),
        dimensions=sent[0]["outputDimensionality"],
    )
    # What a text is embedded for has no word in OpenAI's dialect.
    bare = [{name: value for name, value in one.items() if name != "taskType"} for one in sent]
    assert json.loads(gemini_embeddings.write_request(asked)) == {"requests": bare}
    assert gemini_embeddings.target(asked.model, stream=False).decode() in recording.path
    answer = gemini_embeddings.read_answer(recording.answered)
    told = json.loads(recording.answered)
    assert [msgspec.json.decode(one) for one in answer.vectors] == [one["values"] for one in told["embeddings"]]
    assert (answer.usage and answer.usage.input_tokens) == told.get("usageMetadata", {}).get("promptTokenCount")


@over([one for one in GOOGLES if one.status != 200])
def test_googles_refusals_are_told(recording: Recording):
    error = gemini_embeddings.classify(recording.status, recording.answered, recording.headers, 0.0)
    assert error.provider_status == recording.status
    assert json.loads(recording.answered)["error"]["message"][:50] in (error.provider_message or error.message)
