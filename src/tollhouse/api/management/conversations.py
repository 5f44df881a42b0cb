"""/api/conversations: what is kept, changed, found and noted. Turns are in `turns`."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query

from tollhouse.admin.views import Listing, listing
from tollhouse.api.management import conversation_bodies as bodies
from tollhouse.api.management.door import Here
from tollhouse.api.management.table import Table
from tollhouse.conversations.keeping import records
from tollhouse.conversations.messages.views import ConversationView, FoundView, MessageView
from tollhouse.tokens import Scope

READ: Final[Scope] = "conversations:read"
WRITE: Final[Scope] = "conversations:write"

table = Table("conversations")


@table.post("/api/conversations", scope=WRITE, status=201)
async def create_conversation(here: Here, body: bodies.NewConversation) -> ConversationView:
    """Make a conversation."""
    return await records.create(here.conversing, here.caller, **body.model_dump())


@table.get("/api/conversations", scope=READ)
async def list_conversations(
    here: Here, asked: Annotated[bodies.ConversationsAsked, Query()]
) -> Listing[ConversationView]:
    """A page of your conversations, the last used first. Archived and deleted ones are listed when asked for."""
    views, has_more = await records.listed(
        here.conversing,
        here.caller,
        asked.page,
        archived=asked.archived,
        deleted=asked.deleted,
        pinned=asked.pinned,
    )
    return listing(views, has_more=has_more)


@table.get("/api/conversations/{conversation}", scope=READ)
async def get_conversation(here: Here, conversation: str) -> ConversationView:
    """One conversation."""
    return await records.get(here.conversing, here.caller, conversation)


@table.patch("/api/conversations/{conversation}", scope=WRITE)
async def change_conversation(here: Here, conversation: str, body: bodies.ConversationChange) -> ConversationView:
    """Rename, set up, pin or archive a conversation, or go on from another message (`tip`)."""
    said = body.model_dump(exclude_unset=True)
    return await records.change(here.conversing, here.caller, conversation, said)


@table.delete("/api/conversations/{conversation}", scope=WRITE)
async def delete_conversation(here: Here, conversation: str) -> None:
    """Delete a conversation with all its messages; it can be restored."""
    await records.delete(here.conversing, here.caller, conversation)


@table.post("/api/conversations/{conversation}/restore", scope=WRITE)
async def restore_conversation(here: Here, conversation: str) -> ConversationView:
    """Bring a deleted conversation back."""
    return await records.restore(here.conversing, here.caller, conversation)


@table.get("/api/conversations/{conversation}/messages", scope=READ)
async def list_messages(
    here: Here, conversation: str, asked: Annotated[bodies.MessagesAsked, Query()]
) -> Listing[MessageView]:
    """A page of messages, oldest first: of the branch that ends in the tip, or in the message that `branch` names."""
    views, has_more = await records.messages(here.conversing, here.caller, conversation, asked.page, asked.branch)
    return listing(views, has_more=has_more)


@table.get("/api/conversations/{conversation}/branches", scope=READ)
async def list_branches(here: Here, conversation: str) -> Listing[MessageView]:
    """The last message of each branch, the newest first."""
    return listing(await records.branches(here.conversing, here.caller, conversation))


@table.get("/api/conversations/{conversation}/messages/{message}", scope=READ)
async def get_message(here: Here, conversation: str, message: str) -> MessageView:
    """One message."""
    return await records.get_message(here.conversing, here.caller, conversation, message)


@table.patch("/api/conversations/{conversation}/messages/{message}", scope=WRITE)
async def change_message(here: Here, conversation: str, message: str, body: bodies.MessageChange) -> MessageView:
    """Pin a message: its turn is told to the model however long ago it was."""
    said = body.model_dump(exclude_unset=True)
    return await records.note(here.conversing, here.caller, conversation, message, said)


@table.put("/api/conversations/{conversation}/messages/{message}/feedback", scope=WRITE)
async def give_feedback(here: Here, conversation: str, message: str, body: bodies.Feedback) -> MessageView:
    """Say what you think of a message."""
    said = {"feedback": body.model_dump(exclude_none=True)}
    return await records.note(here.conversing, here.caller, conversation, message, said)


@table.delete("/api/conversations/{conversation}/messages/{message}/feedback", scope=WRITE)
async def take_back_feedback(here: Here, conversation: str, message: str) -> None:
    """Take back what you said of a message."""
    await records.note(here.conversing, here.caller, conversation, message, {"feedback": None})


@table.get("/api/search", scope=READ)
async def search(here: Here, asked: Annotated[bodies.SearchAsked, Query()]) -> Listing[FoundView]:
    """Where your titles and messages hold all the words, the newest first."""
    views, has_more = await records.search(here.conversing, here.caller, asked.q, limit=asked.limit, after=asked.after)
    return listing(views, has_more=has_more)
