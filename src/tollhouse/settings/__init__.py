"""Every setting: type, unit, default, meaning. Read once, then frozen.

    command line  >  environment (`TOLLHOUSE_…`, `__` for nesting)  >  secrets directory  >  TOML file  >  defaults

`Settings.load` reads all of them and names every problem at once; `origins` tells of each setting who set it.
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
    "TimeoutSettings",
    "entries",
    "json_schema",
    "origins",
]
