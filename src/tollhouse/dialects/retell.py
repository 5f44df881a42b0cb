"""A whole answer as the events that tell it: what `collect` gathers, said again."""

from __future__ import annotations

from collections.abc import Iterator

from tollhouse.dialects import chat


def retell(answer: chat.Answer, cost_usd: str | None = None) -> Iterator[chat.Event]:
    """The events of a stream that comes to this answer. Fields that only its dialect knows are not told.

    Args:
        cost_usd: told beside the usage, to a client who wants to know.
    """
    yield chat.Began(id=answer.id, model=answer.model, created=answer.created)
    for choice in answer.choices:
        index = choice.index
        for part in choice.message.parts:
            yield from _told(index, part)
        for slot, call in enumerate(choice.message.tool_calls):
            yield chat.ToolCallDelta(
                index=index,
                slot=slot,
                id=call.id,
                name=call.name,
                arguments=call.arguments,
                type=call.type,
                signature=call.signature,
                made_by=call.made_by,
                namespace=call.namespace,
            )
        if choice.logprobs is not None:
            yield chat.LogprobsDelta(index, choice.logprobs)
        yield chat.Finished(index, choice.finish_reason, choice.said, choice.stop_sequence)
    if answer.usage is not None:
        yield chat.UsageSeen(answer.usage, cost_usd)
    yield chat.Ended()


def _told(index: int, part: chat.Part) -> Iterator[chat.Event]:
    match part:
        case chat.TextPart():
            yield chat.TextDelta(index, part.text)
            for citation in part.citations:
                yield chat.CitationSeen(index, citation)
        case chat.ReasoningPart():
            yield chat.ReasoningDelta(index, part.text, part.signature, part.sealed, part.made_by, part.id)
        case chat.RefusalPart():
            yield chat.RefusalDelta(index, part.text)
        case chat.SpokenPart():
            yield chat.AudioDelta(index, part.id, part.data, part.transcript, part.expires_at)
        case chat.AudioPart():
            yield chat.AudioDelta(index, data=part.data)
        case chat.ImagePart() | chat.FilePart() | chat.OtherPart():
            yield chat.PartSeen(index, part)
