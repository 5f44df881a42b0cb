"""The input bound holds for everything that was ever recorded: no call reads more than its hold counted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tollhouse.dialects import openai_chat
from tollhouse.money.prices import input_bound
from tollhouse.providers.base import Limits, Provider, template_tokens
from tollhouse.providers.openai import PROVIDER as OPENAI
from wire.recordings import Recording, needs_recordings, recordings

SERVER = Provider(name="server", dialect=openai_chat, base_url="", hidden_tokens=template_tokens)
OTHERS = ("cerebras", "deepseek", "gpustack", "groq", "mistral", "ollama", "together", "vllm", "xai", "zai")
SEARCHES_BY_ITSELF = "compound"
"""Groq's models that search even when no tool is offered: what they read, only a page about Groq could tell."""


def counted_input(recording: Recording) -> int | None:
    """The provider's own count, the last one of a stream."""
    values: list[Any] = [recording.answered]
    if recording.is_stream:
        values = [line[5:] for line in recording.answered.splitlines() if line.startswith(b"data: {")]
    usages = [value["usage"] for raw in values if isinstance(value := json.loads(raw), dict) and value.get("usage")]
    return usages[-1].get("prompt_tokens") if usages else None


def bounded(recording: Recording, provider: Provider) -> int:
    assert recording.asked is not None
    body = json.dumps(json.loads(recording.asked), ensure_ascii=False, separators=(",", ":")).encode()
    glance = openai_chat.glance_request(body)
    hidden = provider.hidden_tokens(glance.has_tools, glance.tool_types)
    context_tokens = provider.limits.get(glance.model, Limits()).context_tokens
    return input_bound(len(body), glance.message_count, hidden, context_tokens, glance.media)


def counted(*providers: str) -> list[Recording]:
    return [
        recording
        for recording in recordings(*providers, path_end="/chat/completions")
        if recording.asked and recording.status == 200 and counted_input(recording)
        if SEARCHES_BY_ITSELF not in json.loads(recording.asked)["model"]
    ]


@needs_recordings
@pytest.mark.parametrize("recording", counted("openai-chat"), ids=str)
def test_openai_reads_no_more_than_the_bound(recording: Recording) -> None:
    assert (counted_input(recording) or 0) <= bounded(recording, OPENAI)


@needs_recordings
@pytest.mark.parametrize("recording", counted(*OTHERS), ids=str)
def test_a_server_of_the_same_dialect_reads_no_more_than_the_bound(recording: Recording) -> None:
    assert (counted_input(recording) or 0) <= bounded(recording, SERVER)
