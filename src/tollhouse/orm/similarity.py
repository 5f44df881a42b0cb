"""How alike rows are to a vector, as SQL: it stands in any `select`, so filters come first, and pages work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlalchemy import REAL, ColumnElement, Float, Select, Text, bindparam, cast, func, literal
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.functions import FunctionElement

from tollhouse.columns.field import Embedded
from tollhouse.columns.vectors import unit
from tollhouse.columns.words import WEIGHT, check, on_postgres
from tollhouse.orm.entity import FIELD, Entity
from tollhouse.orm.vector import SQLITE_FUNCTION, SQLITE_WORDS, is_pgvector

S = TypeVar("S", bound=Select[Any])


@dataclass(frozen=True)
class Similar:
    """A question to an embedded column.

    Attributes:
        score: the cosine of a row's vector and the question's, in [-1, 1]; NULL for a row without a vector.
        distance: one less the score, as pgvector orders by it.
        text: what was asked, where that were words.
    """

    score: ColumnElement[float]
    distance: ColumnElement[float]
    _column: InstrumentedAttribute[Any]
    text: str | None = None

    def hybrid(
        self, *columns: InstrumentedAttribute[str | None] | InstrumentedAttribute[str], weight: float = WEIGHT
    ) -> Similar:
        """The same question, whose score is partly for how many of its words a row has in these columns.

        Vectors are weak at names and numbers, and words at everything that is said otherwise.

        Args:
            weight: of the words, from 0 to 1; that of the vectors is the rest.

        Raises:
            ValueError: no column, a weight that is none, or a question that was a vector.
        """
        if self.text is None or not columns:
            raise ValueError("words are looked for in columns, and for a question that was asked in words")
        said: ColumnElement[str] = literal("", Text())
        for column in columns:
            said = said + " " + func.coalesce(column, "")
        words = _Words(literal(self.text, Text()), said)
        score = (1 - check(weight)) * self.score + weight * words
        return replace(self, score=score, distance=1 - score)

    def rank(self, statement: S, *, min_score: float | None = None) -> S:
        """The rows of a statement that have a vector, the most alike first, so that pages do not overlap.

        Whatever the statement filters by is applied before anything is ranked.

        Args:
            min_score: leave out what is less alike.
        """
        ranked = statement.where(self._column.is_not(None))
        if min_score is not None:
            ranked = ranked.where(self.score >= min_score)
        return ranked.order_by(self.distance, *Entity.of_attribute(self._column).key)


def similar(column: InstrumentedAttribute[Any], to: Sequence[float], text: str | None = None) -> Similar:
    """How alike the rows of an embedded column are to a vector, `text`'s where that is told.

    Raises ValueError for one of another size.

    >>> closest = similar(Post.vec, to=vector)                                          # doctest: +SKIP
    >>> closest.rank(select(Post).where(Post.tenant == 7), min_score=0.4).limit(10)     # doctest: +SKIP
    """
    field = field_of(column)
    asked = bindparam(None, unit(to, field.dims), type_=column.type, unique=True)
    return Similar(_Likeness(column, asked), _Distance(column, asked), column, text)


def field_of(column: InstrumentedAttribute[Any]) -> Embedded:
    """What an attribute is embedded with. Raises TypeError."""
    field = column.property.columns[0].info.get(FIELD)
    if not isinstance(field, Embedded):
        raise TypeError(f"{column} is not embedded: say it as `Post.vec`")
    return field


class _Likeness(FunctionElement[float]):
    inherit_cache = True
    type = Float()


class _Distance(FunctionElement[float]):
    inherit_cache = True
    type = Float()


class _Words(FunctionElement[float]):
    """The share of the words of one text that another has."""

    inherit_cache = True
    type = Float()


@compiles(_Words)
def _words(element: FunctionElement[float], compiler: Any, **options: Any) -> str:
    asked, text = element.clauses
    return f"{SQLITE_WORDS}({compiler.process(asked, **options)}, {compiler.process(text, **options)})"


@compiles(_Words, "postgresql")
def _words_on_postgres(element: FunctionElement[float], compiler: Any, **options: Any) -> str:
    asked, text = element.clauses
    return on_postgres(compiler.process(asked, **options), compiler.process(text, **options))


@compiles(_Likeness)
def _likeness(element: FunctionElement[float], compiler: Any, **options: Any) -> str:
    column, asked = element.clauses
    said = f"{compiler.process(column, **options)}, {compiler.process(asked, **options)}"
    return f"{SQLITE_FUNCTION}({said})"


@compiles(_Likeness, "postgresql")
def _likeness_on_postgres(element: FunctionElement[float], compiler: Any, **options: Any) -> str:
    column, asked = element.clauses
    if is_pgvector(column):
        return f"(1 - {_distance_on_postgres(element, compiler, **options)})"
    asked = cast(asked, ARRAY(REAL))
    mine, theirs = compiler.process(column, **options), compiler.process(asked, **options)
    # The sum over a missing vector and one that is there is NULL, as it should be.
    product = f"SELECT sum(pair.one * pair.other) FROM unnest({mine}, {theirs}) AS pair(one, other)"  # noqa: S608
    return f"({product})"


@compiles(_Distance)
def _distance(element: FunctionElement[float], compiler: Any, **options: Any) -> str:
    return f"(1 - {_likeness(element, compiler, **options)})"


@compiles(_Distance, "postgresql")
def _distance_on_postgres(element: FunctionElement[float], compiler: Any, **options: Any) -> str:
    column, asked = element.clauses
    if not is_pgvector(column):
        return f"(1 - {_likeness_on_postgres(element, compiler, **options)})"
    return f"({compiler.process(column, **options)} <=> {compiler.process(asked, **options)})"
