"""Every setting: type, unit, default, meaning. Read once, then frozen.

    command line  >  environment (`TOLLHOUSE_…`, `__` for nesting)  >  secrets directory  >  TOML file  >  database
    >  defaults

`Settings.load` reads all of them but the database and names every problem at once; `laid_over` puts in what management
has set there, of those settings that are marked `Live`. `origins` tells of each setting who set it.
"""

from tollhouse.settings.layers import Origin
from tollhouse.settings.model import (
    LimitSettings,
    LogSettings,
    ModelTable,
    NewUserSettings,
    ProviderTable,
    RequestLogSettings,
    RouteTable,
    Settings,
    TimeoutSettings,
    json_schema,
    origins,
)
from tollhouse.settings.secret import SecretRef
from tollhouse.settings.stored import Stored, changeable, laid_over, refusals, unknown, value_of
from tollhouse.settings.table import Entry, entries

__all__ = [
    "Entry",
    "LimitSettings",
    "LogSettings",
    "ModelTable",
    "NewUserSettings",
    "Origin",
    "ProviderTable",
    "RequestLogSettings",
    "RouteTable",
    "SecretRef",
    "Settings",
    "Stored",
    "TimeoutSettings",
    "changeable",
    "entries",
    "json_schema",
    "laid_over",
    "origins",
    "refusals",
    "unknown",
    "value_of",
]
