"""What people do with their conversations, over HTTP, one thing after the other, and how long each takes."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import urlencode

from benchmarks.conversations.speech import Speech

PAGE = 50


@dataclass(frozen=True)
class Owner:
    """Somebody who owns conversations, and how many messages there are in all."""

    token: str
    conversations: tuple[str, ...]
    messages: int


class Client:
    """A connection that stays open."""

    def __init__(self, port: int, token: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of the answer. Raises RuntimeError when it is a refusal."""
        self._connection.request(method, path, None if body is None else json.dumps(body), self._headers)
        response = self._connection.getresponse()
        said = response.read()
        if response.status >= 400:
            raise RuntimeError(f"{method} {path} was answered {response.status}: {said.decode()[:500]}")
        return json.loads(said)

    def close(self) -> None:
        self._connection.close()


Deed = Callable[[Client, Owner, Speech, Random], None]


def list_them(client: Client, owner: Owner, speech: Speech, chance: Random) -> None:
    """The newest, or those after any."""
    after = {"after": chance.choice(owner.conversations)} if chance.random() < 0.5 else {}
    client.call("GET", f"/api/conversations?{urlencode({'limit': PAGE, **after})}")


def open_one(client: Client, owner: Owner, speech: Speech, chance: Random) -> None:
    """The conversation and its newest messages: two requests."""
    path = f"/api/conversations/{chance.choice(owner.conversations)}"
    client.call("GET", path)
    page = client.call("GET", f"{path}/messages?{urlencode({'limit': PAGE, 'order': 'desc'})}")
    if len(page["data"]) != PAGE:
        raise RuntimeError(f"{path} has {len(page['data'])} messages on its first page")


def search(client: Client, owner: Owner, speech: Speech, chance: Random) -> None:
    """Words of any frequency."""
    client.call("GET", f"/api/search?{urlencode({'q': speech.asked(chance, owner.messages), 'limit': PAGE})}")


def append(client: Client, owner: Owner, speech: Speech, chance: Random) -> None:
    """A message more, which asks nobody."""
    item = {"type": "message", "role": "user", "content": speech.message(chance.randrange(10**8))}
    client.call("POST", f"/v1/conversations/{chance.choice(owner.conversations)}/items", {"items": [item]})


def turn(client: Client, owner: Owner, speech: Speech, chance: Random) -> None:
    """A turn: the model is told what fits of the two hundred messages before, and answers at once."""
    path = f"/api/conversations/{chance.choice(owner.conversations)}/messages"
    client.call("POST", path, {"message": speech.message(chance.randrange(10**8))})


DEEDS: dict[str, Deed] = {"list": list_them, "open": open_one, "search": search, "append": append, "turn": turn}


def times_ms(port: int, owner: Owner, deed: Deed, speech: Speech, count: int) -> Iterator[float]:
    """How long each took. The first few are not counted: connections and caches are made then."""
    chance = Random(deed.__name__)
    client = Client(port, owner.token)
    try:
        for number in range(-5, count):
            began_s = time.perf_counter()
            deed(client, owner, speech, chance)
            if number >= 0:
                yield (time.perf_counter() - began_s) * 1e3
    finally:
        client.close()
