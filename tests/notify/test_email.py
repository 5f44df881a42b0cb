"""Mail goes through a real server, safely or not at all."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tollhouse.held import Held
from tollhouse.notify.email import Mail, MailServer, Security
from tollhouse.notify.events import Alert
from tollhouse.notify.post import Undelivered

PASSWORD = "canary-0123456789abcdef"
ALERT = Alert(
    id="evt_1",
    type="credential.failing",
    facts={"credential": "cred_1", "user": "usr_1", "provider": "openai", "error": "provider_quota"},
    raised_at=datetime(2026, 11, 22, 10, tzinfo=UTC),
)


class Postbox:
    """Takes mail, or says what it is told to say."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], Message]] = []
        self.says = "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.mails.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=default)))
        return self.says


@contextmanager
def listening(postbox: Postbox, port: int, **options: Any) -> Iterator[int]:
    controller = Controller(postbox, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def mail(port: int, security: Security = "none", **options: Any) -> Mail:
    server = MailServer(host="127.0.0.1", port=port, security=security, **options)
    return Mail(server, "tollhouse@example.com", Held(("ops@example.com", "ada@example.com")))


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


@pytest.fixture
def authority(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS, and the file of who signed it."""
    ca = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    file = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(file)
    return context, file


async def test_everybody_is_mailed_one_line_with_an_id_that_stays(postbox: Postbox, unused_tcp_port: int) -> None:
    with listening(postbox, unused_tcp_port) as port:
        for _ in range(2):
            await mail(port).send(ALERT, "email")
    (recipients, first), (_, second) = postbox.mails
    assert recipients == ["ops@example.com", "ada@example.com"]
    assert (first["From"], first["Subject"]) == ("tollhouse@example.com", "Tollhouse: credential.failing")
    assert first["Message-ID"] == second["Message-ID"] == "<evt_1@tollhouse>"
    assert first.get_payload().strip() == "openai refuses a credential: provider_quota (cred_1 of usr_1)."


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_the_password_is_sent_where_the_line_is_safe(
    postbox: Postbox, authority: tuple[ssl.SSLContext, Path], security: Security, unused_tcp_port: int
) -> None:
    seen = []

    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        seen.append((data.login, data.password))
        return AuthResult(success=True)

    context, ca_file = authority
    tls: dict[str, Any] = (
        {"tls_context": context, "require_starttls": True} if security == "starttls" else {"ssl_context": context}
    )
    with listening(
        postbox, unused_tcp_port, authenticator=check, auth_require_tls=security == "starttls", **tls
    ) as port:
        await mail(port, security, ca_file=ca_file, user="tollhouse", read_password=lambda: PASSWORD).send(ALERT, "")
    assert seen == [(b"tollhouse", PASSWORD.encode())]
    assert len(postbox.mails) == 1


async def test_nothing_is_said_to_a_server_that_is_not_trusted_or_offers_no_safety(
    postbox: Postbox, authority: tuple[ssl.SSLContext, Path], unused_tcp_port: int
) -> None:
    with listening(postbox, unused_tcp_port, tls_context=authority[0]) as port, pytest.raises(Undelivered):
        await mail(port, "starttls").send(ALERT, "email")
    with listening(postbox, unused_tcp_port) as port, pytest.raises(Undelivered):
        await mail(port, "starttls").send(ALERT, "email")
    assert postbox.mails == []


async def test_a_refusal_is_told_without_the_password(postbox: Postbox, unused_tcp_port: int) -> None:
    postbox.says = f"554 go away, {PASSWORD}"
    with listening(postbox, unused_tcp_port) as port, pytest.raises(Undelivered) as refused:
        await mail(port, read_password=lambda: PASSWORD).send(ALERT, "email")
    assert "go away" in refused.value.message
    assert PASSWORD not in refused.value.message


async def test_a_server_that_is_not_there_is_a_failed_attempt(unused_tcp_port: int) -> None:
    with pytest.raises(Undelivered, match=r"127\.0\.0\.1"):
        await mail(unused_tcp_port).send(ALERT, "email")
