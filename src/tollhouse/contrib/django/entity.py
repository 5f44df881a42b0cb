"""A model with columns that are filled: their definitions, and how its rows are named."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from django.apps import apps

from tollhouse.columns.field import Field
from tollhouse.contrib.django.fields import Filled


@dataclass(frozen=True, kw_only=True, eq=False)
class Entity:
    """A model.

    Attributes:
        name: its label, such as `shop.Product`.
        fields: column -> what it is filled with.
    """

    name: str
    model: type[Any]
    fields: Mapping[str, Field]

    @property
    def sources(self) -> list[str]:
        """All columns that something is made of."""
        return sorted({source for field in self.fields.values() for source in field.sources})

    @property
    def watched(self) -> set[str]:
        """All columns whose change means something."""
        return {*self.sources, *self.fields}

    def pk(self, value: Any) -> str:
        """A row's name: its primary key as JSON."""
        return msgspec.json.encode([value], enc_hook=str).decode()

    def key(self, pk: str) -> Any:
        """The primary key in a name."""
        return self.model._meta.pk.to_python(json.loads(pk)[0])

    def rows(self, using: str | None, pks: Collection[str], *more: str) -> dict[str, dict[str, Any]]:
        """What the columns of rows are made of, and more columns, by the rows' names; who is gone is left out."""
        names = {*self.sources, *more}
        found = self.model._base_manager.using(using).filter(pk__in=[self.key(pk) for pk in pks])
        return {self.pk(row.pop("pk")): row for row in found.values("pk", *names)}


_ENTITIES: dict[Any, Entity] = {}


def entity_of(model: type[Any]) -> Entity:
    """That of a model; one without filled columns has no fields."""
    known = _ENTITIES.get(model)
    if known is None:
        known = _ENTITIES[model] = _read(model)
    return known


def entities() -> Iterable[Entity]:
    """Those of all installed models that have such columns."""
    found = {entity_of(model) for model in apps.get_models() if not model._meta.proxy}
    return sorted((entity for entity in found if entity.fields), key=lambda entity: entity.name)


def _read(model: type[Any]) -> Entity:
    concrete = model._meta.concrete_model or model
    fields = {it.attname: it.filling for it in concrete._meta.concrete_fields if isinstance(it, Filled) and it.filling}
    return Entity(name=concrete._meta.label, model=concrete, fields=fields)
