"""The events of a stream, gathered into one whole answer."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable

import msgspec

from tollhouse import errors
from tollhouse.dialects import chat

_LOGPROBS = msgspec.json.Decoder(dict[str, list[msgspec.Raw] | None])


def collect(events: Iterable[chat.Event]) -> chat.Answer:
    """The answer that a complete stream tells; the same one that the provider would have given unstreamed.

    Raises:
        UpstreamIncomplete: the stream reports a failure, or ends before its terminal event.
    """
    collector = Collector()
    for event in events:
        collector.add(event)
    return collector.answer()


class Collector:
    """Gathers events as they come."""

    def __init__(self) -> None:
        self._began = chat.Began(id="", model="", created=0)
        self._choices: dict[int, _Choice] = {}
        self._usage: chat.Usage | None = None
        self._has_ended = False

    def add(self, event: chat.Event) -> None:
        """Take one more event.

        Raises:
            UpstreamIncomplete: it reports a failure.
        """
        match event:
            case chat.Began():
                self._began = event
            case chat.UsageSeen(usage):
                self._usage = usage
            case chat.Ended():
                self._has_ended = True
            case chat.Failed():
                raise errors.UpstreamIncomplete(
                    "The provider failed while it was answering.",
                    may_have_billed=True,
                    provider_status=event.status,
                    provider_message=event.message,
                )
            case _:
                self._choices.setdefault(event.index, _Choice()).add(event)

    def answer(self) -> chat.Answer:
        """The whole answer.

        Raises:
            UpstreamIncomplete: the terminal event has not been seen.
        """
        if not self._has_ended:
            raise errors.UpstreamIncomplete("The provider's answer broke off before its end.", may_have_billed=True)
        return chat.Answer(
            id=self._began.id,
            model=self._began.model,
            created=self._began.created,
            choices=tuple([choice.whole(index) for index, choice in sorted(self._choices.items())]),
            usage=self._usage,
        )


class _Call:
    def __init__(self, kind: str) -> None:
        self.id = ""
        self.name = ""
        self.type = kind
        self.arguments: list[str] = []
        self.signature: str | None = None
        self.made_by: str | None = None
        self.namespace: str | None = None

    def add(self, delta: chat.ToolCallDelta) -> None:
        self.id = delta.id or self.id
        self.name = delta.name or self.name
        self.namespace = delta.namespace or self.namespace
        self.arguments.append(delta.arguments)
        if delta.signature is not None:
            self.signature, self.made_by = delta.signature, delta.made_by

    def whole(self) -> chat.ToolCall:
        return chat.ToolCall(
            self.id,
            self.name,
            "".join(self.arguments),
            self.type,
            signature=self.signature,
            made_by=self.made_by,
            namespace=self.namespace,
        )


class _Thinking:
    """One piece of thinking after another; a signature or a seal completes one."""

    def __init__(self) -> None:
        self._complete: list[chat.ReasoningPart] = []
        self._text: list[str] = []
        self._id: str | None = None

    def add(self, delta: chat.ReasoningDelta) -> None:
        if delta.id is not None and self._id not in (None, delta.id):
            self._close()
        self._id = delta.id or self._id
        self._text.append(delta.text)
        if delta.signature is not None or delta.sealed is not None:
            self._close(delta)

    def whole(self) -> list[chat.ReasoningPart]:
        if self._text:
            self._close()
        return self._complete

    def _close(self, proof: chat.ReasoningDelta | None = None) -> None:
        text, name = "".join(self._text), self._id
        self._text, self._id = [], None
        part = chat.ReasoningPart(text, id=name)
        if proof is not None:
            part = chat.ReasoningPart(text, proof.signature, proof.sealed, proof.made_by, name)
        self._complete.append(part)


class _Choice:
    def __init__(self) -> None:
        self._text: list[str] = []
        self._thinking = _Thinking()
        self._citations: list[chat.Citation] = []
        self._refusal: list[str] = []
        self._sound: list[chat.AudioDelta] = []
        self._calls: dict[int, _Call] = {}
        self._others: list[chat.Part] = []
        self._logprobs: list[msgspec.Raw] = []
        self._finished: chat.Finished | None = None

    def add(
        self,
        event: chat.TextDelta
        | chat.ReasoningDelta
        | chat.RefusalDelta
        | chat.AudioDelta
        | chat.CitationSeen
        | chat.ToolCallDelta
        | chat.PartSeen
        | chat.LogprobsDelta
        | chat.Finished,
    ) -> None:
        match event:
            case chat.TextDelta(_, text):
                self._text.append(text)
            case chat.ReasoningDelta():
                self._thinking.add(event)
            case chat.CitationSeen(_, citation):
                self._citations.append(citation)
            case chat.RefusalDelta(_, text):
                self._refusal.append(text)
            case chat.AudioDelta():
                self._sound.append(event)
            case chat.ToolCallDelta():
                self._calls.setdefault(event.slot, _Call(event.type)).add(event)
            case chat.PartSeen(_, part):
                self._others.append(part)
            case chat.LogprobsDelta(_, raw):
                self._logprobs.append(raw)
            case chat.Finished():
                self._finished = event

    def whole(self, index: int) -> chat.Choice:
        finished = self._finished or chat.Finished(index, "other", "")
        return chat.Choice(
            index=index,
            message=chat.Message(
                role="assistant",
                parts=tuple(self._parts()),
                tool_calls=tuple([call.whole() for _, call in sorted(self._calls.items())]),
            ),
            finish_reason=finished.reason,
            said=finished.said,
            stop_sequence=finished.stop_sequence,
            logprobs=_join_logprobs(self._logprobs) if self._logprobs else None,
        )

    def _parts(self) -> Iterable[chat.Part]:
        yield from self._thinking.whole()
        if text := "".join(self._text):
            yield chat.TextPart(text, citations=tuple(self._citations))
        if refusal := "".join(self._refusal):
            yield chat.RefusalPart(refusal)
        if self._sound:
            yield join_sound(self._sound)
        yield from self._others


def join_sound(deltas: list[chat.AudioDelta]) -> chat.SpokenPart:
    """One recording; the pieces are padded each by itself, so they are joined as bytes.

    Raises:
        UpstreamIncomplete: a piece is not base64.
    """
    try:
        data = b"".join([base64.b64decode(delta.data, validate=True) for delta in deltas])
    except binascii.Error:
        raise _unreadable("sound") from None
    return chat.SpokenPart(
        id=next((delta.id for delta in deltas if delta.id), ""),
        data=base64.b64encode(data).decode(),
        transcript="".join([delta.transcript for delta in deltas]),
        expires_at=next((delta.expires_at for delta in reversed(deltas) if delta.expires_at), None),
    )


def _join_logprobs(raws: list[msgspec.Raw]) -> msgspec.Raw:
    """Objects of lists (`content`, `refusal`), each list going on where the last left off.

    Raises:
        UpstreamIncomplete: one is something else.
    """
    whole: dict[str, list[msgspec.Raw] | None] = {}
    for raw in raws:
        try:
            lists = _LOGPROBS.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise _unreadable("log probabilities") from None
        for name, more in lists.items():
            known = whole.get(name)
            whole[name] = known if more is None else (known or []) + more
    return msgspec.Raw(msgspec.json.encode(whole))


def _unreadable(what: str) -> errors.UpstreamIncomplete:
    return errors.UpstreamIncomplete(f"The provider's {what} cannot be read.", may_have_billed=True)
