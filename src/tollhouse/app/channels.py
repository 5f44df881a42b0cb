"""Every way to tell somebody what is worth telling."""

from __future__ import annotations

from tollhouse.clock import Clock
from tollhouse.errors import CannotStart
from tollhouse.notify.alerts import ENDPOINT, Channel
from tollhouse.notify.chat import Chat
from tollhouse.notify.webhook import Webhooks
from tollhouse.settings import Settings
from tollhouse.store.engine import Store
from tollhouse.upstream.base import Upstream
from tollhouse.vault import Vault


def channels_of(settings: Settings, clock: Clock, store: Store, vault: Vault, client: Upstream) -> dict[str, Channel]:
    """Every way to tell somebody that the settings know. Raises CannotStart when a library for one is missing."""
    alerts, smtp = settings.alerts, settings.alerts.smtp
    channels: dict[str, Channel] = {ENDPOINT: Webhooks(store, client, vault, clock, alerts.private_hosts)}
    if alerts.chat_webhook is not None:
        channels["chat"] = Chat(client, clock, alerts.chat_webhook.resolve, alerts.private_hosts)
    if alerts.email_to and smtp.host is not None and smtp.sender is not None:
        try:
            # Late import: the library is an extra, needed only where mail is sent.
            from tollhouse.notify.email import Mail, MailServer
        except ImportError as error:
            raise CannotStart("mail needs an extra: pip install 'tollhouse[email]'") from error
        server = MailServer(
            host=smtp.host,
            port=smtp.port,
            security=smtp.security,
            user=smtp.user,
            read_password=smtp.password.resolve if smtp.password else None,
            ca_file=smtp.ca_file,
        )
        channels["email"] = Mail(server, smtp.sender, alerts.email_to)
    return channels
