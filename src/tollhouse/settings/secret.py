"""A secret in the settings: where it lies, or the text itself, shown to nobody."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NoReturn

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from tollhouse.errors import ConfigurationError


class SecretRef:
    """`env:VAR`, `file:/path`, or the secret in plain text; read anew each time it is used.

    A secret that is replaced in its file or by its secret store is so picked up without a restart. Neither `repr`,
    `str`, JSON nor pickle gives a plain secret away.
    """

    __slots__ = ("_spec",)

    def __init__(self, spec: str) -> None:
        """Take a reference as written in the settings.

        Raises:
            ValueError: empty, a nameless variable, or a file that is not named from the root.
        """
        scheme, _, where = spec.partition(":")
        if not spec.strip() or (scheme in ("env", "file") and not where):
            raise ValueError("must be `env:VARIABLE`, `file:/path` or the secret itself, and not empty")
        if scheme == "file" and not Path(where).expanduser().is_absolute():
            raise ValueError("a secret's file must be named from the root: `file:/path`")
        self._spec = spec

    @property
    def is_plain(self) -> bool:
        """The secret itself was written down, not where it lies."""
        return not self._spec.startswith(("env:", "file:"))

    @property
    def is_exposed(self) -> bool:
        """Something secret was written down: a plain text, unless it is a URL without a password."""
        return self.is_plain and ("://" not in self._spec or "@" in self._spec)

    def resolve(self) -> str:
        """The secret, without the line break that ends a file.

        Raises:
            ConfigurationError: the variable is not set, or the file cannot be read or is empty.
        """
        scheme, _, where = self._spec.partition(":")
        if scheme == "env":
            return os.environ.get(where) or _missing(f"the environment variable {where} is not set")
        if scheme == "file":
            return _read(Path(where).expanduser())
        return self._spec

    def __str__(self) -> str:
        return "(hidden)" if self.is_plain else self._spec

    def __repr__(self) -> str:
        return f"SecretRef({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretRef) and other._spec == self._spec

    def __hash__(self) -> int:
        return hash(self._spec)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a SecretRef is not pickled")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.json_or_python_schema(
            json_schema=core_schema.no_info_after_validator_function(cls, core_schema.str_schema()),
            python_schema=core_schema.union_schema(
                [
                    core_schema.is_instance_schema(cls),
                    core_schema.no_info_after_validator_function(cls, core_schema.str_schema()),
                ],
                mode="left_to_right",
            ),
            serialization=core_schema.to_string_ser_schema(),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "description": "`env:VARIABLE`, `file:/path`, or the secret itself"}


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip() or _missing(f"the file {file} is empty")
    except (OSError, UnicodeDecodeError) as error:
        # The decoder's error quotes the bytes it met, so it is not chained.
        reason = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise ConfigurationError(f"A secret cannot be read: {file}: {reason}") from None


def _missing(what: str) -> NoReturn:
    raise ConfigurationError(f"A secret is missing: {what}")
