"""What a new installation begins with: a workspace, an administrator, a first user with a key, and the keys at hand.

All of it is one transaction, so that it is there or not. A token can be shown only when it is made: when the process
was killed before that, the next one makes others, and those that nobody saw are revoked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tollhouse.admin.access import add_token, add_user
from tollhouse.admin.credentials import add_row, bound_to, checked_fields
from tollhouse.admin.desk import Actor, Desk
from tollhouse.admin.views import UserView
from tollhouse.errors import Unprocessable
from tollhouse.providers.base import Provider
from tollhouse.store import machinery, people
from tollhouse.store.engine import Writing
from tollhouse.tokens import DEFAULT_SCOPES, SCOPES

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
        desk.note(tx, ACTOR, "token.revoke", token_id)
    first = add_token(tx, desk, ACTOR, notes.user, name=TOKEN_NAME, scopes=DEFAULT_SCOPES)
    admin = add_token(tx, desk, ACTOR, notes.admin, name=TOKEN_NAME, scopes=SCOPES)
    _remember(tx, msgspec.structs.replace(notes, tokens=(first.id, admin.id)))
    return Made(api_key=first.token, admin_token=admin.token, imported=notes.imported)


def _move_in(tx: Writing, desk: Desk, environ: Mapping[str, str]) -> _Notes:
    admin = add_user(tx, desk, ACTOR, name=ADMIN_NAME, without_limits=True)
    user = add_user(tx, desk, ACTOR, name=USER_NAME, without_limits=True)
    imported = {}
    for provider in desk.reachable.providers.values():
        if provider.env is not None and environ.get(provider.env):
            try:
                _import_key(tx, desk, user, provider, environ)
            except Unprocessable:
                # A key without the rest, such as Azure's endpoint, leads nowhere: it is added by hand.
                continue
            imported[provider.name] = provider.env
    return _Notes(user=user.id, admin=admin.id, tokens=(), imported=imported)


def _import_key(tx: Writing, desk: Desk, user: UserView, provider: Provider, environ: Mapping[str, str]) -> None:
    """Note where the key is, not the key. Raises Unprocessable when what else it needs is not there."""
    told = {name: environ[field.env] for name, field in provider.fields.items() if field.env and environ.get(field.env)}
    fields = checked_fields(provider, told)
    row: dict[str, Any] = {
        "provider": provider.name,
        "label": None,
        "role": "primary",
        "active": True,
        "origin": bound_to(desk, provider, fields),
        "fields": fields,
        "reference": f"env:{provider.env}",
        "user_id": user.id,
        "workspace_id": user.workspace,
    }
    add_row(tx, desk, ACTOR, row, secret=None)


def _recall(tx: Writing) -> _Notes | None:
    fact = machinery.get_fact(tx, FACT)
    return None if fact is None else msgspec.convert(fact, _Notes)


def _remember(tx: Writing, notes: _Notes) -> None:
    machinery.set_fact(tx, FACT, msgspec.to_builtins(notes))
