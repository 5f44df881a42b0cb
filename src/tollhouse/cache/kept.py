"""What is kept of an answer: words that ended by themselves, as no dialect says them. Pure."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from tollhouse.dialects.chat import Answer, Choice, Message, Part, ReasoningPart, TextPart, Usage


class _Words(msgspec.Struct, frozen=True, tag="words"):
    """Words; what citations are in their dialect stands beside them, as text: bytes that may be none are not read."""

    part: TextPart
    raws: tuple[str | None, ...] = ()

    @property
    def whole(self) -> TextPart:
        cited = zip(self.part.citations, self.raws, strict=True)
        citations = [replace(each, raw=None if raw is None else msgspec.Raw(raw.encode())) for each, raw in cited]
        return replace(self.part, citations=tuple(citations))


class _Thought(msgspec.Struct, frozen=True, tag="thought"):
    part: ReasoningPart

    @property
    def whole(self) -> ReasoningPart:
        return self.part


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, and how it came to be.

    Attributes:
        dialect: what its client spoke; nobody else knows the fields in `extra` and `of_choice`.
        provider, model: who was asked; `served` is what the provider calls the model that answered.
        said: the provider's word for its end.
        lost: what of the question its provider was not told.
        cost: what it came to, in nanodollars; None when that is unknown.
        at_us: when, in microseconds since 1970.
    """

    dialect: str
    provider: str
    model: str
    served: str
    parts: tuple[_Words | _Thought, ...]
    said: str
    stop_sequence: str | None
    usage: Usage | None
    extra: dict[str, msgspec.Raw]
    of_choice: dict[str, msgspec.Raw]
    of_message: dict[str, msgspec.Raw]
    lost: tuple[str, ...]
    cost: int | None
    at_us: int

    @property
    def text(self) -> str:
        """Its words."""
        return "".join([each.part.text for each in self.parts if isinstance(each, _Words)])

    def answer(self, answer_id: str, created: int) -> Answer:
        """The answer, under a name and date of its own."""
        parts: tuple[Part, ...] = tuple([each.whole for each in self.parts])
        choice = Choice(
            index=0,
            message=Message(role="assistant", parts=parts, extra=self.of_message),
            finish_reason="stop",
            said=self.said,
            stop_sequence=self.stop_sequence,
            extra=self.of_choice,
        )
        return Answer(
            id=answer_id,
            model=self.served,
            created=created,
            choices=(choice,),
            usage=self.usage,
            extra=self.extra,
        )


def keep(answer: Answer, **known: Any) -> Kept | None:
    """What is kept of an answer; None when it is none to be given again.

    It must be one, and of words: what calls, refuses, shows, or was cut off or filtered is asked for anew.

    Args:
        known: what an answer does not tell of itself: `dialect`, `provider`, `model`, `lost`, `cost`, `at_us`.
    """
    if len(answer.choices) != 1:
        return None
    choice = answer.choices[0]
    message = choice.message
    if choice.finish_reason != "stop" or message.tool_calls or choice.logprobs is not None:
        return None
    parts: list[_Words | _Thought] = []
    for part in message.parts:
        if isinstance(part, TextPart):
            parts.append(_words(part))
        elif isinstance(part, ReasoningPart):
            parts.append(_Thought(part))
        else:
            return None
    if not any(isinstance(each, _Words) and each.part.text.strip() for each in parts):
        return None
    return Kept(
        served=answer.model,
        parts=tuple(parts),
        said=choice.said,
        stop_sequence=choice.stop_sequence,
        usage=None if answer.usage is None else replace(answer.usage, told_usd=None),
        extra=answer.extra,
        of_choice=choice.extra,
        of_message=message.extra,
        **known,
    )


def _words(part: TextPart) -> _Words:
    raws = [None if each.raw is None else bytes(each.raw).decode() for each in part.citations]
    return _Words(replace(part, citations=tuple([replace(each, raw=None) for each in part.citations])), tuple(raws))


dump = msgspec.json.Encoder().encode
load = msgspec.json.Decoder(Kept).decode
