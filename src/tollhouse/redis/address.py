"""Where Redis is, and who we are to it, read from a URL. Pure."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from tollhouse.errors import ConfigurationError

PORT: Final = 6379

_FORMS: Final = (
    "redis_url must be redis://[user:password@]host:port/0, the same with rediss:// for TLS, or unix:///path"
)


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """One server.

    Attributes:
        path: of a Unix socket; None where `host` and `port` count.
        user: None for the default one.
        database: its number.
        is_encrypted: by TLS, and the server proves its name.
    """

    host: str = "localhost"
    port: int = PORT
    path: str | None = None
    user: str | None = None
    password: str | None = None
    database: int = 0
    is_encrypted: bool = False

    def __str__(self) -> str:
        """Where it is, without anything secret."""
        return self.path or f"{self.host}:{self.port}"

    def __repr__(self) -> str:
        return f"Address({str(self)!r})"


def read_address(url: str) -> Address:
    """The address that a URL means.

    Raises:
        ConfigurationError: it is none; what is wrong is said without the URL, which may hold a password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigurationError(_FORMS) from None
    is_socket = parts.scheme == "unix"
    if parts.scheme not in ("redis", "rediss", "unix") or parts.fragment or (is_socket and not parts.path):
        raise ConfigurationError(_FORMS)
    said = parse_qs(parts.query, keep_blank_values=True)
    database = said.pop("db", [""])[0] if is_socket else parts.path.strip("/")
    if said or (parts.query and not is_socket):
        # Other clients take settings here, whose absence nobody would notice.
        raise ConfigurationError("redis_url takes nothing behind a `?`, but `db` of a unix:// socket")
    if not re.fullmatch(r"[0-9]{0,5}", database):
        raise ConfigurationError("redis_url must name its database by a number, as in redis://host:6379/0")
    return Address(
        host=parts.hostname or "localhost",
        port=port or PORT,
        path=unquote(parts.path) if is_socket else None,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        database=int(database or 0),
        is_encrypted=parts.scheme == "rediss",
    )
