"""What another provider has signed comes back through a client of Responses as it was, and goes to nobody else."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.dialects import chat, openai_responses, sse
from tollhouse.dialects.collect import collect
from tollhouse.dialects.openai_responses.seal import Proof, unwrap, wrap

words = st.none() | st.text(min_size=1, max_size=9)
foreign = st.builds(Proof, st.sampled_from(["anthropic_messages", "gemini"]), words, words, words).filter(
    lambda proof: proof.signature is not None or proof.sealed is not None
)


@given(foreign)
def test_a_foreign_proof_comes_back_from_its_seal(proof: Proof) -> None:
    seal = wrap(proof)
    assert seal is not None
    assert unwrap(seal) == proof


@given(st.text(max_size=20) | st.text("th1.abWQ=", max_size=20))
def test_any_other_seal_is_this_dialects_own_and_untouched(seal: str) -> None:
    assert wrap(unwrap(seal)) == (seal or None)


@pytest.mark.parametrize("stream", [False, True])
def test_signed_thinking_survives_a_client_of_responses(stream: bool) -> None:
    thought = chat.ReasoningPart("Hm.", signature="c2ln", made_by="anthropic_messages")
    if stream:
        writer = openai_responses.Writer("a", "m", 0, include_usage=True)
        said = chat.ReasoningDelta(0, "Hm.", "c2ln", None, "anthropic_messages")
        frames = sse.Reader().feed(b"".join(map(writer.write, [said, chat.Ended()])))
        item = msgspec.json.decode(frames[-1].data)["response"]["output"][0]
    else:
        message = chat.Message(role="assistant", parts=(thought,))
        choice = chat.Choice(index=0, message=message, finish_reason="stop", said="stop")
        body = openai_responses.write_answer(chat.Answer(id="a", model="m", created=0, choices=(choice,)))
        item = msgspec.json.decode(body)["output"][0]
    asked = msgspec.json.encode({"model": "m", "input": [item, {"role": "user", "content": "So?"}]})
    request = openai_responses.read_request(asked)
    (back,) = request.messages[0].parts
    assert msgspec.structs.replace(back, id=None) == thought  # type: ignore[type-var]  # it is a part of thinking
    sent = msgspec.json.decode(openai_responses.write_request(request))["input"]
    assert [each["role"] for each in sent] == ["user"], "a provider of this dialect could not read it"


CALL = chat.ToolCall("c1", "f", "{}", signature="c2ln", made_by="gemini")


def calling(stream: bool, *calls: chat.ToolCall) -> bytes:
    """An answer that calls, as a client of Responses gets it: whole, or the last event of its stream."""
    if not stream:
        message = chat.Message(role="assistant", tool_calls=calls)
        choice = chat.Choice(index=0, message=message, finish_reason="tool_calls", said="STOP")
        return openai_responses.write_answer(chat.Answer(id="a", model="m", created=0, choices=(choice,)))
    frames = sse.Reader().feed(streamed(*calls))
    return bytes(msgspec.json.decode(frames[-1].data, type=dict[str, msgspec.Raw])["response"])


def streamed(*calls: chat.ToolCall) -> bytes:
    writer = openai_responses.Writer("a", "m", 0, include_usage=True)
    said = [
        chat.ToolCallDelta(
            index=0, slot=slot, id=call.id, name=call.name, signature=call.signature, made_by=call.made_by
        )
        for slot, call in enumerate(calls)
    ]
    return b"".join(map(writer.write, [*said, chat.Ended()]))


@pytest.mark.parametrize("stream", [False, True])
def test_the_proof_of_a_call_survives_a_client_of_responses(stream: bool) -> None:
    other = chat.ToolCall("c2", "f", "{}", signature="b3RoZXI=", made_by="gemini")
    output = msgspec.json.decode(calling(stream, CALL, chat.ToolCall("c3", "g", "{}"), other))["output"]
    kinds = [item["type"] for item in output]
    assert kinds == ["reasoning", "function_call", "function_call", "reasoning", "function_call"]
    assert len({item["id"] for item in output}) == len(output)
    answers = [{"type": "function_call_output", "call_id": name, "output": "1"} for name in ("c1", "c3", "c2")]
    request = openai_responses.read_request(msgspec.json.encode({"model": "m", "input": [*output, *answers]}))
    (turn, *_) = request.messages
    assert [(call.id, call.signature, call.made_by) for call in turn.tool_calls] == [
        ("c1", "c2ln", "gemini"),
        ("c3", None, None),
        ("c2", "b3RoZXI=", "gemini"),
    ]
    assert turn.parts == ()


def test_the_proof_of_a_call_without_the_call_proves_nothing() -> None:
    (proof, _) = msgspec.json.decode(calling(False, CALL))["output"]
    asked = msgspec.json.encode({"model": "m", "input": [{"role": "user", "content": "So?"}, proof]})
    assert [message.role for message in openai_responses.read_request(asked).messages] == ["user"]


def test_the_proof_of_a_call_survives_another_gateway() -> None:
    reader = openai_responses.Reader()
    events = [event for frame in sse.Reader().feed(streamed(CALL)) for event in reader.read(frame)]
    (call,) = collect(events).choices[0].message.tool_calls
    assert (call.signature, call.made_by) == (CALL.signature, CALL.made_by)


def rewritten(*items: dict[str, Any]) -> list[Any]:
    asked = msgspec.json.encode({"model": "m", "input": items})
    openai_responses.glance_request(asked)
    sent = openai_responses.rewrite_request(asked, model="m", include_usage=False, cap=None)
    items_sent: list[Any] = msgspec.json.decode(sent)["input"]
    return items_sent


def test_a_provider_of_this_dialect_is_not_sent_what_another_has_proved() -> None:
    hello = {"role": "user", "content": "th1."}
    output = msgspec.json.decode(calling(False, CALL))["output"]
    thought = {"type": "reasoning", "summary": [], "encrypted_content": wrap(Proof("anthropic_messages", "c2ln"))}
    assert rewritten(hello, thought, *output) == [hello, output[1]]


@pytest.mark.parametrize("seal", ["th1.", "th1.abWQ=", "gAAA", "", None, 5, {"a": "th1."}])
def test_a_provider_of_this_dialect_is_sent_all_other_thinking(seal: object) -> None:
    thought = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "th1."}], "encrypted_content": seal}
    assert rewritten(thought) == [thought]
