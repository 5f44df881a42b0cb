"""What a new installation begins with: a workspace, an administrator, a first user with a key, and the keys at hand.

All of it is one transaction, so that it is there or not. A token can be shown only when it is made: when the process
was killed before that, the next one makes others, and those that nobody saw are revoked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tollhouse import ids, tokens
from tollhouse.admin.access import DEFAULT_WORKSPACE
from tollhouse.admin.desk import Actor, Desk
from tollhouse.providers.base import Provider
from tollhouse.store import credentials, machinery, people
from tollhouse.store.engine import Writing
from tollhouse.tokens import ADMIN, DEFAULT_SCOPES, SCOPES, Scope

FACT = "first_run"
ADMIN_NAME = "admin"
USER_NAME = "default"
TOKEN_NAME = "first run"  # noqa: S105 - what it is called
ACTOR = Actor("first run")


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What may be shown now and never again.

    Attributes:
        api_key: the first user's: no budget of tokens, no limit of requests.
        admin_token: manages.
        imported: provider -> environment variable that holds its key.
    """

    api_key: str
    admin_token: str
    imported: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Made(imported={dict(self.imported)!r})"


class _Notes(msgspec.Struct, frozen=True, kw_only=True):
    """The fact that the store keeps of it."""

    user: str
    admin: str
    tokens: tuple[str, ...]
    imported: dict[str, str]
    is_shown: bool = False


async def first_run(desk: Desk, environ: Mapping[str, str]) -> Made | None:
    """Make what a new installation needs; None when it was made before, and shown."""
    return await desk.change(lambda tx: _make(tx, desk, environ))


async def note_shown(desk: Desk) -> None:
    """The tokens were shown: the first run is over."""

    def work(tx: Writing) -> None:
        notes = _recall(tx)
        if notes is not None:
            _remember(tx, msgspec.structs.replace(notes, is_shown=True))

    await desk.store.write(work)


def _make(tx: Writing, desk: Desk, environ: Mapping[str, str]) -> Made | None:
    notes = _recall(tx)
    if notes is None:
        notes = _move_in(tx, desk, environ)
    elif notes.is_shown:
        return None
    for token_id in notes.tokens:
        people.revoke_token(tx, token_id, desk.clock.now())
    user_token, api_key = _add_token(tx, desk, notes.user, DEFAULT_SCOPES)
    admin_token_id, admin_token = _add_token(tx, desk, notes.admin, SCOPES)
    _remember(tx, msgspec.structs.replace(notes, tokens=(user_token, admin_token_id)))
    return Made(api_key=api_key, admin_token=admin_token, imported=notes.imported)


def _move_in(tx: Writing, desk: Desk, environ: Mapping[str, str]) -> _Notes:
    workspace = people.find_workspace(tx, DEFAULT_WORKSPACE)
    workspace_id = workspace["id"] if workspace else ids.new("ws")
    if workspace is None:
        people.add_workspace(tx, {"id": workspace_id, "name": DEFAULT_WORKSPACE, "created_at": desk.clock.now()})
    admin = _add_user(tx, desk, workspace_id, ADMIN_NAME)
    user = _add_user(tx, desk, workspace_id, USER_NAME)
    at_hand = [provider for provider in desk.reachable.providers.values() if environ.get(provider.env or "")]
    imported = {provider.name: _import_key(tx, desk, user, provider) for provider in at_hand}
    desk.note(tx, ACTOR, "installation.begin", workspace_id, admin=admin, user=user, imported=imported)
    return _Notes(user=user, admin=admin, tokens=(), imported=imported)


def _add_user(tx: Writing, desk: Desk, workspace_id: str, name: str) -> str:
    user_id = ids.new("usr")
    people.add_user(
        tx,
        {
            "id": user_id,
            "workspace_id": workspace_id,
            "name": name,
            "email": None,
            "time_zone": "UTC",
            "requests_per_minute": None,
            "tokens_per_minute": None,
            "concurrent": None,
            "created_at": desk.clock.now(),
            "disabled_at": None,
        },
    )
    return user_id


def _add_token(tx: Writing, desk: Desk, user_id: str, scopes: frozenset[Scope]) -> tuple[str, str]:
    minted = tokens.mint(pepper=desk.pepper)
    name = f"{TOKEN_NAME}, {ADMIN_NAME}" if ADMIN in scopes else TOKEN_NAME
    values: dict[str, Any] = {
        "id": ids.new("tok"),
        "lookup": minted.lookup,
        "user_id": user_id,
        "name": name,
        "digest": minted.digest,
        "scopes": sorted(scopes),
        "created_by": ACTOR.name,
        "created_at": desk.clock.now(),
        "expires_at": None,
        "revoked_at": None,
        "last_used_at": None,
    }
    people.add_token(tx, values)
    desk.note(tx, ACTOR, "token.create", values["id"], user=user_id, scopes=values["scopes"])
    return values["id"], minted.text


def _import_key(tx: Writing, desk: Desk, user_id: str, provider: Provider) -> str:
    """Note where the key is, not the key; gives the variable."""
    assert provider.env is not None  # noqa: S101 - it is set
    credentials.add(
        tx,
        {
            "id": ids.new("cred"),
            "user_id": user_id,
            "provider": provider.name,
            "label": None,
            "role": "primary",
            "active": True,
            "origin": desk.origins[provider.name],
            "fields": {},
            "reference": f"env:{provider.env}",
            "wrapped_key": None,
            "ciphertext": None,
            "kid": None,
            "last4": "",
            "fingerprint": "",
            "created_at": desk.clock.now(),
        },
    )
    return provider.env


def _recall(tx: Writing) -> _Notes | None:
    fact = machinery.get_fact(tx, FACT)
    return None if fact is None else msgspec.convert(fact, _Notes)


def _remember(tx: Writing, notes: _Notes) -> None:
    machinery.set_fact(tx, FACT, msgspec.to_builtins(notes))
