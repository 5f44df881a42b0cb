"""Removes what `tollhouse demo seed` has made, and nothing else, though it stands in the same workspace.

It is known by its tokens, which were revoked as they were made: whatever was asked with one never was. Nothing else
deletes entries of the ledger without carrying them forward. These hold no balance: whoever made them had no budgets.
"""

from __future__ import annotations

from sqlalchemy import delete, select

from tollhouse.store.engine import Writing
from tollhouse.store.tables import budget, credential, entry, hold, request, request_body, spend, token, user, workspace


def remove_from(tx: Writing, workspace_id: str) -> int:
    """Remove it from a workspace, which goes too when nobody else is in it; gives how many requests went."""
    residents = select(user.c.id).where(user.c.workspace_id == workspace_id)
    stillborn = select(token.c.id, token.c.user_id).where(
        token.c.user_id.in_(residents), token.c.revoked_at == token.c.created_at
    )
    made = tx.execute(stillborn).all()
    if not made:
        return 0
    tokens, crowd = {one.id for one in made}, {one.user_id for one in made}
    mine = select(request.c.id).where(request.c.token_id.in_(tokens))
    holds = select(hold.c.id).where(hold.c.request_id.in_(mine))
    tx.execute(delete(entry).where(entry.c.hold_id.in_(holds)))
    tx.execute(delete(hold).where(hold.c.request_id.in_(mine)))
    tx.execute(delete(request_body).where(request_body.c.request_id.in_(mine)))
    gone = tx.execute(delete(request).where(request.c.token_id.in_(tokens))).rowcount
    tx.execute(delete(spend).where(spend.c.token_id.in_(tokens)))
    tx.execute(delete(token).where(token.c.id.in_(tokens)))
    # Whoever was given a token, a key or a budget since is somebody now.
    somebody = select(token.c.user_id).union(
        select(credential.c.user_id), select(budget.c.owner).where(budget.c.removed_at.is_(None))
    )
    tx.execute(delete(user).where(user.c.id.in_(crowd), user.c.id.not_in(somebody)))
    is_empty = ~residents.correlate(None).exists()
    tx.execute(delete(workspace).where(workspace.c.id == workspace_id, workspace.c.id.not_in(somebody), is_empty))
    return gone
