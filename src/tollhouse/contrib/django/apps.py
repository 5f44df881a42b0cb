"""The app: its states' table, and what SQLite must know."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created

from tollhouse.columns.vectors import likeness
from tollhouse.columns.words import share

SQLITE_FUNCTION = "tollhouse_likeness"
SQLITE_WORDS = "tollhouse_words"


class TollhouseConfig(AppConfig):
    """Named `tollhouse` among the apps."""

    name = "tollhouse.contrib.django"
    label = "tollhouse"
    verbose_name = "Tollhouse"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        connection_created.connect(_teach_sqlite)


def _teach_sqlite(connection: Any, **_: Any) -> None:
    """Let SQLite compare vectors, and words, on every connection."""
    if connection.vendor == "sqlite":
        connection.connection.create_function(SQLITE_WORDS, 2, share, deterministic=True)
        connection.connection.create_function(SQLITE_FUNCTION, 2, likeness, deterministic=True)
