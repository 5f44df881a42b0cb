"""Columns that a model fills, as fields of Django's models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from django.core import checks
from django.db import models
from django.db.models import F
from django.db.models.query_utils import DeferredAttribute

from tollhouse.columns import order
from tollhouse.columns.field import Embedded, Field, Generated, OnEdit, Template
from tollhouse.columns.vectors import pack, unit, unpack

TOUCHED = "_ai_touched"
"""Where an object keeps the names of filled columns that were assigned since it was loaded."""


class _Assigned(DeferredAttribute):
    """Notes that a filled column is assigned: only then a save writes it, and not over what a worker has put there."""

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value
        instance.__dict__.setdefault(TOUCHED, set()).add(self.field.attname)


class Filled(models.Field):
    """A column that a model fills. `filling` says with what; it is no part of the schema, so migrations lack it."""

    descriptor_class = _Assigned
    filling: Field | None = None

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"null": True, "blank": True, "editable": True, **options})

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        if not add and self.attname not in model_instance.__dict__.get(TOUCHED, ()):
            return F(self.attname)
        return super().pre_save(model_instance, add)

    def check(self, **options: Any) -> list[Any]:
        found = super().check(**options)
        if self.filling is None:
            found.append(checks.Error("says neither `sources` nor `model`", obj=self, id="tollhouse.E001"))
            return found
        if not getattr(self.model, "fills_columns", False):
            hint = "Let the model inherit from tollhouse.contrib.django.base.AIModel."
            found.append(checks.Error("is in a model that does not tell of its saves", hint, self, "tollhouse.E002"))
        fields = self.model._meta.concrete_fields
        fillings = {it.attname: it.filling for it in fields if isinstance(it, Filled) and it.filling is not None}
        try:
            order.check(fillings, {it.attname for it in fields})
        except ValueError as error:
            found.append(checks.Error(str(error), obj=self, id="tollhouse.E003"))
        return found


class _Generated(Filled):
    def __init__(
        self,
        sources: Sequence[str] = (),
        prompt: Template = "",
        model: str = "",
        *,
        version: str = "",
        system: str | None = None,
        returns: Any = str,
        max_chars: int | None = None,
        max_tokens: int | None = None,
        on_edit: OnEdit = "keep",
        debounce_s: float = 0.0,
        options: Mapping[str, Any] | None = None,
        **column: Any,
    ) -> None:
        super().__init__(**column)
        if sources:
            self.filling = Generated(
                tuple(sources),
                prompt,
                model,
                version=version,
                system=system,
                returns=returns,
                max_chars=max_chars,
                max_tokens=max_tokens,
                on_edit=on_edit,
                debounce_s=debounce_s,
                options=options,
            )


class GeneratedText(_Generated, models.TextField):
    """Words of a model about other columns; the arguments are those of `tollhouse.columns.field.Generated`."""


class GeneratedValue(_Generated, models.JSONField):
    """A value of the type `returns`, kept as JSON."""


class EmbeddingField(Filled):
    """The vector of other columns, of length one; the arguments are those of `tollhouse.columns.field.Embedded`.

    With `pgvector=False` PostgreSQL keeps it in an array, and needs no extension.
    """

    def __init__(
        self,
        sources: Sequence[str] = (),
        model: str = "",
        dims: int = 0,
        *,
        template: Template | None = None,
        version: str = "",
        debounce_s: float = 0.0,
        chooses_dims: bool = False,
        chunk_chars: int | None = None,
        pgvector: bool = True,
        **column: Any,
    ) -> None:
        super().__init__(**{"editable": False, **column})
        self.dims, self.pgvector = dims, pgvector
        if sources:
            self.filling = Embedded(
                tuple(sources),
                model,
                dims,
                template=template,
                version=version,
                debounce_s=debounce_s,
                chooses_dims=chooses_dims,
                chunk_chars=chunk_chars,
            )

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        return name, path, args, {**options, "dims": self.dims, "pgvector": self.pgvector}

    def db_type(self, connection: Any) -> str:
        if connection.vendor == "postgresql":
            return f"vector({self.dims})" if self.pgvector else "real[]"
        return "BLOB"

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> str:
        return f"%s::{self.cast_type}" if connection.vendor == "postgresql" else "%s"

    @property
    def cast_type(self) -> str:
        """The type on PostgreSQL."""
        return "vector" if self.pgvector else "real[]"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None or hasattr(value, "resolve_expression"):
            return value
        vector = unit(value, self.dims)
        if connection.vendor != "postgresql":
            return pack(vector)
        return msgspec.json.encode(vector).decode() if self.pgvector else list(vector)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> tuple[float, ...] | None:
        if value is None:
            return None
        if isinstance(value, bytes | memoryview):
            return unpack(bytes(value))
        return msgspec.json.decode(value, type=tuple[float, ...]) if isinstance(value, str) else tuple(value)
