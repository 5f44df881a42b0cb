"""What a provider is: where to talk and who we are, as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Final, Literal, NamedTuple, TypeAlias

import msgspec

from tollhouse.dialects.carry import Carry
from tollhouse.dialects.texts import Asked

Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]
Fields: TypeAlias = Mapping[str, str]
Authorize: TypeAlias = Callable[[str, Fields], Headers]
Address: TypeAlias = Callable[[str, Fields], str]
WriteTarget: TypeAlias = Callable[[bytes, str, Fields], bytes]
Reword: TypeAlias = Callable[[bytes], bytes]

WHOLE_CONTEXT_TOKENS: Final = 2**40
"""Hidden tokens without a bound of their own: a tool that the provider runs may read until the context is full."""

EMBEDDINGS: Final = "embeddings"
"""What is asked for where texts become vectors, in any dialect of it."""

CALLED_BY_US: Final = frozenset({"function", "custom", "namespace"})
"""Types of tools that only the caller runs. All others run at the provider, and what they find is read and charged."""


STRICT: Final[Mapping[str, Carry]] = {"reasoning": "lossy", "signed_reasoning": "lossy", "top_k": "lossy"}
"""What vendors lack who refuse each field of a chat completion that OpenAI's reference does not have."""


class Limits(NamedTuple):
    """What a model can take and give, in tokens; None when unknown."""

    context_tokens: int | None = None
    max_output_tokens: int | None = None


class ListedPrice(msgspec.Struct, frozen=True, kw_only=True):
    """A price as the operator wrote it: decimal strings, US dollars per million tokens, and `per_request` for a call
    besides; None when not told."""

    input: str | None = None
    output: str | None = None
    input_cached: str | None = None
    input_cache_write: str | None = None
    per_request: str | None = None


def bearer(api_key: str, fields: Fields) -> Headers:
    """`Authorization: Bearer`, as most vendors want it."""
    return ((b"authorization", b"Bearer " + api_key.encode()),)


class Field(NamedTuple):
    """What a credential may tell besides the key: no secret. `env` is the variable that usually holds it."""

    meaning: str
    env: str | None = None


def same_address(base_url: str, fields: Fields) -> str:
    """The base URL itself, as for every vendor who has one for all."""
    return base_url


def same_target(target: bytes, model: str, fields: Fields) -> bytes:
    """The dialect's own target."""
    return target


def same_words(body: bytes) -> bytes:
    """The request as its dialect writes it."""
    return body


class Unheld(NamedTuple):
    """What a vendor would bill for though nothing is held for it.

    Attributes:
        what: follows "may not be asked with".
        instead: what to do, as a sentence.
    """

    what: str
    param: str
    instead: str


FindUnheld: TypeAlias = Callable[[Asked], Unheld | None]


def nothing_unheld(asked: Asked) -> Unheld | None:
    """For vendors who bill for nothing but what prices tell."""
    return None


def no_hidden_tokens(has_tools: bool, tool_types: frozenset[str]) -> int:
    """For providers that add nothing to a prompt that its bytes do not bound."""
    return 0


def template_tokens(has_tools: bool, tool_types: frozenset[str]) -> int:
    """For servers that write the prompt from a template: the most that one adds to what a request's bytes bound.

    Recorded: 56 more tokens than bytes without tools (xAI), 514 more with the smallest tool (Llama 4 at Groq).
    """
    if tool_types - CALLED_BY_US:
        return WHOLE_CONTEXT_TOKENS
    return 1024 if has_tools else 64


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor or server, and the dialect it speaks.

    Attributes:
        name: the word before the slash in `provider/model`; lower case, no slash.
        dialect: a module of `tollhouse.dialects`: what is spoken with clients who speak none of the others.
        also: further dialects it speaks at the same base URL; a client who speaks one is passed through. What is asked
            for in none of its dialects (embeddings, moderations) it is not asked.
        counts: of those, the ones in which it counts tokens beforehand, as it may in its own.
        lacks: features of its dialect (`dialects.carry`) that this vendor does not take from a client of another
            dialect: `lossy` ones are left out with notice, `refused` ones refused.
        base_url: where its API starts, without a trailing slash; https, unless `allow_private_address`. Empty when each
            credential tells its own.
        docs_url: the vendor's page on it.
        env: environment variable that usually holds a key (imported by reference on the first run).
        fields: what a credential may tell besides the key, by name.
        authorize: headers that carry the key; gets the key and the credential's extra fields.
        address: (base URL, the credential's fields) -> the base URL of calls with it. A credential is sealed for the
            origin of that. Raises InvalidRequest, naming the field at fault.
        hosts: how the names of the vendor's own hosts end (`.example.com`): what else a credential may tell.
        target: (the dialect's target, model, the credential's fields) -> the one below the base URL. Raises
            InvalidRequest for a model whose name cannot stand in it.
        reword: makes of a request as its dialect writes it one that the vendor takes.
        unheld: (what is asked) -> what it would bill for though nothing is held for it, which is refused; None for
            nothing of the kind.
        unheld_words: a request in which none of these is written has nothing of the kind, and need not be read.
        unsaid_end: the stream's last event, when the vendor may leave it out. It is said for him after a finish reason,
            a count of tokens and a clean end of the body; without these three a stream that just ends is cut off.
        needs_key: calls without a credential make no sense.
        allow_private_address: said explicitly for local models; also permits `http:`.
        models: `open` lists pass unknown names on, unpriced; `closed` ones answer 404.
        limits: model name -> what it can take and give.
        prices: model name -> the operator's own price, before any published one.
        priced_as: the provider's id in genai-prices, when that has it.
        free: costs nothing (local models, the demo).
        unbilled: of its dialects, those in which it answers for nothing.
        tells_cost: what its count says that a call costs is what it bills, and is charged.
        hidden_tokens: (has tools, tool types) -> tokens the provider adds unseen, at most.
        tokenizer: whose tokenizer counts its models' tokens exactly, when it is one that we have.
        reads_unasked: models that use the provider's tools without being offered any.
    """

    name: str
    dialect: ModuleType
    base_url: str
    docs_url: str = ""
    env: str | None = None
    fields: Mapping[str, Field] = {}
    authorize: Authorize = bearer
    address: Address = same_address
    hosts: tuple[str, ...] = ()
    target: WriteTarget = same_target
    reword: Reword = same_words
    unheld: FindUnheld = nothing_unheld
    unheld_words: tuple[bytes, ...] = ()
    unsaid_end: bytes = b""
    needs_key: bool = True
    allow_private_address: bool = False
    models: Literal["open", "closed"] = "open"
    limits: Mapping[str, Limits] = {}
    prices: Mapping[str, ListedPrice] = {}
    priced_as: str | None = None
    free: bool = False
    unbilled: tuple[ModuleType, ...] = ()
    tells_cost: bool = False
    hidden_tokens: Callable[[bool, frozenset[str]], int] = no_hidden_tokens
    tokenizer: Literal["openai"] | None = None
    reads_unasked: frozenset[str] = frozenset()
    also: tuple[ModuleType, ...] = ()
    counts: tuple[ModuleType, ...] = ()
    lacks: Mapping[str, Carry] = {}

    def unseen_tokens(self, model: str, has_tools: bool, tool_types: frozenset[str]) -> int:
        """What a call's input has at most beyond what its bytes bound."""
        return WHOLE_CONTEXT_TOKENS if model in self.reads_unasked else self.hidden_tokens(has_tools, tool_types)

    def speaks(self, dialect: ModuleType) -> bool:
        """Requests in this dialect are passed on as they come."""
        return dialect is self.dialect or dialect in self.also

    def tongue(self, spoken: ModuleType) -> ModuleType | None:
        """The dialect in which it is asked what a client asks in another one, `spoken`; None when it does not do that
        at all."""
        wanted = operation(spoken)
        return next((one for one in (self.dialect, *self.also) if operation(one) == wanted), None)


def operation(dialect: ModuleType) -> str:
    """What is asked for in a dialect: the next turn of a chat, unless it says something else."""
    asked_for: str = getattr(dialect, "OPERATION", "chat")
    return asked_for
