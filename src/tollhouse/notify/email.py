"""Tells people by mail, through the operator's own server. Needs the extra `email`.

The address rules for calls do not hold here: mail servers are the operator's to name, and mostly in private networks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Literal, TypeAlias

import aiosmtplib
import msgspec

from tollhouse.errors import ConfigurationError
from tollhouse.held import Held
from tollhouse.notify.events import Alert, sentence_of
from tollhouse.notify.post import Undelivered
from tollhouse.redaction import redact

Security: TypeAlias = Literal["starttls", "tls", "none"]

TIMEOUT_S = 20.0
ERROR_MOST = 200


class MailServer(msgspec.Struct, frozen=True, kw_only=True):
    """Who takes our mail.

    Attributes:
        read_password: reads it anew each time; None when the server asks for none.
        ca_file: authorities that are trusted instead of the system's (PEM).
    """

    host: str
    port: int
    security: Security
    user: str | None = None
    read_password: Callable[[], str] | None = None
    ca_file: Path | None = None


class Mail:
    """Mail from one address to some."""

    def __init__(self, server: MailServer, sender: str, recipients: Held[tuple[str, ...]]) -> None:
        """A connection is made for each mail: there are few."""
        self._server = server
        self._sender = sender
        self._recipients = recipients

    async def send(self, alert: Alert, target: str) -> None:
        """Mail it to all. Raises Undelivered."""
        server, recipients = self._server, self._recipients.now
        if not recipients:
            raise Undelivered("nobody is mailed any more", is_final=True)
        password = ""
        try:
            if server.read_password is not None:
                password = server.read_password()
            await aiosmtplib.send(
                self._written(alert, recipients),
                recipients=list(recipients),
                hostname=server.host,
                port=server.port,
                username=server.user,
                password=password or None,
                use_tls=server.security == "tls",
                start_tls=server.security == "starttls",
                cert_bundle=str(server.ca_file) if server.ca_file else None,
                timeout=TIMEOUT_S,
            )
        except ConfigurationError as error:
            raise Undelivered(f"alerts.smtp: {error.message}") from None
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            # A server may repeat what it was told.
            why = redact(str(error) or type(error).__name__, (password,))
            raise Undelivered(f"{server.host}: {why}"[:ERROR_MOST]) from None

    def _written(self, alert: Alert, recipients: Sequence[str]) -> EmailMessage:
        """The mail; a second copy of it has the same id, by which readers drop it."""
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = ", ".join(recipients)
        message["Subject"] = f"Tollhouse: {alert.type}"
        message["Date"] = alert.raised_at
        message["Message-ID"] = f"<{alert.id}@tollhouse>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office replies, please
        message.set_content(sentence_of(alert) + "\n")
        return message
