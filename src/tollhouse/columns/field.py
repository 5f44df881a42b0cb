"""What a column is filled with: a model's words about other columns, or their vector."""

from __future__ import annotations

import inspect
import string
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal, TypeAlias

import msgspec

OnEdit: TypeAlias = Literal["keep", "regenerate"]
Template: TypeAlias = str | Callable[[Mapping[str, Any]], str]

DIMS_MAX = 16_000
"""What a column of PostgreSQL's can hold."""

CHUNK_CHARS_LEAST = 100


@dataclass(frozen=True)
class Generated:
    """Words, or a value of a type, that a model makes of other columns.

    Attributes:
        sources: the columns it is made of; when one changes, it is made anew.
        prompt: a template with their names in braces, or a function of their values.
        model: by its name at Tollhouse, `provider/model` or a route.
        version: of a prompt that is a function: raise it when the function changes.
        system: what stands before the prompt.
        returns: `str`, or any type that msgspec reads from JSON, bounds included: `Annotated[list[str], Meta(...)]`.
        max_chars: a longer text is cut at the end of a word.
        max_tokens: a cap for the model.
        on_edit: whether a person's own value is kept, or made anew when the sources change.
        debounce_s: how long a row must rest after a change before it is asked about.
        options: more fields of a chat completion, such as `temperature`.
    """

    sources: tuple[str, ...]
    prompt: Template
    model: str
    _: KW_ONLY
    version: str = ""
    system: str | None = None
    returns: Any = str
    max_chars: int | None = None
    max_tokens: int | None = None
    on_edit: OnEdit = "keep"
    debounce_s: float = 0.0
    options: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        _check(self.sources, self.prompt, self.version, self.debounce_s)
        if self.on_edit not in ("keep", "regenerate"):
            raise ValueError(f"on_edit is `keep` or `regenerate`, not {self.on_edit!r}")
        if self.max_chars is not None and (self.returns is not str or self.max_chars < 1):
            raise ValueError("max_chars is a positive number, and for texts; bound other values by their type")

    def schema(self) -> dict[str, Any] | None:
        """The JSON schema of what it returns; None for a text."""
        if self.returns is str:
            return None
        # Providers hold models to objects only.
        return {
            "type": "object",
            "properties": {"value": msgspec.json.schema(self.returns)},
            "required": ["value"],
            "additionalProperties": False,
        }


@dataclass(frozen=True)
class Embedded:
    """The vector of other columns.

    Attributes:
        sources: the columns it is made of.
        model: an embedding model, by its name at Tollhouse.
        dims: how many numbers it has.
        template: how the sources become one text; unless told, one after another.
        version: of a template that is a function.
        debounce_s: how long a row must rest after a change.
        chooses_dims: the model is told how many numbers it shall give; for models that take that.
        chunk_chars: a longer text is embedded in pieces of so many characters at most, cut between words, and its
            vector is their mean.
    """

    sources: tuple[str, ...]
    model: str
    dims: int
    _: KW_ONLY
    template: Template | None = None
    version: str = ""
    debounce_s: float = 0.0
    chooses_dims: bool = False
    chunk_chars: int | None = None

    def __post_init__(self) -> None:
        _check(self.sources, self.template, self.version, self.debounce_s)
        if self.chunk_chars is not None and self.chunk_chars < CHUNK_CHARS_LEAST:
            raise ValueError(f"chunk_chars is {CHUNK_CHARS_LEAST} at least: shorter pieces say nothing by themselves")
        if not 1 <= self.dims <= DIMS_MAX:
            raise ValueError(f"dims is between 1 and {DIMS_MAX}, not {self.dims}")


Field: TypeAlias = Generated | Embedded


def _check(sources: Any, template: Template | None, version: str, debounce_s: float) -> None:
    if isinstance(sources, str) or not sources or len({*sources}) < len(sources):
        raise ValueError('sources are names of columns, each once: `from_=("title", "body")`')
    if debounce_s < 0:
        raise ValueError(f"debounce_s is a number of seconds, not {debounce_s}")
    if isinstance(template, str):
        named = {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
        if unknown := sorted(named - {*sources}):
            raise ValueError(f"the template names {', '.join(unknown)}, which is not among the sources")
        if not named:
            raise ValueError("the template names no source: write `{title}` where the title is to stand")
    elif template is not None:
        if not version:
            raise ValueError("a template that is a function needs a `version`, to be raised when the function changes")
        if inspect.iscoroutinefunction(template):
            raise ValueError("a template is asked without waiting: it cannot be a coroutine")
