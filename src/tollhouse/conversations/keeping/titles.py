"""A title when the user gave none: at once from the first words, later by a cheap model. Never over the user's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from tollhouse import ids
from tollhouse.conversations.conversing import Conversing
from tollhouse.conversations.keeping.index import index_title
from tollhouse.conversations.messages.asking import write_request
from tollhouse.conversations.messages.parts import from_answer, load, words_of
from tollhouse.dialects import chat, openai_chat
from tollhouse.errors import TollhouseError
from tollhouse.gateway.answer import answer
from tollhouse.gateway.exchange import Exchange
from tollhouse.gateway.identify import Caller
from tollhouse.store import conversations as sql
from tollhouse.store.engine import Writing

SURFACE = "conversations.title"

TITLE_CHARS = 100
TOLD_CHARS = 500
"""How much of the first message a model is told: enough for three to five words."""

INSTRUCTION = (
    "Write a title of three to five words for the conversation that begins with the user's message. "
    "Answer with the title alone, in the language of the message, without quotes and without a full stop."
)

_MARKS = re.compile(r"^[\s\"'“”„«»#*`]+|[\s\"'“”„«»*`.]+$")


def first_words(text: str) -> str | None:
    """A title from the beginning of a message, cut between words; None when it has no words.

    >>> first_words("How do I  boil\\nan egg?")
    'How do I boil an egg?'
    """
    words = " ".join(text[: 4 * TITLE_CHARS].replace("\0", "").split())
    if len(words) <= TITLE_CHARS:
        return words or None
    cut = words[: TITLE_CHARS - 1]
    return f"{cut.rpartition(' ')[0] or cut}…"


def cleaned(answer: str) -> str | None:
    """A model's answer as a title: its first line, without quotes and marks; None when nothing is left."""
    line = next((line for line in answer.splitlines() if line.strip()), "")
    return first_words(_MARKS.sub("", line))


async def make(conversing: Conversing, caller: Caller, conversation_id: str, message_id: str, tag: str | None) -> None:
    """Let the cheap model make a title of a conversation that has none but its first words.

    It is asked as for any request of the caller's: within their limits and budgets, and with a row. When it fails, that
    row says why, and the first words stay.
    """
    model = conversing.habits.title_model
    conversation, message = await conversing.store.read(
        lambda tx: (
            sql.find(tx, caller.user_id, conversation_id),
            sql.find_message(tx, caller.user_id, conversation_id, message_id),
        )
    )
    if model is None or message is None or conversation is None or conversation["title_source"] != "fallback":
        return
    told = (
        chat.Message(role="system", parts=(chat.TextPart(INSTRUCTION),)),
        chat.Message(role="user", parts=(chat.TextPart(words_of(load(message["parts"]))[:TOLD_CHARS]),)),
    )
    clock = conversing.clock
    exchange = Exchange(
        request_id=ids.new("req"),
        surface=SURFACE,
        dialect=openai_chat,
        body=write_request(model, told, {}, stream=False),
        began_s=clock.monotonic(),
        began_us=clock.time_ns() // 1_000,
    )
    exchange.caller = caller
    exchange.tag = tag
    try:
        async with aclosing(answer(exchange, None, conversing.steps)) as pieces:
            said = openai_chat.read_answer(b"".join([piece async for piece in pieces]))
    except TollhouseError:
        # Its row in the request log tells; nobody waits for a better title.
        return
    title = cleaned(words_of(from_answer(said.choices[0].message)))
    if title is not None:
        await conversing.store.write(lambda tx: _give(tx, caller, conversation_id, title))


def forget(tx: Writing, conversation: Mapping[str, Any], message: Mapping[str, Any]) -> None:
    """Take away a title that was made of a message's words: the next turn makes another."""
    if _is_made_of(conversation, message):
        values = {"title": None, "title_source": None}
        sql.change(tx, conversation["user_id"], conversation["id"], values)
        index_title(tx, {**conversation, **values})


def _is_made_of(conversation: Mapping[str, Any], message: Mapping[str, Any]) -> bool:
    title: str | None = conversation["title"]
    role: str = message["role"]
    match conversation["title_source"]:
        case "fallback":
            return first_words(words_of(load(message["parts"]))) == title
        case "model":
            # Which question the model was told is not kept.
            return role == "user"
        case _:
            return False


def _give(tx: Writing, caller: Caller, conversation_id: str, title: str) -> None:
    if sql.entitle(tx, caller.user_id, conversation_id, title):
        row = {"id": conversation_id, "user_id": caller.user_id, "title": title}
        index_title(tx, row)
