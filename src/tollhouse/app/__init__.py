"""Everything is built here, and only here: settings in, ASGI application out.

`open_house` gives the parts that commands and tests use; `application` serves them. Nothing else constructs a store, a
ledger, a vault or a client, reads the clock, or makes chance: whoever needs one is handed it.
"""

from tollhouse.app.house import House, database_url
from tollhouse.app.opening import open_house
from tollhouse.app.reach import DIALECTS, all_providers, map_of
from tollhouse.app.serving import application

__all__ = ["DIALECTS", "House", "all_providers", "application", "database_url", "map_of", "open_house"]
