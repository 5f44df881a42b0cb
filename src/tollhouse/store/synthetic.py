"""Removes what `tollhouse demo seed` has made: a workspace, and all that was ever done in it.

Nothing else deletes entries of the ledger. These hold no balance: whoever made them had no budgets.
"""

from __future__ import annotations

from sqlalchemy import delete, select

from tollhouse.store.engine import Writing
from tollhouse.store.tables import entry, hold, request, request_body, spend, token, user, workspace


def remove_workspace(tx: Writing, workspace_id: str) -> int:
    """Remove it; gives how many requests went with it."""
    mine = select(request.c.id).where(request.c.workspace_id == workspace_id)
    holds = select(hold.c.id).where(hold.c.request_id.in_(mine))
    people = select(user.c.id).where(user.c.workspace_id == workspace_id)
    tx.execute(delete(entry).where(entry.c.hold_id.in_(holds)))
    tx.execute(delete(hold).where(hold.c.request_id.in_(mine)))
    tx.execute(delete(request_body).where(request_body.c.request_id.in_(mine)))
    gone = tx.execute(delete(request).where(request.c.workspace_id == workspace_id)).rowcount
    tx.execute(delete(spend).where(spend.c.workspace_id == workspace_id))
    tx.execute(delete(token).where(token.c.user_id.in_(people)))
    tx.execute(delete(user).where(user.c.workspace_id == workspace_id))
    tx.execute(delete(workspace).where(workspace.c.id == workspace_id))
    return gone
