"""/api/settings."""

from __future__ import annotations

from tollhouse.admin import settings
from tollhouse.admin.settings import SettingView
from tollhouse.admin.views import Listing
from tollhouse.api.management import bodies
from tollhouse.api.management.door import Here
from tollhouse.api.management.table import Table
from tollhouse.tokens import ADMIN

table = Table("settings")


@table.get("/api/settings", scope=ADMIN)
async def list_settings(here: Here) -> Listing[SettingView]:
    """Every setting as it is in force here, who said so, and whether it may be changed while we run."""
    return await settings.list_settings(here.desk)


@table.patch("/api/settings", scope=ADMIN)
async def change_settings(here: Here, body: bodies.SettingsChange) -> Listing[SettingView]:
    """Change some, by their names; all or none. Here at once, in other processes within seconds. A null is `none`."""
    return await settings.change_settings(here.desk, here.actor, body.root)


@table.delete("/api/settings/{setting}", scope=ADMIN)
async def reset_setting(here: Here, setting: str) -> None:
    """Forget what was set here, so that what the operator has said counts, or the default."""
    await settings.reset_setting(here.desk, here.actor, setting)
