"""Every way to tell somebody what is worth telling, and whom the settings name."""

from __future__ import annotations

from collections.abc import Collection
from importlib.util import find_spec

from tollhouse.clock import Clock
from tollhouse.errors import ConfigurationError
from tollhouse.held import Held
from tollhouse.notify.alerts import ENDPOINT, Channel
from tollhouse.notify.chat import Chat
from tollhouse.notify.webhook import Webhooks
from tollhouse.settings import Settings
from tollhouse.store.engine import Store
from tollhouse.upstream.base import Upstream
from tollhouse.vault import Vault

CHAT, MAIL = "chat", "email"


def channels_of(
    settings: Settings, clock: Clock, store: Store, vault: Vault, client: Upstream, mailed: Held[tuple[str, ...]]
) -> dict[str, Channel]:
    """Each by its name; `mailed` are the addresses that mail goes to."""
    alerts, smtp = settings.alerts, settings.alerts.smtp
    channels: dict[str, Channel] = {ENDPOINT: Webhooks(store, client, vault, clock, alerts.private_hosts)}
    if alerts.chat_webhook is not None:
        channels[CHAT] = Chat(client, clock, alerts.chat_webhook.resolve, alerts.private_hosts)
    if smtp.host is not None and smtp.sender is not None and find_spec("aiosmtplib") is not None:
        # Late import: the library is an extra, needed only where mail is sent.
        from tollhouse.notify.email import Mail, MailServer

        server = MailServer(
            host=smtp.host,
            port=smtp.port,
            security=smtp.security,
            user=smtp.user,
            read_password=smtp.password.resolve if smtp.password else None,
            ca_file=smtp.ca_file,
        )
        channels[MAIL] = Mail(server, smtp.sender, mailed)
    return channels


def named_of(settings: Settings, channels: Collection[str]) -> tuple[str, ...]:
    """Those of the channels that hear every alert. Raises ConfigurationError when one is named and not there."""
    alerts = settings.alerts
    if alerts.email_to and MAIL not in channels:
        raise ConfigurationError("alerts.email_to: mail needs an extra: pip install 'tollhouse[email]'")
    wanted = {CHAT: CHAT in channels, MAIL: bool(alerts.email_to)}
    return tuple(name for name, is_wanted in wanted.items() if is_wanted)
