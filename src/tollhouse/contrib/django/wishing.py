"""Writes down what is to be filled, in the transaction of the change."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Final

import msgspec
from django.db import transaction
from django.db.models import F
from django.dispatch import Signal
from django.utils import timezone

from tollhouse.columns import content, order
from tollhouse.columns.field import Embedded, Generated
from tollhouse.contrib.django.entity import Entity
from tollhouse.contrib.django.models import FieldState

wished: Final = Signal()
"""Sent after a commit that has left something to be filled: for a worker in the same process, which may look now."""

RELEASED: Final[Mapping[str, Any]] = {"lease": None, "lease_until": None}
_encode: Final = msgspec.json.Encoder(enc_hook=str, order="deterministic").encode


def note(entity: Entity, using: str, pks: Collection[str], *, touched: Collection[str] = ()) -> None:
    """Compare rows with what their columns are made of, and write down what is stale, and what persons have written.

    Args:
        touched: filled columns that somebody has assigned.
    """
    if not pks:
        return
    now = timezone.now()
    rows = entity.rows(using, pks, *touched)
    states = {(it.pk_json, it.field): it for it in _states(using).filter(entity=entity.name, pk_json__in=list(pks))}
    is_anything_due = False
    for pk, row in rows.items():
        asked: dict[str, str] = {}
        for name, field in entity.fields.items():
            state = states.get((pk, name))
            fingerprint = content.fingerprint(field, row)
            value = row.get(name) if name in touched and not isinstance(field, Embedded) else None
            if value is not None and (state is None or state.made != digest(value)):
                _edited(entity, using, pk, name, now)
            elif state is None or (name in touched and value is None and not isinstance(field, Embedded)):
                asked[name] = fingerprint
            elif state.status == "edited":
                if isinstance(field, Generated) and field.on_edit == "regenerate" and state.wanted != fingerprint:
                    asked[name] = fingerprint
            elif (state.wanted or state.fingerprint) != fingerprint:
                asked[name] = fingerprint
        for name in order.ready(entity.fields, asked):
            is_anew = name in touched
            wish(entity, using, pk, name, now, wanted=asked[name], anew=is_anew)
            is_anything_due = True
    if is_anything_due:
        transaction.on_commit(lambda: wished.send(entity.model), using=using)


def wish(
    entity: Entity, using: str, pk: str, name: str, now: datetime, *, wanted: str | None, anew: bool = False
) -> None:
    """Write down that one column of a row is to be filled; whoever is at work on it works in vain.

    Args:
        anew: also when nothing has changed that it is made of.
    """
    due_at = now + timedelta(seconds=entity.fields[name].debounce_s)
    fresh: dict[str, Any] = {"status": "pending", "due_at": due_at, "wanted": wanted, "attempts": 0, "answers": 0}
    fresh |= {"error_code": None, "error": None, **RELEASED}
    if anew:
        fresh["fingerprint"] = None
    _upsert(entity, using, pk, name, fresh)


def digest(value: Any) -> str:
    """Names a value."""
    return blake2b(_encode(value), digest_size=16).hexdigest()


def forget(entity: Entity, using: str, pks: Collection[str]) -> None:
    """Forget all that is known of rows that are deleted."""
    _states(using).filter(entity=entity.name, pk_json__in=list(pks)).delete()


def _edited(entity: Entity, using: str, pk: str, name: str, now: datetime) -> None:
    row = entity.rows(using, [pk])[pk]
    fresh = {"status": "edited", "due_at": now, "fingerprint": None, "error_code": None, "error": None, **RELEASED}
    _upsert(entity, using, pk, name, {**fresh, "wanted": content.fingerprint(entity.fields[name], row)})


def _upsert(entity: Entity, using: str, pk: str, name: str, fresh: Mapping[str, Any]) -> None:
    named = {"entity": entity.name, "pk_json": pk, "field": name}
    _, is_new = _states(using).get_or_create(**named, defaults=dict(fresh))
    if not is_new:
        _states(using).filter(**named).update(version=F("version") + 1, **fresh)


def _states(using: str) -> Any:
    return FieldState._default_manager.using(using)
