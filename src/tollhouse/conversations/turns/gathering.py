"""An answer as it is said, gathered into parts in the order in which they came.

The order is that in which OpenAI's responses tell them as items: what was streamed to one client is what another one
finds kept.
"""

from __future__ import annotations

from tollhouse.conversations.messages.parts import (
    AnyPart,
    Audio,
    Reasoning,
    Refusal,
    Source,
    Text,
    ToolCall,
    from_seen,
    source_of,
)
from tollhouse.dialects import chat
from tollhouse.dialects.collect import join_sound
from tollhouse.errors import UpstreamIncomplete


class Gathering:
    """One answer; of several choices the first."""

    def __init__(self) -> None:
        self._pieces: list[_Words | _Thought | _Call | _Whole | _Sound] = []
        self._reason = "other"
        self._has_ended = False

    def add(self, event: chat.Event) -> None:
        """Take one more event. Raises UpstreamIncomplete when it tells of a failure."""
        match event:
            case chat.TextDelta(0, text) if text:
                self._words(Text).say(text)
            case chat.RefusalDelta(0, text) if text:
                self._words(Refusal).say(text)
            case chat.ReasoningDelta(index=0):
                self._think(event)
            case chat.ToolCallDelta(index=0):
                self._call(event)
            case chat.AudioDelta(index=0):
                self._sound(event)
            case chat.PartSeen(index=0):
                self._pieces.append(_Whole(from_seen(event)))
            case chat.CitationSeen(0, citation):
                self._last_words().sources.append(source_of(citation))
            case chat.Finished(0, reason):
                self._reason = reason
            case chat.Failed():
                raise UpstreamIncomplete(
                    "The provider failed while it was answering.",
                    may_have_billed=True,
                    provider_status=event.status,
                    provider_message=event.message,
                )
            case chat.Ended():
                self._has_ended = True
            case _:
                pass

    def whole(self) -> tuple[tuple[AnyPart, ...], str]:
        """The parts, and why it ended. Raises UpstreamIncomplete when its end has not been seen."""
        if not self._has_ended:
            raise UpstreamIncomplete("The provider's answer broke off before its end.", may_have_billed=True)
        return self.so_far(), self._reason

    def so_far(self) -> tuple[AnyPart, ...]:
        """The parts as far as they were said."""
        return tuple([piece.whole() for piece in self._pieces])

    def _words(self, kind: type[Text | Refusal]) -> _Words:
        last = self._pieces[-1] if self._pieces else None
        if not (isinstance(last, _Words) and last.kind is kind):
            last = _Words(kind)
            self._pieces.append(last)
        return last

    def _last_words(self) -> _Words:
        """Some vendors tell what words rest on when all is said."""
        said = (piece for piece in reversed(self._pieces) if isinstance(piece, _Words) and piece.kind is Text)
        return next(said, None) or self._words(Text)

    def _think(self, event: chat.ReasoningDelta) -> None:
        last = self._pieces[-1] if self._pieces else None
        if not (isinstance(last, _Thought) and last.goes_on(event)):
            last = _Thought(event.id)
            self._pieces.append(last)
        last.add(event)

    def _call(self, event: chat.ToolCallDelta) -> None:
        last = self._pieces[-1] if self._pieces else None
        if not (isinstance(last, _Call) and last.slot == event.slot):
            last = _Call(event)
            self._pieces.append(last)
        last.add(event)

    def _sound(self, event: chat.AudioDelta) -> None:
        """One recording, whatever is said in between: its pieces make sense only together."""
        known = next((piece for piece in self._pieces if isinstance(piece, _Sound)), None)
        if known is None:
            self._pieces.append(known := _Sound())
        known.deltas.append(event)


class _Words:
    def __init__(self, kind: type[Text | Refusal]) -> None:
        self.kind = kind
        self.sources: list[Source] = []
        self._said: list[str] = []

    def say(self, text: str) -> None:
        self._said.append(text)

    def whole(self) -> AnyPart:
        text = "".join(self._said)
        return Refusal(text) if self.kind is Refusal else Text(text, tuple(self.sources))


class _Thought:
    def __init__(self, name: str | None) -> None:
        self._name = name
        self._said: list[str] = []
        self._proof: chat.ReasoningDelta | None = None

    def goes_on(self, event: chat.ReasoningDelta) -> bool:
        return self._proof is None and event.id in (None, self._name)

    def add(self, event: chat.ReasoningDelta) -> None:
        self._said.append(event.text)
        if event.signature is not None or event.sealed is not None:
            self._proof = event

    def whole(self) -> AnyPart:
        text, proof = "".join(self._said), self._proof
        if proof is None:
            return Reasoning(text, id=self._name)
        return Reasoning(text, proof.signature, proof.sealed, proof.made_by, self._name)


class _Call:
    def __init__(self, first: chat.ToolCallDelta) -> None:
        self.slot = first.slot
        self._first = first
        self._said: list[str] = []
        self._proof: chat.ToolCallDelta | None = None

    def add(self, event: chat.ToolCallDelta) -> None:
        self._said.append(event.arguments)
        if event.signature is not None:
            self._proof = event

    def whole(self) -> AnyPart:
        first, proof = self._first, self._proof
        signature, made_by = (None, None) if proof is None else (proof.signature, proof.made_by)
        return ToolCall(
            first.id or "",
            first.name or "",
            "".join(self._said),
            first.type,
            signature,
            made_by,
            first.namespace,
        )


class _Whole:
    def __init__(self, part: AnyPart) -> None:
        self._part = part

    def whole(self) -> AnyPart:
        return self._part


class _Sound:
    def __init__(self) -> None:
        self.deltas: list[chat.AudioDelta] = []

    def whole(self) -> AnyPart:
        spoken = join_sound(self.deltas)
        return Audio(spoken.data, id=spoken.id, transcript=spoken.transcript)
