"""The base of models whose columns are filled."""

from __future__ import annotations

from typing import Any

from django.db import models, router, transaction
from django.utils import timezone

from tollhouse.contrib.django import wishing
from tollhouse.contrib.django.entity import entity_of
from tollhouse.contrib.django.fields import TOUCHED
from tollhouse.contrib.django.models import FieldState


class AIModel(models.Model):
    """A model that writes down, in the transaction of each save, which of its columns are to be filled."""

    fills_columns = True

    class Meta:
        abstract = True

    def save_base(self, raw: bool = False, force_insert: Any = False, **options: Any) -> None:
        """Save, with what is to be filled, or neither."""
        entity = entity_of(type(self))
        using = options.get("using") or router.db_for_write(type(self), instance=self)
        options["using"] = using
        saved = options.get("update_fields")
        is_new = self._state.adding
        with transaction.atomic(using=using):
            super().save_base(raw, force_insert, **options)
            if entity.fields and (saved is None or not entity.watched.isdisjoint(saved)):
                mine = self.__dict__.get(TOUCHED, set()) & entity.fields.keys()
                if saved is not None:
                    mine &= {*saved}
                if is_new:
                    # Nobody has written what is none yet.
                    mine = {name for name in mine if getattr(self, name) is not None}
                wishing.note(entity, using, [entity.pk(self.pk)], touched=mine)
            kept = set() if saved is None else self.__dict__.get(TOUCHED, set()) - {*saved}
            self.__dict__[TOUCHED] = kept

    def delete(self, using: str | None = None, keep_parents: bool = False) -> Any:
        """Delete, with all that is known of the columns."""
        entity, pk = entity_of(type(self)), self.pk
        using = using or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=using):
            gone = super().delete(using=using, keep_parents=keep_parents)
            wishing.forget(entity, using, [entity.pk(pk)])
        return gone

    @classmethod
    def from_db(cls, db: Any, field_names: Any, values: Any) -> Any:
        """As Django does it; what is loaded was assigned by nobody."""
        loaded = super().from_db(db, field_names, values)
        loaded.__dict__.pop(TOUCHED, None)
        return loaded

    def refresh_from_db(self, *args: Any, **options: Any) -> None:
        """As Django does it; what is loaded was assigned by nobody."""
        super().refresh_from_db(*args, **options)
        self.__dict__.pop(TOUCHED, None)

    def state_of(self, field: str) -> FieldState | None:
        """The state of a column of this row; None for one that nobody has asked for. Raises AttributeError."""
        entity = entity_of(type(self))
        if field not in entity.fields:
            raise AttributeError(f"{entity.name}.{field} is not filled by a model")
        states = FieldState._default_manager.using(self._state.db)
        return states.filter(entity=entity.name, pk_json=entity.pk(self.pk), field=field).first()

    def refresh_column(self, field: str) -> None:
        """Ask for another value, also over a person's own. Raises AttributeError."""
        self.state_of(field)
        entity, using = entity_of(type(self)), router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=using):
            wishing.wish(entity, using, entity.pk(self.pk), field, timezone.now(), wanted=None, anew=True)
            transaction.on_commit(lambda: wishing.wished.send(entity.model), using=using)
