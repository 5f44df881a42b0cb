"""What all dialects mean: a request, the events of an answer, the answer, usage.

Every chat dialect reads its bytes into these values and writes its bytes from them; a dialect never sees another one.
What one of them cannot say is told by `carry`, before it is written.
Values are frozen msgspec Structs because a stream makes one per event (0.05 us each, against 0.6 for a dataclass).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, TypeAlias

import msgspec

Role: TypeAlias = Literal["system", "developer", "user", "assistant", "tool"]
FormatType: TypeAlias = Literal["text", "json_object", "json_schema"]
FinishReason: TypeAlias = Literal["stop", "length", "tool_calls", "content_filter", "other"]


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of one call, all counts >= 0. The parts are contained in their totals.

    Attributes:
        input_tokens: everything read, cached or not.
        input_cached_tokens: of the input, what the provider had in its cache.
        input_cache_write_tokens: of the input, what it put into its cache.
        input_cache_write_1h_tokens: of that, what stays there for an hour, which costs more.
        input_audio_tokens: of the input, audio.
        output_tokens: everything made, reasoning included.
        output_reasoning_tokens: of the output, what the caller does not see.
        output_audio_tokens: of the output, audio.
        web_searches, file_searches: how often the provider looked something up there; each time has a fee.
        service_tier: the tier that served, when the provider tells (prices may differ).
        price_percent: percent of the listed price that it is billed at.
        told_usd: what the call costs, as the provider says.
        is_mended: the provider's parts were more than their whole; what stands here is the most that it can mean.
    """

    input_tokens: int
    output_tokens: int
    input_cached_tokens: int = 0
    input_cache_write_tokens: int = 0
    input_cache_write_1h_tokens: int = 0
    input_audio_tokens: int = 0
    output_reasoning_tokens: int = 0
    output_audio_tokens: int = 0
    web_searches: int = 0
    file_searches: int = 0
    service_tier: str | None = None
    price_percent: int = 100
    told_usd: Decimal | None = None
    is_mended: bool = False

    @property
    def total_tokens(self) -> int:
        """Input and output together."""
        return self.input_tokens + self.output_tokens


# What is asked. `extra` holds, wherever it appears, the fields that are not modelled, by name and as they came: its own
# dialect says them again, and there they win over what is modelled.


class Citation(msgspec.Struct, frozen=True, kw_only=True):
    """Where words come from.

    Attributes:
        url, title: of the source, when it has them.
        quote: the source's own words.
        start, end: the characters of the answer's text that rest on it, end exclusive; None when the dialect tells not.
        raw: the citation as its dialect said it, when that says more than is modelled.
    """

    url: str | None = None
    title: str | None = None
    quote: str | None = None
    start: int | None = None
    end: int | None = None
    raw: msgspec.Raw | None = None


class TextPart(msgspec.Struct, frozen=True):
    """Words, and what they rest on."""

    text: str
    extra: dict[str, msgspec.Raw] = {}
    citations: tuple[Citation, ...] = ()


class ImagePart(msgspec.Struct, frozen=True):
    """A picture: `url` is http(s) or a `data:` URL; `detail` is low, high or auto."""

    url: str
    detail: str | None = None
    extra: dict[str, msgspec.Raw] = {}


class AudioPart(msgspec.Struct, frozen=True):
    """Sound: base64 `data` in `format` (wav, mp3 …)."""

    data: str
    format: str
    extra: dict[str, msgspec.Raw] = {}


class FilePart(msgspec.Struct, frozen=True):
    """A document: the provider's `file_id`, a `data:` URL with a `filename`, or the `url` where it is fetched."""

    file_id: str | None = None
    data: str | None = None
    filename: str | None = None
    extra: dict[str, msgspec.Raw] = {}
    url: str | None = None


class RefusalPart(msgspec.Struct, frozen=True):
    """The model's words when it declines."""

    text: str


class ReasoningPart(msgspec.Struct, frozen=True):
    """The model's thinking.

    Attributes:
        signature: proves it to the provider that made it.
        sealed: thinking that only its provider can read (redacted, encrypted); `text` is then what it lets us see.
        made_by: the dialect of signature and seal; no other may say them.
        id: the provider's name for it, when it has one.
    """

    text: str
    signature: str | None = None
    sealed: str | None = None
    made_by: str | None = None
    id: str | None = None


class SpokenPart(msgspec.Struct, frozen=True, kw_only=True):
    """What the model said aloud: base64 `data` and its `transcript`; later turns name it by `id` until `expires_at`."""

    id: str = ""
    data: str = ""
    transcript: str = ""
    expires_at: int | None = None


class OtherPart(msgspec.Struct, frozen=True):
    """A part this page does not model, as its dialect said it; only the same dialect can say it again."""

    type: str
    raw: msgspec.Raw


Part: TypeAlias = TextPart | ImagePart | AudioPart | FilePart | RefusalPart | ReasoningPart | SpokenPart | OtherPart


class ToolCall(msgspec.Struct, frozen=True):
    """The model asks for a tool: `arguments` is JSON text as the model made it, valid or not.

    `signature` proves the thinking behind it to a provider of the dialect `made_by`; `namespace` is the tool's.
    """

    id: str
    name: str
    arguments: str
    type: str = "function"
    extra: dict[str, msgspec.Raw] = {}
    signature: str | None = None
    made_by: str | None = None
    namespace: str | None = None


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message of a conversation.

    Attributes:
        role: who speaks.
        parts: what is said, in order.
        tool_calls: the tools an assistant message asks for.
        tool_call_id: for role `tool`, which call this answers.
        is_error: for role `tool`, the tool failed.
        name: the speaker's name, when given; for role `tool` the tool's, when the dialect tells.
    """

    role: Role
    parts: tuple[Part, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    is_error: bool = False
    name: str | None = None
    extra: dict[str, msgspec.Raw] = {}


class Namespace(msgspec.Struct, frozen=True):
    """What sets functions apart that may have the names of others: of an MCP server, say."""

    name: str
    description: str | None = None


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """A tool the model may call; `parameters` is a JSON Schema.

    `raw` holds, as it came, a tool that is not a function; only its own dialect can say it.
    """

    type: str = "function"
    name: str = ""
    description: str | None = None
    parameters: msgspec.Raw | None = None
    strict: bool | None = None
    raw: msgspec.Raw | None = None
    namespace: Namespace | None = None
    extra: dict[str, msgspec.Raw] = {}


class ResponseFormat(msgspec.Struct, frozen=True, kw_only=True):
    """The form the answer must have: `text`, `json_object`, or `json_schema` with a schema."""

    type: FormatType
    name: str | None = None
    description: str | None = None
    schema: msgspec.Raw | None = None
    strict: bool | None = None


class ChatRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a client asks, in no dialect.

    Attributes:
        dialect: the name of the dialect that read it: what `extra`, `raw` and `OtherPart` hold is said in that.
        tool_choice: `auto`, `none`, `required`, or the name of one function as `("function", name)`.
        max_output_tokens: the client's cap per choice, reasoning included; None when it gave none.
        n: choices wanted.
        reasoning_effort: `none`, `minimal`, `low`, `medium`, `high` or `xhigh`.
        reasoning_budget_tokens: the most that thinking may take; 0 switches it off, -1 leaves it to the model.
        verbosity: `low`, `medium` or `high`.
        include_usage: a streaming client asked for the usage chunk.
    """

    model: str
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: str | tuple[str, str] | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    stop: tuple[str, ...] = ()
    n: int = 1
    seed: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    reasoning_effort: str | None = None
    reasoning_budget_tokens: int | None = None
    verbosity: str | None = None
    user: str | None = None
    stream: bool = False
    include_usage: bool = False
    dialect: str = ""
    extra: dict[str, msgspec.Raw] = {}


# What is answered, as it is said.


class Began(msgspec.Struct, frozen=True, kw_only=True):
    """The answer begins. `model` is the one that serves, which may differ from the one asked."""

    id: str
    model: str
    created: int


class TextDelta(msgspec.Struct, frozen=True):
    """More words of choice `index`."""

    index: int
    text: str


class ReasoningDelta(msgspec.Struct, frozen=True):
    """More thinking of choice `index`; signature, seal and id as in `ReasoningPart`, each in one piece.

    A signature or a seal completes the piece of thinking it comes with: what follows is another.
    """

    index: int
    text: str
    signature: str | None = None
    sealed: str | None = None
    made_by: str | None = None
    id: str | None = None


class CitationSeen(msgspec.Struct, frozen=True):
    """The words just said of choice `index` rest on this."""

    index: int
    citation: Citation


class RefusalDelta(msgspec.Struct, frozen=True):
    """More of a refusal of choice `index`."""

    index: int
    text: str


class AudioDelta(msgspec.Struct, frozen=True):
    """More sound of choice `index`: base64 `data`, each piece decodable by itself, and more of its transcript."""

    index: int
    id: str = ""
    data: str = ""
    transcript: str = ""
    expires_at: int | None = None


class ToolCallDelta(msgspec.Struct, frozen=True, kw_only=True):
    """More of tool call number `slot` of choice `index`; `id`, `name`, `namespace` and `signature` come once, with its
    first piece.

    Once a slot has followed another, the earlier one is complete.
    """

    index: int
    slot: int
    id: str | None = None
    name: str | None = None
    arguments: str = ""
    type: str = "function"
    signature: str | None = None
    made_by: str | None = None
    namespace: str | None = None


class PartSeen(msgspec.Struct, frozen=True):
    """A part of choice `index` that comes in one piece: a picture, a document, or what only its dialect knows."""

    index: int
    part: ImagePart | FilePart | OtherPart


class LogprobsDelta(msgspec.Struct, frozen=True):
    """Log probabilities for what was just said, as the dialect said them."""

    index: int
    raw: msgspec.Raw


class Finished(msgspec.Struct, frozen=True):
    """Choice `index` is complete; `said` is the provider's own word for the reason."""

    index: int
    reason: FinishReason
    said: str
    stop_sequence: str | None = None


class UsageSeen(msgspec.Struct, frozen=True):
    """The provider counts. The last one holds.

    Attributes:
        cost_usd: what that costs here, for the client; None when it is unknown, or nobody asked.
    """

    usage: Usage
    cost_usd: str | None = None


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """The provider reports an error, in its own words; `status` is the HTTP status, when it tells one."""

    message: str
    code: str | None = None
    type: str | None = None
    status: int | None = None
    param: str | None = None


class Ended(msgspec.Struct, frozen=True):
    """The dialect's terminal event was seen: nothing is missing."""


Event: TypeAlias = (
    Began
    | TextDelta
    | ReasoningDelta
    | RefusalDelta
    | AudioDelta
    | CitationSeen
    | ToolCallDelta
    | PartSeen
    | LogprobsDelta
    | Finished
    | UsageSeen
    | Failed
    | Ended
)


# What was answered, whole.


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One complete alternative."""

    index: int
    message: Message
    finish_reason: FinishReason
    said: str
    stop_sequence: str | None = None
    logprobs: msgspec.Raw | None = None
    extra: dict[str, msgspec.Raw] = {}


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A complete answer. `usage` is None when the provider did not count."""

    id: str
    model: str
    created: int
    choices: tuple[Choice, ...]
    usage: Usage | None = None
    extra: dict[str, msgspec.Raw] = {}
