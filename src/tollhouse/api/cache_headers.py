"""What a client says about being answered from the cache: `Cache-Control`, and for how long it may keep an answer.

RFC 9111, section 5.2.1 (read 2026-11-30): `no-store`, `no-cache`, `max-age`. Other directives mean nothing here.
"""

from __future__ import annotations

from typing import Final

from tollhouse.cache.wishes import NONE, Wishes
from tollhouse.errors import InvalidRequest
from tollhouse.providers.base import Headers

TTL: Final = b"x-tollhouse-cache-ttl"
DIGITS_MOST: Final = 9


def read(headers: list[tuple[bytes, bytes]] | Headers) -> Wishes:
    """The wishes that a head tells. Raises InvalidRequest for one that cannot be meant."""
    directives: dict[str, str] = {}
    ttl_s: int | None = None
    for name, value in headers:
        if name == b"cache-control":
            for directive in value.decode("latin-1").lower().split(","):
                word, _, number = directive.partition("=")
                directives[word.strip()] = number.strip().strip('"')
        elif name == TTL:
            ttl_s = _seconds(value.decode("latin-1").strip(), "x-tollhouse-cache-ttl")
    if not directives and ttl_s is None:
        return NONE
    max_age_s = _seconds(directives["max-age"], "max-age") if "max-age" in directives else None
    return Wishes(
        wants_new="no-cache" in directives, is_private="no-store" in directives, max_age_s=max_age_s, ttl_s=ttl_s
    )


def _seconds(said: str, name: str) -> int:
    if not (said.isascii() and said.isdigit()) or len(said) > DIGITS_MOST:
        raise InvalidRequest(f"{name} is a whole number of seconds.")
    return int(said)
