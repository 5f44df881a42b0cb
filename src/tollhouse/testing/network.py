"""No network but this machine's own: who calls somewhere else is told so, at once, by name."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from ipaddress import ip_address
from typing import Any
from unittest.mock import patch


class NetworkBlocked(RuntimeError):
    """A test would have reached beyond this machine. Not an OSError: those are caught, and tried again."""


@contextmanager
def blocked(allow: Sequence[str] = ()) -> Iterator[list[NetworkBlocked]]:
    """Let nobody in this process connect, send or look up names beyond the loopback while this lasts.

    What goes by Python's own sockets is blocked, also from threads and by asyncio; uvloop and other libraries with
    sockets of their own are not.

    Args:
        allow: hosts that may be reached all the same; `*` and `?` stand for any letters.

    Yields:
        Each attempt, also those whose error somebody swallowed.
    """
    attempts: list[NetworkBlocked] = []

    def check(host: Any, what: str) -> None:
        if not (_is_here(host) or any(fnmatchcase(_text(host), name) for name in allow)):
            attempts.append(NetworkBlocked(f"this test has no network, and would {what} {_text(host)}"))
            raise attempts[-1]

    def guarded(name: str, what: str) -> Any:
        method = getattr(socket.socket, name)

        def call(self: socket.socket, *arguments: Any) -> Any:
            # The address stands last; sockets of other families have none that is a host.
            if self.family in (socket.AF_INET, socket.AF_INET6):
                try:
                    check(arguments[-1][0], what)
                except NetworkBlocked:
                    # Whoever opened it closes it after an OSError only.
                    self.close()
                    raise
            return method(self, *arguments)

        return patch.object(socket.socket, name, call)

    def look_up(host: Any, *arguments: Any, **named: Any) -> Any:
        # What is an address already is looked up without asking anybody.
        if not _is_address(host):
            check(host, "look up")
        return getaddrinfo(host, *arguments, **named)

    getaddrinfo = socket.getaddrinfo
    with (
        guarded("connect", "connect to"),
        guarded("connect_ex", "connect to"),
        guarded("sendto", "send to"),
        patch.object(socket, "getaddrinfo", look_up),
    ):
        yield attempts


def _is_here(host: Any) -> bool:
    text = _text(host)
    return text in ("", "localhost") or (_is_address(text) and ip_address(text.partition("%")[0]).is_loopback)


def _is_address(host: Any) -> bool:
    try:
        ip_address(_text(host).partition("%")[0])
    except ValueError:
        return False
    return True


def _text(host: Any) -> str:
    if host is None:
        return ""
    return host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
