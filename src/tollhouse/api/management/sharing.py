"""Fork, export, import and share conversations."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from tollhouse.admin.views import Listing, listing
from tollhouse.api.management import conversation_bodies as bodies
from tollhouse.api.management.conversations import READ, WRITE
from tollhouse.api.management.door import Here
from tollhouse.api.management.table import Table
from tollhouse.conversations.keeping import portable
from tollhouse.conversations.keeping.portable import Portable, SharedView, ShareMade, ShareView
from tollhouse.conversations.messages.views import ConversationView

table = Table("conversations")


@table.post("/api/conversations/import", scope=WRITE, status=201)
async def import_conversation(here: Here, body: bodies.Imported) -> ConversationView:
    """Make a conversation of a file: one that was exported, or any `{messages: [{role, content}]}`."""
    return await portable.import_(here.conversing, here.caller, body.model_dump(exclude_none=True))


@table.post("/api/conversations/{conversation}/fork", scope=WRITE, status=201)
async def fork_conversation(here: Here, conversation: str, body: bodies.Fork | None = None) -> ConversationView:
    """Make a conversation of its own of what was said up to a message."""
    body = body or bodies.Fork()
    return await portable.fork(here.conversing, here.caller, conversation, body.message, body.title)


@table.get("/api/conversations/{conversation}/export", scope=READ)
async def export_conversation(
    here: Here, conversation: str, asked: Annotated[bodies.ExportAsked, Query()]
) -> Portable | Response:
    """A conversation as a file: JSON with every branch, or the branch that is shown as Markdown."""
    whole = await portable.export(here.conversing, here.caller, conversation)
    if asked.format == "json":
        return whole
    return Response(portable.markdown(whole), media_type="text/markdown; charset=utf-8")


@table.post("/api/conversations/{conversation}/share", scope=WRITE, status=201)
async def share_conversation(here: Here, conversation: str) -> ShareMade:
    """Let others who have a token here read the conversation as it is now. The key is shown in this answer only."""
    return await portable.share(here.conversing, here.caller, conversation)


@table.get("/api/conversations/{conversation}/shares", scope=READ)
async def list_shares(here: Here, conversation: str) -> Listing[ShareView]:
    """What is shared of a conversation, the newest first."""
    return listing(await portable.shares(here.conversing, here.caller, conversation))


@table.delete("/api/shares/{share}", scope=WRITE)
async def revoke_share(here: Here, share: str) -> None:
    """Let nobody read a snapshot any more."""
    await portable.revoke(here.conversing, here.caller, share)


@table.get("/api/shared/{key}", scope=READ)
async def get_shared(here: Here, key: str) -> SharedView:
    """A conversation that somebody shares, as it was when it was shared."""
    return await portable.shared(here.conversing, key)
