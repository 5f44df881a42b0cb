"""Which database the shop is in."""

from __future__ import annotations

from typing import Any


class Router:
    """Sends everything to the database of the test."""

    alias = "default"

    def db_for_read(self, model: Any, **_: Any) -> str:
        return Router.alias

    db_for_write = db_for_read
