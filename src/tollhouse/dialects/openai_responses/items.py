"""A conversation as items, and the messages they make.

The dialect has no turns: thinking, words, calls and their outputs follow one another. Items of the model belong to one
message as long as they keep its order: thinking, words, calls. Whatever comes out of order begins the next one, so that
the items can be said again as they came.

Canonical forms: summaries of one piece of thinking are one text, blank lines between them, and its raw words stand in
when there is no summary; a model's message without words is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Raw

from tollhouse.dialects import chat, json_body
from tollhouse.dialects.modelled import Fields, Modelled
from tollhouse.dialects.openai_responses.carries import NAME
from tollhouse.dialects.openai_responses.content import Words, read_parts, telling, without_nones, write_content
from tollhouse.dialects.openai_responses.places import within_each
from tollhouse.dialects.openai_responses.seal import Proof, unwrap, wrap

CALLS = {"function_call": "function", "custom_tool_call": "custom"}
"""The items that call tools which the caller runs, and the types of these tools."""

_OUTPUT = "function_call_output"
_CUSTOM_OUTPUT = "custom_tool_call_output"

PARAGRAPH = "\n\n"
"""Between the summaries of one piece of thinking."""


class _Head(msgspec.Struct):
    type: str | None = None
    role: str | None = None


class _Message(msgspec.Struct):
    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[Raw]
    type: str | None = None


class _Call(msgspec.Struct):
    type: str
    call_id: str
    name: str
    arguments: str = ""
    input: str = ""
    namespace: str | None = None


class _Output(msgspec.Struct):
    call_id: str
    output: str | list[Raw]
    type: str


class _UsualMessage(msgspec.Struct, tag="message", forbid_unknown_fields=True):
    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[Words]


class _UsualCall(msgspec.Struct, tag="function_call", forbid_unknown_fields=True):
    call_id: str
    name: str
    arguments: str
    namespace: str | None = None


class _UsualOutput(msgspec.Struct, tag=_OUTPUT, forbid_unknown_fields=True):
    call_id: str
    output: str | list[Words]


class _Text(msgspec.Struct):
    text: str = ""


class Thinking(msgspec.Struct):
    """A reasoning item, as the wire has it."""

    id: str | None = None
    summary: list[_Text] | None = None
    content: list[_Text] | None = None
    encrypted_content: str | None = None

    @property
    def text(self) -> str:
        """What it lets us see."""
        return PARAGRAPH.join([piece.text for piece in self.summary or self.content or ()])

    @property
    def proof(self) -> Proof:
        """What proves it to its maker."""
        return unwrap(self.encrypted_content)


_NO_PROOF: Final = Proof()

_Usual: TypeAlias = _UsualMessage | _UsualCall | _UsualOutput
"""Nearly every item: what says nothing more, and needs no second look."""

_USUAL = msgspec.json.Decoder(_Usual)
_HEAD = msgspec.json.Decoder(_Head)
_MESSAGE = Modelled(_Message)
_CALL = Modelled(_Call)
_TOOL_OUTPUT = Modelled(_Output)
_THINKING = msgspec.json.Decoder(Thinking)


def read_items(raws: Sequence[Raw], inside: str) -> list[chat.Message]:
    """The messages that the items make; `inside` is the path of the list.

    Raises:
        InvalidRequest: an item is not of its type; `param` names it.
    """
    turns = _Turns()
    for position, raw in enumerate(raws):
        try:
            turns.add(raw)
        except msgspec.DecodeError as error:
            raise json_body.explain(error, inside=f"{inside}[{position}]") from None
    return turns.whole()


def write_items(message: chat.Message, *, is_own: bool) -> Iterator[dict[str, Any] | Raw]:
    """The items of a message; `is_own` when this dialect read it, and so thinking without a seal may be said."""
    if message.role == "tool":
        output = write_content(message.parts, "tool")
        yield {"type": _OUTPUT, "call_id": message.tool_call_id or "", "output": output} | message.extra
        return
    if message.role != "assistant":
        content = write_content(message.parts, message.role)
        yield {"type": "message", "role": message.role, "content": content} | message.extra
        return
    yield from _write_turn(message, is_own=is_own)
    for call in message.tool_calls:
        yield write_call(call) | call.extra


def write_picture(url: str, name: str) -> dict[str, Any] | None:
    """A picture that comes along, as the tool that makes them shows one; None for an address."""
    head, comma, data = url.partition(",")
    if not comma or not head.startswith("data:"):
        return None
    return {"id": name, "type": "image_generation_call", "status": "completed", "result": data}


def write_call(call: chat.ToolCall) -> dict[str, Any]:
    """A call, without what is not modelled of it."""
    kind, said = ("custom_tool_call", "input") if call.type == "custom" else ("function_call", "arguments")
    wire = {"type": kind, "call_id": call.id, "name": call.name, said: call.arguments}
    return wire if call.namespace is None else wire | {"namespace": call.namespace}


def write_thinking(text: str, sealed: str | None, made_by: str | None, name: str | None) -> dict[str, Any]:
    """A piece of thinking; a seal is said only when it is this dialect's own."""
    summary = [{"type": "summary_text", "text": text}] if text else []
    seal = sealed if made_by == NAME else None
    return {"type": "reasoning", "summary": summary} | without_nones(id=name, encrypted_content=seal)


def show_thinking(text: str, proof: Proof, name: str | None) -> dict[str, Any]:
    """A piece of thinking for a client, who returns the proof, whoever made it."""
    return write_thinking(text, wrap(proof), NAME, name)


def prove_call(call: chat.ToolCall, name: str) -> dict[str, Any] | None:
    """What goes before a call, to prove the thinking behind it; None when nothing does."""
    if call.signature is None:
        return None
    return show_thinking("", Proof(call.made_by, call.signature, call_id=call.id), name)


class _Turn:
    """What the model says in one go."""

    def __init__(self) -> None:
        self.parts: list[chat.Part] = []
        self.calls: list[chat.ToolCall] = []
        self.extra: Fields = {}
        self.has_spoken = False

    def whole(self) -> chat.Message | None:
        """The message; None when nothing was said."""
        if not (self.parts or self.calls or self.has_spoken):
            return None
        return chat.Message(role="assistant", parts=tuple(self.parts), tool_calls=tuple(self.calls), extra=self.extra)


class _Turns:
    """Gathers items into messages."""

    def __init__(self) -> None:
        self._messages: list[chat.Message] = []
        self._turn = _Turn()
        self._proofs: dict[str, Proof] = {}

    def add(self, raw: Raw) -> None:
        """Take one more item. Raises msgspec.DecodeError."""
        try:
            self._add_usual(_USUAL.decode(raw))
        except msgspec.ValidationError:
            self._add_closely(raw)

    def _add_usual(self, item: _Usual) -> None:
        if isinstance(item, _UsualCall):
            proof = self._proofs.pop(item.call_id, _NO_PROOF)
            self._turn.calls.append(
                chat.ToolCall(
                    item.call_id,
                    item.name,
                    item.arguments,
                    signature=proof.signature,
                    made_by=proof.made_by,
                    namespace=item.namespace,
                )
            )
        elif isinstance(item, _UsualOutput):
            self._append(chat.Message(role="tool", parts=_words(item.output), tool_call_id=item.call_id))
        elif item.role != "assistant":
            self._append(chat.Message(role=item.role, parts=_words(item.content)))
        elif parts := _words(item.content):
            self._speak(parts, {})

    def _add_closely(self, raw: Raw) -> None:
        head = _HEAD.decode(raw)
        match head.type or "message":
            case "message" if head.role == "assistant":
                self._say(raw)
            case "message":
                wire, extra = _MESSAGE.read(raw)
                self._append(chat.Message(role=wire.role, parts=read_parts(wire.content), extra=telling(extra)))
            case "reasoning":
                self._think(_THINKING.decode(raw))
            case kind if kind in CALLS:
                self._turn.calls.append(self._read_call(raw))
            case "function_call_output" | "custom_tool_call_output":
                self._append(_read_output(raw))
            case kind:
                self._add_other(kind, raw)

    def whole(self) -> list[chat.Message]:
        """All messages."""
        self._close()
        return self._messages

    def _think(self, wire: Thinking) -> None:
        proof = wire.proof
        if proof.call_id is not None:
            self._proofs[proof.call_id] = proof
            return
        if self._turn.has_spoken or self._turn.calls:
            self._close()
        self._turn.parts.append(chat.ReasoningPart(wire.text, proof.signature, proof.sealed, proof.made_by, wire.id))

    def _read_call(self, raw: Raw) -> chat.ToolCall:
        wire, extra = _CALL.read(raw)
        proof = self._proofs.pop(wire.call_id, _NO_PROOF)
        return chat.ToolCall(
            wire.call_id,
            wire.name,
            wire.arguments or wire.input,
            CALLS[wire.type],
            telling(extra),
            proof.signature,
            proof.made_by,
            wire.namespace,
        )

    def _say(self, raw: Raw) -> None:
        wire, fields = _MESSAGE.read(raw)
        parts, extra = read_parts(wire.content), telling(fields)
        if any(isinstance(part, chat.OtherPart) for part in parts):
            # In a model's message a part of unknown type would look like an item.
            self._add_other("message", raw)
        elif parts or extra:
            self._speak(parts, extra)

    def _speak(self, parts: tuple[chat.Part, ...], extra: Fields) -> None:
        if self._turn.has_spoken or self._turn.calls:
            self._close()
        self._turn.parts += parts
        self._turn.extra = extra
        self._turn.has_spoken = True

    def _add_other(self, kind: str, raw: Raw) -> None:
        # Behind a message that has a name and no words it would be said again before that.
        if self._turn.calls or (self._turn.has_spoken and not self._turn.parts):
            self._close()
        self._turn.parts.append(chat.OtherPart(kind, raw))

    def _append(self, message: chat.Message) -> None:
        self._close()
        self._messages.append(message)

    def _close(self) -> None:
        message = self._turn.whole()
        if message is not None:
            self._messages.append(message)
            self._turn = _Turn()


def _words(content: str | list[Words]) -> tuple[chat.Part, ...]:
    if isinstance(content, str):
        return (chat.TextPart(content),) if content else ()
    return tuple([chat.TextPart(part.text) for part in content])


def _read_output(raw: Raw) -> chat.Message:
    wire, extra = _TOOL_OUTPUT.read(raw)
    if wire.type != _OUTPUT:
        extra["type"] = Raw(msgspec.json.encode(wire.type))
    return chat.Message(role="tool", parts=read_parts(wire.output), tool_call_id=wire.call_id, extra=telling(extra))


def _write_turn(message: chat.Message, *, is_own: bool) -> Iterator[dict[str, Any] | Raw]:
    said: list[chat.Part] = []
    extra = message.extra
    for part in within_each(message.parts):
        if not isinstance(part, chat.ReasoningPart | chat.OtherPart):
            said.append(part)
            continue
        if said:
            yield _write_said(said, extra)
            said, extra = [], {}
        if isinstance(part, chat.OtherPart):
            yield part.raw
        elif (is_own and part.made_by in (None, NAME)) or (part.sealed is not None and part.made_by == NAME):
            yield write_thinking(part.text, part.sealed, part.made_by, part.id)
    if said or extra:
        yield _write_said(said, extra)


def _write_said(parts: list[chat.Part], extra: Fields) -> dict[str, Any]:
    """An item with an id or a status is one that the model made, whose content is a list."""
    content = write_content(parts, "assistant", as_list=bool(extra))
    return {"type": "message", "role": "assistant", "content": content} | extra
