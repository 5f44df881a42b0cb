"""Who is this? Asked for all strangers of a batch at once, so that one of them costs hardly more than an acquaintance.

A query of the toolkit in a reader's thread takes ten times as long, and where there are many users, nearly everybody is
a stranger.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from tollhouse.store.statements import Batch, Query
from tollhouse.store.types import from_micros

_TOKEN: Final = (
    "lookup",
    "token.id",
    "token.user_id",
    "digest",
    "scopes",
    "expires_at",
    "revoked_at",
    "workspace_id",
    "requests_per_minute",
    "tokens_per_minute",
    "concurrent",
    "disabled_at",
)
_CREDENTIAL: Final = (
    "user_id",
    "id",
    "provider",
    "role",
    "label",
    "last4",
    "origin",
    "fields",
    "reference",
    "wrapped_key",
    "ciphertext",
)
_INSTANTS: Final = ("expires_at", "revoked_at", "disabled_at")

TOKENS = Query(
    f"SELECT {', '.join(_TOKEN)} FROM token"  # noqa: S608
    " JOIN user_account ON user_account.id = token.user_id WHERE lookup IN (?)"
)
CREDENTIALS = Query(f"SELECT {', '.join(_CREDENTIAL)} FROM credential WHERE active AND user_id IN (?)")  # noqa: S608

_TOKEN_NAMES: Final = [name.rpartition(".")[2] for name in _TOKEN]


def look_up(batch: Batch, lookups: list[str]) -> Sequence[tuple[dict[str, Any] | None, list[dict[str, Any]]]]:
    """For the public part of each token: the token with its user, None when there is none, and the user's active
    credentials, primaries before fallbacks, older before newer."""
    tokens = {row[0]: _token(row) for row in batch.fetch(TOKENS, sorted(set(lookups)))}
    if not tokens:
        return [(None, [])] * len(lookups)
    keys: dict[str, list[dict[str, Any]]] = {token["user_id"]: [] for token in tokens.values()}
    for row in batch.fetch(CREDENTIALS, sorted(keys)):
        keys[row[0]].append(_credential(row))
    for theirs in keys.values():
        theirs.sort(key=lambda key: (key["role"] != "primary", key["id"]))
    known = (tokens.get(lookup) for lookup in lookups)
    return [(token, keys[token["user_id"]] if token else []) for token in known]


def _token(row: Sequence[Any]) -> dict[str, Any]:
    token = dict(zip(_TOKEN_NAMES, row, strict=True))
    token["scopes"] = msgspec.json.decode(token["scopes"])
    for name in _INSTANTS:
        if token[name] is not None:
            token[name] = from_micros(token[name])
    return token


def _credential(row: Sequence[Any]) -> dict[str, Any]:
    credential = dict(zip(_CREDENTIAL, row, strict=True))
    credential["fields"] = msgspec.json.decode(credential["fields"])
    return credential
