"""A mapped class with columns that are filled: their definitions, and how its rows are named."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from weakref import WeakKeyDictionary

import msgspec
from sqlalchemy import Column, ColumnElement, Table, and_, true
from sqlalchemy.orm import InstrumentedAttribute, Mapper, class_mapper

from tollhouse.columns import order
from tollhouse.columns.field import Field

FIELD: Final = "tollhouse"
"""The key in a column's `info`."""

_ENTITIES: WeakKeyDictionary[Mapper[Any], Entity] = WeakKeyDictionary()


@dataclass(frozen=True, kw_only=True, eq=False)
class Entity:
    """A mapped class.

    Attributes:
        name: its table's, with the schema when it has one.
        fields: attribute -> what it is filled with.
        columns: attribute -> column, of the table that has the fields.
    """

    name: str
    mapper: Mapper[Any]
    table: Table
    fields: Mapping[str, Field]
    columns: Mapping[str, Column[Any]]

    @staticmethod
    def of(mapped: type[Any]) -> Entity:
        """That of a class. Its mapping is read without configuring it, for it may name classes that are to come."""
        return Entity.of_mapper(class_mapper(mapped, configure=False))

    @staticmethod
    def all_of(mappers: Iterable[Mapper[Any]]) -> list[Entity]:
        """Those of the tables that have such columns: classes that share a table are one."""
        tables: dict[str, Entity] = {}
        for one in sorted(map(Entity.of_mapper, mappers), key=lambda entity: len(entity.columns)):
            other = tables.get(one.name)
            if other is not None:
                one = replace(one, fields={**other.fields, **one.fields}, columns={**other.columns, **one.columns})
            tables[one.name] = one
        return [entity for entity in tables.values() if entity.fields]

    @staticmethod
    def of_attribute(attribute: InstrumentedAttribute[Any]) -> Entity:
        """That of the class that an attribute belongs to."""
        return Entity.of_mapper(attribute.parent.mapper)

    @staticmethod
    def of_mapper(mapper: Mapper[Any]) -> Entity:
        known = _ENTITIES.get(mapper)
        if known is None:
            columns = {name: it for name, it in mapper.columns.items() if isinstance(it, Column)}
            fields = {name: it.info[FIELD] for name, it in columns.items() if FIELD in it.info}
            table = next((columns[name].table for name in fields), mapper.local_table)
            known = _ENTITIES[mapper] = Entity(
                name=str(table.fullname) if isinstance(table, Table) else str(table),
                mapper=mapper,
                table=table,  # type: ignore[arg-type]  # a table, wherever there are fields
                fields=fields,
                columns={name: it for name, it in columns.items() if it.table is table},
            )
        return known

    def check(self) -> None:
        """Raise ValueError for definitions that cannot be."""
        try:
            order.check(self.fields, self.columns.keys())
        except ValueError as error:
            raise ValueError(f"{self.mapper.class_.__name__}: {error}") from None

    @property
    def key(self) -> Sequence[Column[Any]]:
        """The columns of the primary key."""
        return tuple(self.table.primary_key)

    @property
    def sources(self) -> list[str]:
        """All attributes that something is made of."""
        return sorted({source for field in self.fields.values() for source in field.sources})

    @property
    def is_of_class(self) -> ColumnElement[bool]:
        """That a row of the table is one of this class, where several share it."""
        discriminator = self.mapper.polymorphic_on
        if discriminator is None or not self.mapper.single:
            return true()
        return discriminator.in_([mapper.polymorphic_identity for mapper in self.mapper.self_and_descendants])

    def pk(self, values: Sequence[Any]) -> str:
        """A row's name: its primary key as JSON."""
        return msgspec.json.encode(list(values), enc_hook=str).decode()

    def pk_of(self, instance: Any) -> str:
        """The name of an object's row."""
        return self.pk(self.mapper.primary_key_from_instance(instance))

    def is_row(self, pk: str) -> ColumnElement[bool]:
        """That a row is the one of this name."""
        values = json.loads(pk)
        return and_(*(column == _read(column, value) for column, value in zip(self.key, values, strict=True)))


def _read(column: Column[Any], value: Any) -> Any:
    """A part of a key, which JSON has made a number or a text of."""
    return msgspec.convert(value, column.type.python_type, strict=False)
