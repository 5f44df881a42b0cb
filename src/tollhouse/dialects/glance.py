"""What the gateway needs to know of a request and of an answer, whichever dialect they are in.

A dialect's `glance_*` functions make these without reading what is said.
"""

from __future__ import annotations

import msgspec

from tollhouse.dialects import chat


class RequestGlance(msgspec.Struct, frozen=True, kw_only=True):
    """What the gateway needs to know of a request.

    Attributes:
        include_usage: a stream tells its usage without being asked for it by us.
        max_output_tokens: the client's cap per choice, reasoning included; None when it gave none.
        n: choices wanted.
        tool_types: the types of the tools offered: `function`, and the vendor's own.
        price_percent: percent of the listed price that it may be billed at.
        searches: the most that the vendor may look up for it at a fee; None when the client sets no bound.
        windows: of the model's context, one for each text that is asked about by itself.
        media: something other than words is sent along (images, sound, files, or parts unknown here).
    """

    model: str
    stream: bool
    include_usage: bool
    max_output_tokens: int | None
    n: int
    has_tools: bool
    tool_types: frozenset[str]
    message_count: int
    service_tier: str | None
    media: bool
    price_percent: int = 100
    searches: int | None = 0
    windows: int = 1


class AnswerGlance(msgspec.Struct, frozen=True, kw_only=True):
    """What the gateway needs to know of an unstreamed answer.

    Attributes:
        usage: None when the provider did not count, or counted nonsense.
        finish_reasons: one per choice, in the provider's words.
        output_bytes: roughly what was said, as JSON; never less than the text.
        failed: an error reported within status 200.
    """

    id: str
    model: str
    usage: chat.Usage | None
    finish_reasons: tuple[str, ...]
    output_bytes: int
    failed: chat.Failed | None
