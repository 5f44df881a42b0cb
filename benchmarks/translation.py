"""What translating costs within one process: each step of a call, and of a streamed event, in microseconds.

Deterministic where a load test is not: nothing but the dialects runs, and of many repeats the quickest counts. In a
busy gateway the same steps cost more, because its caches are full of other things.
"""

from __future__ import annotations

import json
import timeit
from collections.abc import Callable
from types import ModuleType

import msgspec

from benchmarks.shapes import SENTENCE
from tollhouse.dialects import anthropic_messages, carry, chat, gemini, openai_chat, openai_responses, sse
from tollhouse.dialects.collect import collect
from tollhouse.gateway.translate import translate
from tollhouse.providers.base import STRICT, Provider

PAIRS: tuple[tuple[ModuleType, ModuleType], ...] = (
    (anthropic_messages, openai_chat),
    (openai_chat, anthropic_messages),
    (openai_responses, openai_chat),
    (openai_chat, gemini),
)
"""The client's dialect, and the provider's."""

REPEATS = 300
REPEAT_US = 400.0
"""A repeat is short, so that on a busy machine some are not interrupted."""

HEAD = chat.Began(id="chatcmpl-AAAAAAAAAAAAAAAAAAAAAAAAAAAAA", model="acme-1", created=1_790_000_000)
USAGE = chat.Usage(input_tokens=42, output_tokens=23)
WORDS = tuple(f" word{number}" for number in range(50))
ANSWERED: tuple[chat.Event, ...] = (
    HEAD,
    *(chat.TextDelta(0, word) for word in WORDS),
    chat.Finished(0, "stop", "stop"),
    chat.UsageSeen(USAGE),
    chat.Ended(),
)
SMALL = chat.ChatRequest(
    model="acme-1",
    messages=(
        chat.Message(role="system", parts=(chat.TextPart("You are helpful."),)),
        chat.Message(role="user", parts=(chat.TextPart(SENTENCE * 3),)),
    ),
    max_output_tokens=100,
)
TOOLS = tuple(
    chat.Tool(
        name=f"tool_{number}",
        description=SENTENCE,
        parameters=msgspec.Raw(b'{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}'),
    )
    for number in range(20)
)
LONG = msgspec.structs.replace(
    SMALL,
    tools=TOOLS,
    messages=(
        SMALL.messages[0],
        *(
            message
            for number in range(25)
            for message in (
                chat.Message(role="user", parts=(chat.TextPart(SENTENCE),)),
                chat.Message(
                    role="assistant",
                    parts=(chat.TextPart(SENTENCE),),
                    tool_calls=(chat.ToolCall(f"call_{number}", "tool_1", '{"path":"README.md"}'),),
                ),
                chat.Message(role="tool", parts=(chat.TextPart(SENTENCE),), tool_call_id=f"call_{number}"),
            )
        ),
        chat.Message(role="user", parts=(chat.TextPart(SENTENCE),)),
    ),
)
REQUESTS = {"a small call": SMALL, "76 messages, 20 tools": LONG}


def steps_of_call(client: ModuleType, spoken: ModuleType, asked: chat.ChatRequest) -> dict[str, float]:
    """What the gateway does beyond passing bytes, step by step; `not passing` is what it saves."""
    body = json.dumps({"model": asked.model} | json.loads(client.write_request(asked))).encode()
    provider = Provider(name="acme", dialect=spoken, base_url="https://acme.example", lacks=STRICT)
    request = client.read_request(body)
    translation = translate(request, client, provider)
    said = spoken.write_answer(collect(ANSWERED))
    answer = carry.bare_answer(spoken.read_answer(said))
    return {
        "read_request": us(lambda: client.read_request(body)),
        "translate": us(lambda: translate(request, client, provider)),
        "write_request": us(lambda: translation.body("acme-1", cap=None, most_tokens=1_000)),
        "read_answer": us(lambda: carry.bare_answer(spoken.read_answer(said))),
        "write_answer": us(lambda: client.write_answer(answer)),
        "not passing": -us(lambda: client.rewrite_request(body, model="acme-1", include_usage=False, cap=None)),
    }


def steps_of_event(client: ModuleType, spoken: ModuleType) -> dict[str, float]:
    """Reading and writing one event of words."""
    writer = spoken.Writer(id=HEAD.id, model=HEAD.model, created=HEAD.created, include_usage=True)
    frames = sse.Reader().feed(b"".join(map(writer.write, ANSWERED)))
    reader, ours = (
        spoken.Reader(),
        client.Writer(id=HEAD.id, model=HEAD.model, created=HEAD.created, include_usage=True),
    )
    heard = [(frame, events) for frame in frames if (events := reader.read(frame))]
    frame = next(frame for frame, (event, *_) in heard[5:] if isinstance(event, chat.TextDelta))
    words = [event for _, events in heard[:8] for event in events]
    for event in words:
        ours.write(event)
    delta = words[-1]
    return {"read": us(lambda: reader.read(frame)), "write": us(lambda: ours.write(delta))}


def us(step: Callable[[], object]) -> float:
    """Microseconds, of the quickest of many repeats."""
    once_us = min(timeit.repeat(step, number=1, repeat=20)) * 1e6
    loop = max(1, int(REPEAT_US / once_us))
    return min(timeit.repeat(step, number=loop, repeat=REPEATS)) / loop * 1e6


def measured() -> str:
    """For each pair of dialects a line for each kind of request, and one for an event."""
    lines = []
    for client, spoken in PAIRS:
        lines.append(f"{client.NAME} before {spoken.NAME}, us")
        for what, asked in REQUESTS.items():
            lines.append(row(what, steps_of_call(client, spoken, asked)))
        lines.append(row("an event of words", steps_of_event(client, spoken)))
    return "\n".join([*lines, ""])


def row(what: str, steps: dict[str, float]) -> str:
    told = ", ".join(f"{name} {taken:.1f}" for name, taken in steps.items())
    return f"  {what:<22} {sum(steps.values()):8.2f}  = {told}"
