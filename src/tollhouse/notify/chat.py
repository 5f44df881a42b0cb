"""Tells a chat, through an incoming webhook as Slack has them; Mattermost, Rocket.Chat and Discord (`/slack`) do too.

Source: Slack, "Sending messages using incoming webhooks", 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import msgspec

from tollhouse.clock import Clock
from tollhouse.errors import ConfigurationError, InvalidRequest
from tollhouse.notify.events import Alert, sentence_of
from tollhouse.notify.post import Undelivered, post, read_address
from tollhouse.upstream.base import Upstream

ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
"""What would be markup: a user's name must not mention a channel (Slack, "Formatting text for app surfaces")."""


class Chat:
    """One chat, whose address is a secret: whoever has it may write there."""

    def __init__(
        self, upstream: Upstream, clock: Clock, read_url: Callable[[], str], private_hosts: Collection[str]
    ) -> None:
        """Post through `upstream`; the address is read anew each time."""
        self._upstream = upstream
        self._clock = clock
        self._read_url = read_url
        self._private_hosts = private_hosts

    async def send(self, alert: Alert, target: str) -> int:
        """Say it; gives the status. Raises Undelivered."""
        try:
            address = read_address(self._read_url(), self._private_hosts)
        except (ConfigurationError, InvalidRequest) as error:
            raise Undelivered(f"alerts.chat_webhook: {error.message}") from None
        body = msgspec.json.encode({"text": sentence_of(alert).translate(ESCAPES)})
        return await post(self._upstream, address, (), body, self._clock.now())
