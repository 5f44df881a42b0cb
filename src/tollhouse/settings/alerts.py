"""The settings of alerts: who is told, and how."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tollhouse.settings.fields import COMMAS, Days, MailAddress, Table
from tollhouse.settings.live import AT_ONCE, NEXT_TIDYING, Live
from tollhouse.settings.secret import SecretRef


class SmtpSettings(Table):
    """The mail server that takes alerts. Its address may be private: it is yours to name."""

    host: str | None = None
    """Its name; without one there is no mail."""
    port: int = Field(default=587, ge=1, le=65535)
    """The port it listens on: 587 for `starttls`, mostly 465 for `tls` and 25 for `none`."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is made safe. A password is never sent without."""
    user: str | None = None
    """Who we are to it, if it asks."""
    password: SecretRef | None = None
    """The password of the user."""
    sender: MailAddress | None = None
    """The address that mail comes from."""
    ca_file: Path | None = None
    """Authorities (PEM) that are trusted instead of the system's."""

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if self.password is not None and self.security == "none":
            raise ValueError("a password is not sent in the clear; set security to starttls or tls")
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password belong together")
        return self


class AlertSettings(Table):
    """Who is told when a budget is used up so far, or a credential is old or fails; endpoints are added by
    `tollhouse webhooks add`. Told within ten seconds; what fails is tried again for 72 hours."""

    email_to: Annotated[tuple[MailAddress, ...], *COMMAS, Live("for mails that are sent from then on")] = ()
    """Addresses that are mailed every alert."""
    chat_webhook: SecretRef | None = None
    """The URL of a chat's incoming webhook, as Slack and Mattermost have them, that is told every alert."""
    private_hosts: Annotated[tuple[str, ...], *COMMAS] = ()
    """Hosts of endpoints that may have private addresses, and be called by `http:`."""
    credential_days: Annotated[Days, AT_ONCE] = 90
    """The age of a credential that raises an alert, in days, or `none`."""
    keep_days: Annotated[Days, NEXT_TIDYING] = 90
    """Deliveries older than this are forgotten, in days, or `none`."""
    smtp: SmtpSettings = SmtpSettings()

    @model_validator(mode="after")
    def _has_a_server(self) -> Self:
        if self.email_to and (self.smtp.host is None or self.smtp.sender is None):
            raise ValueError("email_to needs smtp.host and smtp.sender")
        return self
