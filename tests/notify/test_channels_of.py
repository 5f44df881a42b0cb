"""Who is told follows from the settings: the whole house, from a budget that is used to a chat and a mailbox."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import text

from houses import make_person, opened
from receivers import Receiver
from tollhouse.admin import budgets, deliveries
from tollhouse.admin.desk import COMMAND_LINE


class Postbox:
    """Counts mail."""

    def __init__(self) -> None:
        self.mails: list[str] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.mails.append(envelope.content.decode())
        return "250 OK"


async def test_a_chat_and_a_mailbox_hear_of_a_budget_that_is_used(
    tmp_path: Path, receiver: Receiver, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAT", receiver.url)
    toml = (
        '[alerts]\nprivate_hosts = ["127.0.0.1"]\nchat_webhook = "env:CHAT"\nemail_to = ["ops@example.com"]\n'
        f'[alerts.smtp]\nhost = "127.0.0.1"\nport = {unused_tcp_port}\nsecurity = "none"\n'
        'sender = "tollhouse@example.com"\n'
    )
    postbox = Postbox()
    mail_server = Controller(postbox, hostname="127.0.0.1", port=unused_tcp_port)
    mail_server.start()
    try:
        async with opened(tmp_path / "data", toml=toml) as house:
            person = await make_person(house)
            budget = await budgets.set_budget(
                house.desk,
                COMMAND_LINE,
                owner_kind="user",
                owner_id=person.id,
                unit="tokens",
                window="total",
                limit=1_000,
                alert_at=[1.0],
            )
            await house.store.write(
                lambda tx: tx.execute(
                    text("INSERT INTO bucket VALUES (:id, :budget, 900, 0, 100, 0)"),
                    {"id": f"{budget.id}:tokens:total", "budget": budget.id},
                )
            )
            assert await house.watch.look() == 1
            await house.outbox.deliver_due()
            listed = await deliveries.list_deliveries(house.desk)
    finally:
        mail_server.stop()
    assert {(view.target, view.status) for view in listed} == {("chat", "delivered"), ("email", "delivered")}
    sentence = "100% of a budget is used: 1,000 tokens of 1,000 tokens in total, by ada"
    assert receiver.heard[0].json["text"].startswith(sentence)
    (mail,) = postbox.mails
    assert sentence in mail.replace("=\r\n", "").replace("\r\n", " ")
