"""Takes secrets out of a text before it is logged, stored or shown.

Providers repeat keys in their errors, proxies repeat headers, and exceptions repeat addresses. What is known to be
secret is found exactly, in every spelling it may come in and in pieces too (a body cut in the middle, a key broken over
lines); what merely looks like a key is found by its pattern. Redact first and cut afterwards.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

MARK = "***"

# Fewer consecutive characters of a secret may remain: what people are shown to recognise a key by is shorter.
_PIECE = 12
# A shorter "secret" (vLLM's EMPTY, a lone x) is none, and would blot out ordinary words.
_SECRET_LENGTH_MIN = 6

# Every repetition is bounded or cannot fail after it began, so the time is linear in the text.
_LOOKS_SECRET = re.compile(
    r"""
    # Authorization: Bearer …; Basic is a common word, so what follows it must not be one.
    (?P<scheme> \b(?: (?i:bearer)\s{1,4} | (?i:basic)\s{1,4}(?=[a-z]{0,64}[A-Z0-9+/=]) ) ) [\w.~+/=-]{16,}
    # ?key=…, as in Google's addresses
  | (?P<query> [?&](?i: key | api[_-]?key | access_token | token )= ) [^\s&"'\#]{8,}
    # x-api-key: …, "api_key": "…", api_key='…'
  | (?P<name> (?i: api[_-]?key | secret[_-]?key | access[_-]?token ) \\?["']?\s{0,4}[:=]\s{0,4}\\?["']? )
    [^\s"'\\,;&}]{16,}
    # The prefixes that vendors give their keys, and our own.
  | (?<![A-Za-z0-9]) (?: sk- | csk- | xai- | pplx- | nvapi- | gsk_ | hf_ | r8_ | fw_ | tgp_v1_ | th_live_ | whsec_
        | ABSK | AIza | AQ\. | ya29\. | AKIA | ASIA | ghp_ | github_pat_ ) [\w+/=.-]{15,}[\w+/=-]
    # JSON Web Tokens
  | (?<![\w-]) eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}
    # Private keys of service accounts
  | -----BEGIN\ [A-Z ]{0,20}PRIVATE\ KEY-----[^-]{0,8192}(?:-----END\ [A-Z ]{0,20}PRIVATE\ KEY-----)?
    """,
    re.VERBOSE | re.ASCII,
)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """The text with `***` in place of secrets.

    Of a known secret of twelve characters or more, no twelve consecutive ones remain, in plain, JSON or percent
    spelling; a shorter one is replaced where it stands whole, from six characters on.

    Args:
        text: of any length; the time is linear in it.
        secrets: the texts that must not remain, such as the key the call was made with.

    >>> redact('{"message": "Incorrect API key provided: sk-proj-4f9a1c7e2b8d6035."}')
    '{"message": "Incorrect API key provided: ***."}'
    >>> redact("no such key: 0123456789abcdef", ["0123456789abcdef"])
    'no such key: ***'
    """
    pieces: set[str] = set()
    for spelling in _spellings(secrets):
        if len(spelling) < _PIECE:
            text = text.replace(spelling, MARK)
        else:
            pieces.update(spelling[start : start + _PIECE] for start in range(len(spelling) - _PIECE + 1))
    if pieces:
        text = _without(pieces, text)
    return _LOOKS_SECRET.sub(_keep_the_lead, text)


def redact_bytes(body: bytes, secrets: Iterable[str] = ()) -> bytes:
    """The same for bytes in any encoding that contains ASCII; what is not secret stays as it is, byte for byte."""
    # Latin-1 gives every byte a character and back.
    return redact(body.decode("latin-1"), [secret.encode().decode("latin-1") for secret in secrets]).encode("latin-1")


def _spellings(secrets: Iterable[str]) -> Iterator[str]:
    for secret in secrets:
        if len(secret) >= _SECRET_LENGTH_MIN:
            in_json = json.dumps(secret)[1:-1]
            yield from {secret, in_json, in_json.replace("/", "\\/"), quote(secret, safe="")}


def _without(pieces: set[str], text: str) -> str:
    kept: list[str] = []
    done = 0
    for found in [at for at in range(len(text) - _PIECE + 1) if text[at : at + _PIECE] in pieces]:
        if found >= done:
            kept += (text[done:found], MARK)
        done = found + _PIECE
    kept.append(text[done:])
    return "".join(kept)


def _keep_the_lead(found: re.Match[str]) -> str:
    return (found["scheme"] or found["query"] or found["name"] or "") + MARK
