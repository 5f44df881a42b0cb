"""Items of a response that is being written: what each says while it grows, and what it is in the end."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec
from msgspec import Raw

from tollhouse.dialects import chat, sse
from tollhouse.dialects.openai_responses.answer import text_part
from tollhouse.dialects.openai_responses.content import write_citation
from tollhouse.dialects.openai_responses.items import show_thinking, write_call
from tollhouse.dialects.openai_responses.seal import Proof

Said: TypeAlias = dict[str, Any]
"""An event, without its sequence number."""


class OpenMessage:
    """Words and refusals, each run of them one part."""

    def __init__(self, place: int, name: str) -> None:
        self.status = "in_progress"
        self._place = place
        self._name = name
        self._parts: list[GrowingPart] = []
        self._part: GrowingPart | None = None

    def open(self) -> list[Said]:
        """The item as it begins."""
        return [_item("added", self._place, self.whole())]

    def say(self, kind: str, text: str) -> list[Said]:
        """More of a part of type `output_text` or `refusal`."""
        said, part = self._part_of(kind)
        part.pieces.append(text)
        said.append(part.delta | {"delta": text})
        return said

    def say_more(self, text: str) -> bytes:
        """The usual case as bytes: more of the words that are being said, up to where the number of the event stands.

        A third of the time of `say`. Empty when something else is being said.
        """
        part = self._part
        if part is None or not part.before:
            return b""
        part.pieces.append(text)
        return part.before + msgspec.json.encode(text)

    def weigh(self, tokens: list[Raw]) -> list[Said]:
        """The log probabilities of the last words: those have gone out, so these follow without any."""
        said, part = self._last_words()
        part.tokens += tokens
        said.append(part.delta | {"delta": "", "logprobs": tokens})
        return said

    @property
    def words(self) -> list[GrowingPart]:
        """The parts that are words, in order."""
        return [part for part in self._parts if part.kind == "output_text"]

    def cite(self, citation: chat.Citation, part: GrowingPart | None = None) -> list[Said]:
        """What the words of a part, or the last ones, rest on, also when the item is closed.

        Nothing when it has no address.
        """
        annotation = write_citation(citation)
        if annotation is None:
            return []
        said: list[Said] = []
        if part is None:
            said, part = self._last_words()
        number = len(part.citations)
        part.citations.append(citation)
        kind = "response.output_text.annotation.added"
        said.append({"type": kind} | part.at | {"annotation_index": number, "annotation": annotation})
        return said

    def close(self, status: str) -> list[Said]:
        """The item as it ends."""
        self.status = status
        return [*self._close_part(), _item("done", self._place, self.whole())]

    def whole(self) -> dict[str, Any]:
        """The item."""
        content = [part.whole() for part in self._parts]
        head = {"id": self._name, "type": "message", "status": self.status, "role": "assistant"}
        return head | {"content": content}

    def _part_of(self, kind: str) -> tuple[list[Said], GrowingPart]:
        """The open part, when it is of this kind, else a new one."""
        if self._part is not None and self._part.kind == kind:
            return [], self._part
        said = self._close_part()
        at = {"item_id": self._name, "output_index": self._place, "content_index": len(self._parts)}
        part = self._part = GrowingPart(kind, at)
        self._parts.append(part)
        said.append({"type": "response.content_part.added"} | at | {"part": part.whole()})
        return said, part

    def _last_words(self) -> tuple[list[Said], GrowingPart]:
        words = self.words
        return ([], words[-1]) if words else self._part_of("output_text")

    def _close_part(self) -> list[Said]:
        part, self._part = self._part, None
        if part is None:
            return []
        whole = part.whole()
        if part.kind == "refusal":
            text: dict[str, Any] = {"refusal": whole["refusal"]}
        else:
            text = {"text": whole["text"], "logprobs": part.tokens}
        return [
            {"type": f"response.{part.kind}.done"} | part.at | text,
            {"type": "response.content_part.done"} | part.at | {"part": whole},
        ]


class OpenThinking:
    """A piece of thinking, said as its summary."""

    def __init__(self, place: int, name: str, told_as: str | None = None) -> None:
        """Begin; `told_as` is the provider's name for it, when it has one."""
        self.told_as = told_as
        self._name = name
        self._place = place
        self._at = {"item_id": name, "output_index": place, "summary_index": 0}
        self._pieces: list[str] = []
        self._proof = Proof()

    def open(self) -> list[Said]:
        """The item as it begins."""
        return [_item("added", self._place, self.whole())]

    def say(self, text: str) -> list[Said]:
        """More of it."""
        delta = {"type": "response.reasoning_summary_text.delta"} | self._at | {"delta": text}
        self._pieces.append(text)
        if len(self._pieces) > 1:
            return [delta]
        return [{"type": "response.reasoning_summary_part.added"} | self._at | {"part": _summary("")}, delta]

    def prove(self, proof: Proof) -> None:
        """What only its maker can read, or check."""
        self._proof = proof

    def close(self, status: str) -> list[Said]:
        """The item as it ends."""
        said: list[Said] = []
        if self._pieces:
            text = "".join(self._pieces)
            said.append({"type": "response.reasoning_summary_text.done"} | self._at | {"text": text})
            said.append({"type": "response.reasoning_summary_part.done"} | self._at | {"part": _summary(text)})
        return [*said, _item("done", self._place, self.whole())]

    def whole(self) -> dict[str, Any]:
        """The item."""
        return show_thinking("".join(self._pieces), self._proof, self._name)


class OpenCall:
    """A tool call."""

    def __init__(self, place: int, name: str, first: chat.ToolCallDelta) -> None:
        self.slot = first.slot
        self.status = "in_progress"
        self._place = place
        self._name = name
        self._call = first
        self._pieces: list[str] = []
        self._field = "input" if first.type == "custom" else "arguments"
        self._at = {"item_id": name, "output_index": place}

    def open(self) -> list[Said]:
        """The item as it begins."""
        return [_item("added", self._place, self.whole())]

    def say(self, arguments: str) -> list[Said]:
        """More of its arguments."""
        if not arguments:
            return []
        self._pieces.append(arguments)
        return [{"type": f"{self._event}.delta"} | self._at | {"delta": arguments}]

    def close(self, status: str) -> list[Said]:
        """The item as it ends."""
        self.status = status
        arguments = {self._field: "".join(self._pieces)}
        return [{"type": f"{self._event}.done"} | self._at | arguments, _item("done", self._place, self.whole())]

    def whole(self) -> dict[str, Any]:
        """The item."""
        first = self._call
        said = "".join(self._pieces)
        call = chat.ToolCall(first.id or "", first.name or "", said, first.type, namespace=first.namespace)
        return {"id": self._name} | write_call(call) | {"status": self.status}

    @property
    def _event(self) -> str:
        return f"response.{'custom_tool_call' if self._field == 'input' else 'function_call'}_{self._field}"


class WholeItem:
    """An item that does not grow: a picture, or one that is not modelled."""

    def __init__(self, place: int, item: dict[str, Any] | Raw) -> None:
        self._place = place
        self._it = item

    def open(self) -> list[Said]:
        """The item as it begins, which is as it ends."""
        return [_item("added", self._place, self._it)]

    def close(self, status: str) -> list[Said]:
        """The item as it ends."""
        return [_item("done", self._place, self._it)]

    def whole(self) -> dict[str, Any] | Raw:
        """The item."""
        return self._it


class GrowingPart:
    """A part of a message that grows."""

    def __init__(self, kind: str, at: dict[str, Any]) -> None:
        self.kind = kind
        self.at = at
        self.delta = {"type": f"response.{kind}.delta"} | at
        self.before = b""
        if kind == "output_text":
            self.delta |= {"logprobs": []}
            self.before = sse.frame(msgspec.json.encode(self.delta), self.delta["type"])[:-3] + b',"delta":'
        self.pieces: list[str] = []
        self.citations: list[chat.Citation] = []
        self.tokens: list[Raw] = []

    @property
    def chars(self) -> int:
        """How long it is by now."""
        return sum(map(len, self.pieces))

    def whole(self) -> dict[str, Any]:
        """The part."""
        text = "".join(self.pieces)
        if self.kind == "refusal":
            return {"type": "refusal", "refusal": text}
        return text_part(text, tuple(self.citations), self.tokens, {})


def _item(event: str, place: int, item: dict[str, Any] | Raw) -> Said:
    return {"type": f"response.output_item.{event}", "output_index": place, "item": item}


def _summary(text: str) -> dict[str, str]:
    return {"type": "summary_text", "text": text}
