"""The cookie that holds a browser's session: read with suspicion, and written so that no page can read it."""

from __future__ import annotations

from tollhouse import sessions
from tollhouse.sessions import SessionKey, Unproven

NAME = b"tollhouse_session"
CSRF = b"x-tollhouse-csrf"

READING = ("GET", "HEAD")
OURS = (b"same-origin", b"none")
"""What browsers say in Sec-Fetch-Site of our own pages, and of an address that somebody typed (W3C, Fetch Metadata)."""


def session_of(method: str, headers: list[tuple[bytes, bytes]]) -> SessionKey | None:
    """The key in a request's cookie, and whether it is proven; None without one, or with two, which is none."""
    cookies = [value for name, value in headers if name == b"cookie"]
    if not cookies:
        return None
    pairs = (pair.partition(b"=") for value in cookies for pair in value.split(b";"))
    keys = [value.strip() for name, _, value in pairs if name.strip() == NAME]
    if len(keys) != 1 or not sessions.is_well_formed(keys[0]):
        return None
    said = dict(headers)
    is_ours = said.get(b"sec-fetch-site", OURS[0]) in OURS
    is_meant = method in READING or sessions.proves(said.get(CSRF, b""), keys[0])
    return SessionKey(keys[0]) if is_ours and is_meant else Unproven(keys[0])


def setting(key: str, lasts_s: int, *, is_secure: bool) -> tuple[bytes, bytes]:
    """The header that gives a browser its session: for no script, no other site, and no wire in the clear."""
    more = "; Secure" if is_secure else ""
    return b"set-cookie", f"{NAME.decode()}={key}; Max-Age={lasts_s}; Path=/; HttpOnly; SameSite=Strict{more}".encode()


def unsetting(*, is_secure: bool) -> tuple[bytes, bytes]:
    """The header that takes it away."""
    return setting("", 0, is_secure=is_secure)
