"""Who is asked: what the setting `TOLLHOUSE` says, `{"BASE_URL": …, "TOKEN": …}` or `{"SENDER": "path.to.make"}`."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any, cast

from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from tollhouse.client import Client, Vectors
from tollhouse.columns import content
from tollhouse.columns.asking import Sender, Threaded
from tollhouse.columns.field import Embedded


@cache
def sender() -> Sender:
    """Whoever answers. Raises ImproperlyConfigured."""
    said: dict[str, Any] = getattr(settings, "TOLLHOUSE", {})
    if "SENDER" in said:
        return cast(Sender, import_string(said["SENDER"])())
    if not {"BASE_URL", "TOKEN"} <= said.keys():
        raise ImproperlyConfigured(
            'TOLLHOUSE needs "BASE_URL" and "TOKEN", which `tollhouse up` prints, or "SENDER", the path of a function '
            "that makes one."
        )
    return Threaded(Client(said["BASE_URL"], said["TOKEN"]))


@lru_cache(maxsize=256)
def vector_of(field: Embedded, text: str) -> tuple[float, ...]:
    """The vector of a question, which is remembered, so that the pages of one search are embedded once."""
    answer: Vectors = async_to_sync(sender().send)(content.embedding(field, [text]))
    return answer.vectors[0]
