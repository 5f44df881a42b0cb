"""/api/audit."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from tollhouse.admin import audit
from tollhouse.admin.views import DeedView, Listing
from tollhouse.api.management import bodies
from tollhouse.api.management.door import Here
from tollhouse.api.management.table import Table
from tollhouse.tokens import ADMIN

table = Table("audit")


@table.get("/api/audit", scope=ADMIN)
async def list_deeds(here: Here, asked: Annotated[bodies.Paging, Query()]) -> Listing[DeedView]:
    """A page of what was changed, and by whom: a token, or the operator on the command line. Newest first."""
    return await audit.list_deeds(here.desk, asked.page)
