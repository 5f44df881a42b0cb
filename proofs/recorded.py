"""What is mutated: recorded exchanges where there are some, and values that every dialect writes by itself.

The recordings are not part of this repository. They are looked for in the folder that TOLLHOUSE_WIRE names, else in
`../shared/wire` beside the checkout.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from tollhouse.dialects import (
    anthropic_messages,
    chat,
    gemini,
    openai_chat,
    openai_embeddings,
    openai_moderations,
    openai_responses,
)
from tollhouse.dialects.collect import collect
from tollhouse.dialects.gemini import embeddings as gemini_embeddings

ROOT = Path(os.environ.get("TOLLHOUSE_WIRE") or Path(__file__).resolve().parents[2] / "shared" / "wire")

DIALECTS: dict[str, ModuleType] = {
    "anthropic_messages": anthropic_messages,
    "gemini": gemini,
    "openai_chat": openai_chat,
    "openai_responses": openai_responses,
}
TEXTS: dict[str, ModuleType] = {
    "gemini_embeddings": gemini_embeddings,
    "openai_embeddings": openai_embeddings,
    "openai_moderations": openai_moderations,
}
"""Those in which nothing is said, and nothing streamed."""
FOLDERS = {
    "gemini_embeddings": ("gemini-embeddings",),
    "openai_embeddings": ("openai-embeddings", "voyage"),
    "openai_moderations": ("openai-moderations",),
    "anthropic_messages": ("anthropic-messages", "vertex-anthropic", "anthropic-count-tokens"),
    "gemini": ("gemini-generate", "gemini-stream", "vertex-gemini", "gemini-count-tokens"),
    "openai_chat": ("openai-chat", "azure-openai", "deepseek", "groq", "mistral", "openrouter", "xai", "vllm"),
    "openai_responses": ("openai-responses",),
}
MOST_BYTES = 12 * 1024
"""Longer bodies say nothing new, slowly."""

REQUEST = chat.ChatRequest(
    model="acme-1",
    messages=(
        chat.Message(role="system", parts=(chat.TextPart("Be brief"),)),
        chat.Message(
            role="user",
            parts=(chat.TextPart("Look"), chat.ImagePart("data:image/png;base64,AAAA"), chat.TextPart("ü")),
        ),
        chat.Message(
            role="assistant",
            parts=(chat.TextPart("Wait"),),
            tool_calls=(chat.ToolCall(id="call_1", name="look", arguments='{"at": 1}'),),
        ),
        chat.Message(role="tool", parts=(chat.TextPart("seen"),), tool_call_id="call_1", name="look"),
    ),
    tools=(chat.Tool(name="look", description="Looks", parameters=msgspec.Raw(b'{"type":"object","properties":{}}')),),
    tool_choice=("function", "look"),
    response_format=chat.ResponseFormat(type="json_schema", name="form", schema=msgspec.Raw(b'{"type":"object"}')),
    max_output_tokens=100,
    temperature=0.5,
    top_p=0.9,
)
WRITTEN_TEXTS: dict[str, tuple[Any, Any]] = {
    "gemini_embeddings": (
        {"requests": [{"model": "models/acme-1", "content": {"parts": [{"text": "Hi"}]}}]},
        {"embeddings": [{"values": [0.25, -0.001]}], "usageMetadata": {"promptTokenCount": 2}},
    ),
    "openai_embeddings": (
        {"model": "acme-1", "input": [[1, 2], [3]], "dimensions": 2, "encoding_format": "float", "user": "ada"},
        {
            "data": [{"object": "embedding", "index": 0, "embedding": [0.25, -0.001]}],
            "model": "acme-1",
            "usage": {"prompt_tokens": 3, "total_tokens": 3, "cost": 0.001},
        },
    ),
    "openai_moderations": (
        {"input": [{"type": "text", "text": "Hi"}, {"type": "image_url", "image_url": {"url": "https://example.com"}}]},
        {"id": "modr-1", "model": "acme-1", "results": [{"flagged": True, "categories": {"hate": True}}]},
    ),
}
"""By dialect, what is asked and what is answered."""
EVENTS: tuple[chat.Event, ...] = (
    chat.Began(id="answer_1", model="acme-1", created=1_700_000_000),
    chat.ReasoningDelta(0, "Hm"),
    chat.TextDelta(0, "One, "),
    chat.TextDelta(0, "two"),
    chat.ToolCallDelta(index=0, slot=0, id="call_1", name="look", arguments='{"at":'),
    chat.ToolCallDelta(index=0, slot=0, arguments=" 1}"),
    chat.Finished(0, "tool_calls", "tool_calls"),
    chat.UsageSeen(chat.Usage(input_tokens=19, output_tokens=10, input_cached_tokens=4, output_reasoning_tokens=2)),
    chat.Ended(),
)


def seeds(dialect: str) -> dict[str, list[bytes]]:
    """Bodies to begin from, by what they are: `request`, `answer`, `stream` and `error`."""
    found = _written(DIALECTS[dialect]) if dialect in DIALECTS else _written_texts(dialect)
    for folder in FOLDERS[dialect]:
        for file in sorted((ROOT / folder).glob("*.json")):
            for kind, body in _recorded(json.loads(file.read_bytes())):
                if 0 < len(body) <= MOST_BYTES:
                    found[kind].append(body)
    return found


def _written(dialect: ModuleType) -> dict[str, list[bytes]]:
    writer = dialect.Writer(id="answer_1", model="acme-1", created=1_700_000_000, include_usage=True)
    return {
        "request": [json.dumps({"model": "acme-1"} | json.loads(dialect.write_request(REQUEST))).encode()],
        "answer": [dialect.write_answer(collect(EVENTS))],
        "stream": [b"".join(map(writer.write, EVENTS))],
        "error": [dialect.write_error(chat.Failed(message="No", code="model_not_found"), 404, "req_1")],
    }


def _written_texts(dialect: str) -> dict[str, list[bytes]]:
    asked, answered = [json.dumps(value).encode() for value in WRITTEN_TEXTS[dialect]]
    error = TEXTS[dialect].write_error(chat.Failed(message="No", code="model_not_found"), 404, "req_1")
    return {"request": [asked], "answer": [answered], "stream": [], "error": [error]}


def _recorded(exchange: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    request, response = exchange["request"], exchange["response"]
    if request and request["body_kind"] == "json":
        # Where the address names the model, the surface writes it into the body.
        yield "request", json.dumps({"model": "acme-1"} | request["body"], ensure_ascii=False).encode()
    is_answer = response["status"] == 200
    if response["body_kind"] == "json":
        yield "answer" if is_answer else "error", json.dumps(response["body"], ensure_ascii=False).encode()
    elif response["body_kind"] == "sse" and is_answer:
        yield "stream", response["body"].encode()
