"""Where in an answer stands what rests on something: counted here from the start of a part, elsewhere of all words."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from tollhouse.dialects import carry, chat


def placed(message: chat.Message) -> chat.Message:
    """A message that items made, as `over_all` has its parts."""
    return message if carry.is_plain(message) else replace(message, parts=tuple(over_all(message.parts)))


def over_all(parts: Iterable[chat.Part]) -> Iterator[chat.Part]:
    """The parts of a message, with places that count from the start of all its words."""
    begins = 0
    for part in parts:
        if not isinstance(part, chat.TextPart):
            yield part
            continue
        yield replace(part, citations=tuple([moved(each, begins) for each in part.citations])) if begins else part
        begins += len(part.text)


def within_each(parts: Iterable[chat.Part]) -> list[chat.Part]:
    """The same parts, with places that count from the start of each."""
    parts = [*parts]
    texts = iter(texts_within([part for part in parts if isinstance(part, chat.TextPart)]))
    return [next(texts) if isinstance(part, chat.TextPart) else part for part in parts]


def texts_within(texts: Sequence[chat.TextPart]) -> list[chat.TextPart]:
    """All texts of a message, with places that count from the start of each.

    Other dialects tell at the end what all words rest on: each citation goes to the text that its place is in.
    """
    begins: list[int] = []
    cited: list[list[chat.Citation]] = []
    chars = 0
    for text in texts:
        begins.append(chars)
        cited.append([])
        for citation in text.citations:
            home = -1 if citation.start is None else bisect_right(begins, citation.start) - 1
            cited[home].append(moved(citation, -begins[home]))
        chars += len(text.text)
    return [replace(text, citations=tuple(citations)) for text, citations in zip(texts, cited, strict=True)]


def moved(citation: chat.Citation, chars: int) -> chat.Citation:
    """The citation for what stands so many characters further on."""
    if not chars or citation.start is None or citation.end is None:
        return citation
    return replace(citation, start=citation.start + chars, end=citation.end + chars)
