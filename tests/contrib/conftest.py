"""The shop's project, on both databases; its tests say so where Django is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

if find_spec("django") is not None:
    import django
    from django.conf import settings

    settings.configure(
        INSTALLED_APPS=["tollhouse.contrib.django", "shop"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        DATABASE_ROUTERS=["shop.router.Router"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        TOLLHOUSE={"SENDER": "shop.sending.make"},
        USE_TZ=True,
    )
    django.setup()


@pytest.fixture(params=["sqlite", "postgresql"])
def alias(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The alias of a fresh database with the shop's tables."""
    from django.core.management import call_command
    from django.db import connections

    from shop.router import Router

    name = f"{request.param}_{tmp_path.name}"
    common = {**connections.settings["default"], "TIME_ZONE": None}
    if request.param == "sqlite":
        connections.settings[name] = {**common, "NAME": str(tmp_path / "shop.db")}
    else:
        url = make_url(request.getfixturevalue("postgres_url"))
        connections.settings[name] = {
            **common,
            "ENGINE": "django.db.backends.postgresql",
            "NAME": url.database,
            "USER": url.username or "",
            "PASSWORD": url.password or "",
            "HOST": url.query.get("host") or url.host or "",
            "PORT": url.port or "",
        }
    Router.alias = name
    if request.param == "postgresql":
        with connections[name].cursor() as cursor:
            cursor.execute("CREATE EXTENSION vector")
    call_command("migrate", database=name, run_syncdb=True, verbosity=0)
    yield name
    connections[name].close()
    del connections[name], connections.settings[name]
    Router.alias = "default"


@pytest.fixture
def sender() -> Any:
    """Who answers, remembering nothing of other tests."""
    from shop.sending import SCRIPTED
    from tollhouse.contrib.django.asking import vector_of

    SCRIPTED.__init__()  # type: ignore[misc]
    vector_of.cache_clear()
    return SCRIPTED
