"""Query sets that rank by likeness, and whose changes of many rows at once are written down too."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Self

from asgiref.sync import sync_to_async
from django.core.exceptions import FieldDoesNotExist
from django.db import models, transaction
from django.db.models import F, FloatField, Func, TextField, Value
from django.db.models.functions import Cast, Coalesce, Concat

from tollhouse.columns.vectors import unit
from tollhouse.columns.words import WEIGHT, check, on_postgres
from tollhouse.contrib.django import asking, wishing
from tollhouse.contrib.django.apps import SQLITE_FUNCTION, SQLITE_WORDS
from tollhouse.contrib.django.entity import Entity, entity_of
from tollhouse.contrib.django.fields import EmbeddingField


class Likeness(Func):
    """The cosine of a row's vector and another one, in [-1, 1]; NULL for a row without one."""

    output_field = FloatField()
    function = SQLITE_FUNCTION

    def __init__(self, column: Any, to: Any) -> None:
        super().__init__(column, to)

    def as_postgresql(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, list[Any]]:
        column, to = (compiler.compile(it) for it in self.source_expressions)
        field = self.source_expressions[0].output_field
        mine, theirs = column[0], to[0]
        said = f"{mine} <=> {theirs}" if field.pgvector else f"{mine}, {theirs}"
        params = [*column[1], *to[1]]
        if field.pgvector:
            return f"(1 - ({said}))", params
        product = f"SELECT sum(pair.one * pair.other) FROM unnest({said}) AS pair(one, other)"  # noqa: S608
        return f"({product})", params


class Words(Func):
    """The share of a question's words that a row has in some columns, in [0, 1]."""

    output_field = FloatField()
    function = SQLITE_WORDS

    def __init__(self, question: str, columns: Sequence[str]) -> None:
        nothing, between = Value("", TextField()), Value(" ", TextField())
        said = [it for name in columns for it in (between, Coalesce(Cast(F(name), TextField()), nothing))]
        super().__init__(Value(question, TextField()), Concat(*said, output_field=TextField()))

    def as_postgresql(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, list[Any]]:
        (asked, theirs), (text, mine) = (compiler.compile(it) for it in self.source_expressions)
        return on_postgres(f"{asked}::text", text), [*theirs, *mine, *theirs]


class SimilarQuerySet(models.QuerySet[Any]):
    """A query set of a model with filled columns."""

    def similar_to(
        self,
        to: str | Sequence[float],
        field: str,
        min_similarity: float | None = None,
        *,
        words_in: Sequence[str] = (),
        weight: float = WEIGHT,
    ) -> Self:
        """The rows that have a vector, the most alike first, with their `similarity`; filters come before ranking.

        Args:
            to: a text, which is embedded now, or a vector.
            min_similarity: leave out what is less alike.
            words_in: columns in which the text's words are looked for too: what vectors are weak at, such as names.
            weight: of those words in the similarity, from 0 to 1.

        Raises:
            FieldDoesNotExist: no such column is embedded.
            ClientError: the text could not be embedded.
            ValueError: a weight that is none, or words of a vector.
        """
        column = self.model._meta.get_field(field)
        if not isinstance(column, EmbeddingField):
            raise FieldDoesNotExist(f"{self.model._meta.label}.{field} is not an EmbeddingField")
        vector = asking.vector_of(column.filling, to) if isinstance(to, str) else to
        asked = Value(unit(vector, column.dims), output_field=column)
        similarity: Any = Likeness(F(field), asked)
        if words_in:
            if not isinstance(to, str):
                raise ValueError("words are looked for where what is asked is a text")
            words = Words(to, words_in)
            similarity = Value(1 - check(weight)) * similarity + Value(weight) * words
        found = self.filter(**{f"{field}__isnull": False}).annotate(similarity=similarity)
        if min_similarity is not None:
            found = found.filter(similarity__gte=min_similarity)
        return found.order_by("-similarity", "pk")

    async def asimilar_to(self, *args: Any, **options: Any) -> Self:
        """As `similar_to`, for code that awaits."""
        found: Self = await sync_to_async(self.similar_to)(*args, **options)
        return found

    def update(self, **values: Any) -> int:
        """As Django does it, with what is to be filled."""
        entity = entity_of(self.model)
        if entity.watched.isdisjoint(values):
            return super().update(**values)
        with transaction.atomic(using=self.db):
            pks = list(self.values_list("pk", flat=True))
            changed = super().update(**values)
            _note(entity, self.db, pks, touched=entity.fields.keys() & values.keys())
        return changed

    def bulk_create(self, objs: Iterable[Any], *args: Any, **options: Any) -> list[Any]:
        """As Django does it, with what is to be filled."""
        entity, rows = entity_of(self.model), list(objs)
        with transaction.atomic(using=self.db):
            made = super().bulk_create(rows, *args, **options)
            own = {name for name in entity.fields for row in rows if getattr(row, name) is not None}
            _note(entity, self.db, [row.pk for row in made if row.pk is not None], touched=own)
        return made

    def delete(self) -> Any:
        """As Django does it, with all that is known of the columns."""
        entity = entity_of(self.model)
        with transaction.atomic(using=self.db):
            pks = [entity.pk(pk) for pk in self.values_list("pk", flat=True)]
            gone = super().delete()
            wishing.forget(entity, self.db, pks)
        return gone

    for _changing in (update, bulk_create, delete):
        # Templates must not call them.
        setattr(_changing, "alters_data", True)  # noqa: B010
    # A manager must not have it: to delete a whole table is to be said with `all()`.
    setattr(delete, "queryset_only", True)  # noqa: B010


_Manager: Any = models.Manager.from_queryset(SimilarQuerySet)


class SimilarManager(_Manager):
    """The manager of a model with filled columns."""


def _note(entity: Entity, using: str, keys: list[Any], touched: Collection[str]) -> None:
    for start in range(0, len(keys), 500):
        wishing.note(entity, using, [entity.pk(key) for key in keys[start : start + 500]], touched=touched)
