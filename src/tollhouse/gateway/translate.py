"""What a provider of another dialect is asked: the client's request in other words, and what of it gets lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from tollhouse.dialects import carry, tool_names
from tollhouse.dialects.chat import ChatRequest
from tollhouse.dialects.texts import Asked, Texts
from tollhouse.errors import InvalidRequest
from tollhouse.gateway.route import Candidate
from tollhouse.providers.base import Provider, operation


class Translation(msgspec.Struct, frozen=True):
    """One request, to be said in a provider's dialect.

    Attributes:
        request: without what the provider does not take.
        lost: the fields that the client can do without, and that get lost.
        names: what the client calls the tools whose names the provider would not take.
    """

    dialect: ModuleType
    request: ChatRequest
    lost: tuple[str, ...]
    names: tool_names.Names = tool_names.NO_NAMES

    def body(self, model: str, *, cap: int | None, most_tokens: int | None) -> bytes:
        """The request as the provider reads it.

        Args:
            model: the provider's name for the model.
            cap: write this cap on the output, in tokens; None leaves the client's.
            most_tokens: the most that the model can say. It is the cap where the client gave none and the dialect must
                have one.
        """
        if cap is None:
            cap = self.request.max_output_tokens
        if cap is None and getattr(self.dialect, "NEEDS_CAP", False):
            cap = most_tokens
        asked = replace(self.request, model=model, max_output_tokens=cap, include_usage=self.request.stream)
        body: bytes = self.dialect.write_request(asked)
        return body


class TextsTranslation(msgspec.Struct, frozen=True):
    """One request to embed texts, to be said in a provider's dialect; `lost` as in a `Translation`."""

    dialect: ModuleType
    request: Texts
    lost: tuple[str, ...]

    def body(self, model: str, *, cap: int | None, most_tokens: int | None) -> bytes:
        """The request as the provider reads it. Nothing is made that had to be capped."""
        body: bytes = self.dialect.write_request(replace(self.request, model=model))
        return body


def lossy(lost: Iterable[str]) -> tuple[bytes, bytes]:
    """The header that names what gets lost between two dialects."""
    return b"x-tollhouse-lossy", ", ".join(lost).encode("ascii", "replace")


AnyTranslation: TypeAlias = Translation | TextsTranslation


def askable(
    candidates: Iterable[Candidate], spoken: ModuleType, body: bytes, read: Callable[[], Asked]
) -> tuple[list[Candidate], Mapping[str, AnyTranslation]]:
    """The candidates that can be asked this, best first, and by provider the translations for those who need one.

    Args:
        spoken: the client's dialect.
        body: the request as it came.
        read: reads all that is asked; called only when somebody needs that. May raise InvalidRequest.

    Raises:
        InvalidRequest: nobody can be asked; it names what the best of them cannot be told.
    """
    able: list[Candidate] = []
    translations: dict[str, AnyTranslation] = {}
    refusal: InvalidRequest | None = None
    for candidate in candidates:
        provider = candidate.provider
        try:
            if provider.speaks(spoken):
                refuse_unheld(provider, body, read)
            elif provider.name not in translations:
                translations[provider.name] = _translate(read, spoken, provider)
        except InvalidRequest as error:
            refusal = refusal or error
            continue
        able.append(candidate)
    if refusal is not None and not able:
        raise refusal
    return able, translations


def _translate(read: Callable[[], Asked], spoken: ModuleType, provider: Provider) -> AnyTranslation:
    dialect = provider.tongue(spoken)
    if dialect is None:
        wanted = operation(spoken)
        raise InvalidRequest(
            f"{provider.name} is not asked for {wanted} here. Name a model of a provider that is.",
            code="unsupported",
            param="model",
        )
    request = read()
    if isinstance(request, Texts):
        return TextsTranslation(dialect, request, dialect.losses(request))
    return translate(request, spoken, provider)


def refuse_unheld(provider: Provider, body: bytes, read: Callable[[], Asked]) -> None:
    """Raise InvalidRequest for what the provider may bill for though nothing is held for it."""
    words = provider.unheld_words
    # Most requests have these words nowhere, nor a letter by its number, and need not be read.
    if not words or (b"\\u" not in body and not any(word in body for word in words)):
        return
    found = provider.unheld(read())
    if found is not None:
        raise InvalidRequest(
            f"{provider.name} may not be asked with {found.what}: it would bill for what no budget has set money aside "
            f"for. {found.instead}",
            param=found.param,
        )


def translate(request: ChatRequest, spoken: ModuleType, provider: Provider) -> Translation:
    """The request for a provider that does not speak the client's dialect, `spoken`. Raises InvalidRequest."""
    dialect, lacks = provider.dialect, provider.lacks
    told_as = spoken.paths_of(request) if hasattr(spoken, "paths_of") else str
    lost = carry.losses(request, dialect.CARRIES, spoken.HINTS, lacks, told_as)
    asked, names = tool_names.fitted(request, dialect.TOOL_NAME_CHARS)
    # Who loses nothing uses nothing that the vendor lacks.
    return Translation(dialect, carry.without(asked, lacks) if lost else asked, lost, names)
