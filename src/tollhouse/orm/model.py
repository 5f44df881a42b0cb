"""How a model says which of its columns are generated and embedded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, Table, Text
from sqlalchemy.orm import MappedColumn, mapped_column

from tollhouse.columns.field import Embedded, Generated, OnEdit, Template
from tollhouse.orm import capture
from tollhouse.orm.entity import FIELD, Entity
from tollhouse.orm.states import RowStates, state_table
from tollhouse.orm.vector import Vector

if TYPE_CHECKING:
    from sqlalchemy import MetaData


def generated(
    from_: tuple[str, ...],
    prompt: Template,
    model: str,
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
) -> MappedColumn[Any]:
    """A column that a model fills with words about others, or with a value of a type (`returns`), kept as JSON.

    The arguments are those of `tollhouse.columns.field.Generated`; others are `mapped_column`'s, such as `init=False`
    where the mapped class is a dataclass.
    """
    field = Generated(
        from_,
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
    kind = Text() if returns is str else JSON(none_as_null=True)
    return mapped_column(kind, nullable=True, info={FIELD: field}, **column)


def embedded(
    from_: tuple[str, ...],
    model: str,
    dims: int,
    *,
    template: Template | None = None,
    version: str = "",
    debounce_s: float = 0.0,
    chooses_dims: bool = False,
    chunk_chars: int | None = None,
    pgvector: bool = True,
    **column: Any,
) -> MappedColumn[Any]:
    """A column with the vector of others; it is loaded when it is asked for.

    Args:
        pgvector: on PostgreSQL, whether the extension `vector` keeps it. Without, it is an array of real numbers, which
            needs no extension and is compared more slowly.

    The other arguments are those of `tollhouse.columns.field.Embedded`, and `mapped_column`'s.
    """
    field = Embedded(
        from_,
        model,
        dims,
        template=template,
        version=version,
        debounce_s=debounce_s,
        chooses_dims=chooses_dims,
        chunk_chars=chunk_chars,
    )
    kind = Vector(dims, pgvector=pgvector)
    return mapped_column(kind, nullable=True, deferred=True, info={FIELD: field}, **column)


class AIModel:
    """Mixed into a model, before the base, it has generated and embedded columns; `ai` tells of them.

    The table of their states is added to the base's metadata, so that it is created and migrated with the others.
    """

    if TYPE_CHECKING:
        metadata: MetaData

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if isinstance(cls.__dict__.get("__table__"), Table):
            state_table(cls.metadata)
            Entity.of(cls).check()
            capture.listen()

    @property
    def ai(self) -> RowStates:
        """The states of the columns of this row, as `post.ai.summary`."""
        return RowStates(self)
