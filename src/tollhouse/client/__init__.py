"""The Python client of a running Tollhouse; it needs nothing of the rest.

    with Client("http://127.0.0.1:8787", token) as tollhouse:
        answer = tollhouse.send(Generate("Say hello.", model="demo/echo"))
        print(answer.text, answer.cost_usd)

What can be asked is a value (`calls`), what comes back another (`answers`), and the two clients only carry them
(`carrying`): `Client` blocks, `AsyncClient` is awaited. What goes wrong is an error whose class says what to do
(`errors`); what may pass is tried again (`retrying`), under one idempotency key, so that it is done and paid once.
"""

from tollhouse.client.answers import Accepted, Answer, Conversation, Event, Run, Turn, Vectors
from tollhouse.client.calls import CancelRun, Embed, Generate, GetRun, Say, SayLater, StartConversation
from tollhouse.client.carrying import AsyncClient, Client
from tollhouse.client.errors import (
    ClientError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    NotReached,
    OutOfBudget,
    Refused,
    TooMany,
    Unauthenticated,
    Unavailable,
    Unreadable,
)

__all__ = [
    "Accepted",
    "Answer",
    "AsyncClient",
    "CancelRun",
    "Client",
    "ClientError",
    "Conflict",
    "Conversation",
    "Embed",
    "Event",
    "Forbidden",
    "Generate",
    "GetRun",
    "Invalid",
    "NotFound",
    "NotReached",
    "OutOfBudget",
    "Refused",
    "Run",
    "Say",
    "SayLater",
    "StartConversation",
    "TooMany",
    "Turn",
    "Unauthenticated",
    "Unavailable",
    "Unreadable",
    "Vectors",
]
