"""Goes through tables for columns that are missing or stale: rows from before, and those that statements changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.utils import timezone

from tollhouse.columns import finding, order
from tollhouse.columns.content import fingerprint
from tollhouse.columns.estimate import Price
from tollhouse.columns.finding import Found
from tollhouse.contrib.django.entity import Entity
from tollhouse.contrib.django.models import FieldState
from tollhouse.contrib.django.wishing import forget, wish

ROWS = 500
"""Rows of one transaction."""


def backfill(
    entity: Entity,
    fields: Collection[str],
    using: str,
    *,
    dry_run: bool,
    retry_failed: bool = False,
    price: Price | None = None,
) -> Found:
    """Write down what is to be filled, in many small transactions; with `dry_run` only count it.

    Args:
        retry_failed: what could not be filled counts as missing or stale, and is asked for again.
    """
    counted: Counter[str] = Counter()
    keys = entity.model._base_manager.using(using).order_by("pk").values_list("pk", flat=True)
    after: Any = None
    while page := list((keys if after is None else keys.filter(pk__gt=after))[:ROWS]):
        with transaction.atomic(using=using):
            pks = [entity.pk(key) for key in page]
            _page(counted, entity, fields, using, pks, dry_run=dry_run, retry_failed=retry_failed)
        after = page[-1]
    counted["gone"] += _forget_gone(entity, using, dry_run=dry_run)
    return finding.found(counted, price)


def _page(
    counted: Counter[str],
    entity: Entity,
    fields: Collection[str],
    using: str,
    pks: list[str],
    *,
    dry_run: bool,
    retry_failed: bool,
) -> None:
    known = FieldState._default_manager.using(using).filter(entity=entity.name, pk_json__in=pks)
    states = {(it["pk_json"], it["field"]): it for it in known.values()}
    for state in states.values():
        if retry_failed and state["status"] == "failed":
            # Then what it was made of decides, as for any other.
            state["status"] = "fresh"
    for pk, row in entity.rows(using, pks, *fields).items():
        wanted: set[str] = set()
        for name in fields:
            field, state = entity.fields[name], states.get((pk, name))
            if not finding.count(counted, field, row, state, has_value=row[name] is not None):
                continue
            wanted.add(name)
            if not dry_run and finding.is_of_another_space(field, state):
                entity.model._base_manager.using(using).filter(pk=entity.key(pk)).update(**{name: None})
        if not dry_run:
            for name in order.ready(entity.fields, wanted):
                wish(entity, using, pk, name, timezone.now(), wanted=fingerprint(entity.fields[name], row))


def _forget_gone(entity: Entity, using: str, *, dry_run: bool) -> int:
    gone, after = 0, ""
    known = FieldState._default_manager.using(using).filter(entity=entity.name).order_by("pk_json")
    while pks := list(known.filter(pk_json__gt=after).values_list("pk_json", flat=True).distinct()[:ROWS]):
        missing = {*pks} - entity.rows(using, pks).keys()
        if missing and not dry_run:
            forget(entity, using, missing)
        gone += len(missing)
        after = pks[-1]
    return gone
