"""Server-sent events of a run, line by line. Pure.

WHATWG HTML, section 9.2.6, as far as Tollhouse writes it: fields `id`, `event` and `data`, comments, empty lines.
"""

from __future__ import annotations

from typing import Final

import msgspec

from tollhouse.client.answers import Event
from tollhouse.client.errors import Unreadable

END: Final = frozenset(("run.succeeded", "run.failed", "run.cancelled"))


class Reader:
    """Makes events of lines."""

    def __init__(self) -> None:
        self._id = ""
        self._name = ""
        self._data: list[str] = []

    def feed(self, line: str) -> Event | None:
        """Read one line without its end; the event, when it ends one. Raises Unreadable."""
        if line:
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "id":
                self._id = value
            elif field == "event":
                self._name = value
            elif field == "data":
                self._data.append(value)
            return None
        name, data = self._name, "\n".join(self._data)
        self._name, self._data = "", []
        if not data:
            return None
        try:
            return Event(id=self._id, name=name, data=msgspec.json.decode(data, type=dict))
        except msgspec.DecodeError:
            raise Unreadable(f"The run told `{name}` in words that are no JSON.") from None
