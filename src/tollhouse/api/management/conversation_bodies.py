"""What may be said to conversations. Every field is typed strictly; one that is not here is refused, never ignored."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, WithJsonSchema

from tollhouse.api.management.bodies import Body, Change, Paging, Text
from tollhouse.conversations.messages.metadata import MOST_KEY_CHARS, MOST_PAIRS, MOST_VALUE_CHARS
from tollhouse.conversations.messages.views import RunStatus

Words: TypeAlias = Annotated[str, Field(min_length=1, max_length=1_000_000, pattern=r"^[^\x00]+$")]
Settings: TypeAlias = Annotated[dict[str, Any], Field(description="Fields of a chat completion, such as temperature.")]
Metadata: TypeAlias = Annotated[
    dict[Annotated[str, Field(max_length=MOST_KEY_CHARS)], Annotated[str, Field(max_length=MOST_VALUE_CHARS)]],
    Field(max_length=MOST_PAIRS, description="What an application notes of it, for itself."),
]
Priority: TypeAlias = Annotated[int, Field(ge=0, le=9, description="9 is the most urgent.")]
Message: TypeAlias = Annotated[
    # Any: its parts are read by the room that keeps them, which says what is wrong in one sentence.
    Any,
    WithJsonSchema(
        {
            "description": "Words, or parts: text, image, audio, file; of role `tool` what tools answered.",
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "required": ["content"],
                    "properties": {
                        "role": {"enum": ["user", "tool"]},
                        "content": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "object"}}]},
                    },
                },
            ],
        }
    ),
]


class NewConversation(Body):
    title: Text | None = None
    system: Words | None = None
    model: Text | None = None
    settings: Settings | None = None
    metadata: Metadata | None = None


class ConversationChange(Change):
    title: Text | None = None
    system: Words | None = None
    model: Text | None = None
    settings: Settings | None = None
    metadata: Metadata | None = None
    pinned: bool = False
    archived: bool = False
    tip: Text = ""


class MessageChange(Change):
    pinned: bool = False


class Feedback(Body):
    rating: Literal["up", "down"]
    comment: Annotated[str, Field(max_length=2_000, pattern=r"^[^\x00]*$")] | None = None


class RunChange(Body):
    priority: Priority


class How(Body):
    """How a turn is executed; what is not said is the conversation's own."""

    model: Text | None = None
    settings: Settings | None = None
    stream: bool = False
    background: bool = Field(default=False, description="Answer 202 at once; a worker executes the run.")
    priority: Priority = 5
    delay: Annotated[float, Field(ge=0, le=2_592_000, description="Seconds before a run in the background begins.")] = 0
    deadline: Annotated[float, Field(gt=0, le=2_592_000)] | None = Field(
        default=None, description="Seconds after which a run in the background is stopped, or not begun any more."
    )


class NewMessage(How):
    message: Message
    parent: Text | None = Field(default=None, description="The message to go on from; the branch's last unless said.")


class Edit(How):
    message: Message
    answer: bool = Field(default=True, description="False keeps the edited message and asks nobody.")


class Imported(Body):
    """As it was exported; `messages` alone, each a role and its content, is enough."""

    messages: list[dict[str, Any]]
    format: Text | None = None
    version: int | None = None
    title: Text | None = None
    system: Words | None = None
    model: Text | None = None
    settings: Settings | None = None
    metadata: Metadata | None = None
    tip: Text | None = None


class Retry(Body):
    stream: bool = False
    background: bool | None = Field(default=None, description="Where it was executed before, unless said.")


class Fork(Body):
    message: Text | None = Field(default=None, description="The last message to take along; the tip unless said.")
    title: Text | None = None


class ConversationsAsked(Paging):
    archived: bool = False
    deleted: bool = False
    pinned: bool | None = None


class MessagesAsked(Paging):
    order: Literal["asc", "desc"] = "asc"
    branch: Text | None = None


class RunsAsked(Paging):
    status: RunStatus | None = None
    conversation: Text | None = None


class SearchAsked(Body):
    q: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]+$")]
    limit: Annotated[int, Field(ge=1, le=100, strict=False)] = 20
    after: Text | None = None


class ExportAsked(Body):
    format: Literal["json", "markdown"] = "json"


class RunAsked(Body):
    wait: Annotated[float, Field(ge=0, le=60, strict=False)] = 0
    """Seconds to wait for the run's end."""


class StreamAsked(Body):
    format: Literal["events", "vercel"] = Field(
        default="events", description="`vercel` streams what the AI SDK's `useChat` reads: its UI message stream."
    )


class FeedAsked(StreamAsked):
    starting_after: Text | None = Field(default=None, description="The last event that was heard: attempt.sequence.")


class PollAsked(Body):
    after: Text | None = None
