"""Providers' secrets: add, change, replace, verify. What goes in never comes out, only its last four letters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Any, Literal, TypeAlias

from msgspec import UNSET, UnsetType

from tollhouse import ids
from tollhouse.admin.access import NAME_MOST, check_name, find_user, whose
from tollhouse.admin.desk import Actor, Desk
from tollhouse.admin.lists import EVERY, page_of
from tollhouse.admin.views import CredentialView, Listing
from tollhouse.errors import CredentialUnreadable, InvalidRequest, NotFound, Unprocessable, UpstreamError
from tollhouse.gateway.identify import Key, key_of
from tollhouse.gateway.keys import binding_of
from tollhouse.providers.base import Provider
from tollhouse.store import credentials as sql
from tollhouse.store.engine import Reading, Writing
from tollhouse.store.paging import Page
from tollhouse.vault import Secret, kid_of, last4

Role: TypeAlias = Literal["primary", "fallback"]

KEY_MOST = 16 * 1024
ROLES = ("primary", "fallback")


async def add_credential(
    desk: Desk,
    actor: Actor,
    user: str,
    *,
    provider: str,
    api_key: str | None = None,
    reference: str | None = None,
    label: str | None = None,
    role: str = "primary",
    active: bool = True,
    fields: Mapping[str, str] | None = None,
) -> CredentialView:
    """Add a provider's key, sealed for the address it leads to now. A new primary makes the old one a fallback.

    Args:
        reference: `env:VAR` or `file:/path` instead of a key. Only for the operator: it reads this machine's secrets.
            Where it leads is seen when it is used: by the gateway, which may have what a command has not.
        fields: what the provider needs besides the key.

    Raises:
        InvalidRequest: no such provider; the message names near ones.
        Unprocessable: names the field.
        NotFound: no such user.
    """
    known = _known(desk, provider)
    told = checked_fields(known, fields or {})
    origin = bound_to(desk, known, told)
    secret = _read_secret(api_key, reference)
    values = {
        "provider": provider,
        "label": _checked_label(label),
        "role": _checked_role(role),
        "active": active,
        "origin": origin,
        "fields": told,
        "reference": reference,
    }

    def work(tx: Writing) -> CredentialView:
        owner = find_user(tx, user)
        row = {**values, "user_id": owner["id"], "workspace_id": owner["workspace_id"]}
        return add_row(tx, desk, actor, row, secret)

    return await desk.change(work)


async def list_credentials(
    desk: Desk, user: str | None = None, page: Page = EVERY, *, workspace: str | None = None
) -> Listing[CredentialView]:
    """Credentials, or those of one user or workspace, oldest first. Raises NotFound."""
    now = desk.clock.now()

    def query(tx: Reading, page: Page) -> list[CredentialView]:
        return [credential_view(row, now) for row in sql.listed(tx, page, **whose(tx, user=user, workspace=workspace))]

    return await page_of(desk, page, query)


async def get_credential(desk: Desk, credential_id: str, *, user: str | None = None) -> CredentialView:
    """One credential; only when it is this user's, if one is said. Raises NotFound."""
    return credential_view(await desk.store.read(lambda tx: _find(tx, credential_id, user)), desk.clock.now())


async def change_credential(
    desk: Desk,
    actor: Actor,
    credential_id: str,
    *,
    label: str | UnsetType | None = UNSET,
    role: str | UnsetType = UNSET,
    active: bool | UnsetType = UNSET,
    user: str | None = None,
) -> CredentialView:
    """Change what a credential is called, its place, or whether it is used; what is not said stays.

    Args:
        user: only when it is this user's; another's is as good as none.

    Raises:
        NotFound: no such credential.
        Unprocessable: names the field.
    """
    values: dict[str, Any] = {}
    if label is not UNSET:
        values["label"] = _checked_label(label)
    if role is not UNSET:
        values["role"] = _checked_role(role)
    if active is not UNSET:
        values["active"] = active

    def work(tx: Writing) -> CredentialView:
        row = _find(tx, credential_id, user)
        if values.get("role") == "primary":
            sql.demote_primary(tx, row["user_id"], row["provider"])
        if values:
            sql.change(tx, credential_id, values)
            desk.note(tx, actor, "credential.change", credential_id, **values)
        return credential_view({**row, **values}, desk.clock.now())

    return await desk.change(work)


async def rotate_credential(
    desk: Desk, actor: Actor, credential_id: str, api_key: str, *, user: str | None = None
) -> CredentialView:
    """Put a new key in a credential's place; a primary that is replaced stays as a fallback until it is removed.

    Raises:
        NotFound: no such credential.
        Unprocessable: the key is none.
    """
    secret = _read_secret(api_key, None)

    def work(tx: Writing) -> CredentialView:
        old = _find(tx, credential_id, user)
        kept = {name: old[name] for name in ("provider", "label", "role", "fields", "user_id", "workspace_id")}
        origin = bound_to(desk, _known(desk, old["provider"]), old["fields"])
        row = {**kept, "active": True, "origin": origin, "reference": None}
        return add_row(tx, desk, actor, row, secret, replaces=credential_id)

    return await desk.change(work)


async def remove_credential(desk: Desk, actor: Actor, credential_id: str, *, user: str | None = None) -> CredentialView:
    """Forget a credential for good; gives how it stood. Raises NotFound."""

    def work(tx: Writing) -> CredentialView:
        row = _find(tx, credential_id, user)
        sql.remove(tx, credential_id)
        desk.note(tx, actor, "credential.remove", credential_id, user=row["user_id"], provider=row["provider"])
        return credential_view(row, desk.clock.now())

    return await desk.change(work)


async def verify_credential(desk: Desk, actor: Actor, credential_id: str, *, user: str | None = None) -> CredentialView:
    """Ask the provider whether the key is good, by a call that costs nothing.

    The view tells what it says: `verified_at`, or `last_error`. Raises NotFound.
    """
    row = await desk.store.read(lambda tx: _find(tx, credential_id, user))
    problem = await _problem(desk, key_of(row, row["workspace_id"]))
    now = desk.clock.now()
    told = {"last_error": problem, "last_error_at": now} if problem else {"verified_at": now, "last_error": None}

    def work(tx: Writing) -> CredentialView:
        current = _find(tx, credential_id, user)
        sql.change(tx, credential_id, told)
        desk.note(tx, actor, "credential.verify", credential_id, good=problem is None)
        return credential_view({**current, **told}, now)

    return await desk.change(work)


async def _problem(desk: Desk, key: Key) -> str | None:
    """Why the key cannot be used; None when the provider takes it."""
    provider = desk.reachable.providers.get(key.provider)
    if provider is None:
        return f"There is no provider {key.provider} in the configuration any more."
    try:
        secret = desk.calling.keys.open(key, desk.targets.of(provider, key.fields).bound_to)
        await desk.probe(provider, secret, key.fields)
    except (CredentialUnreadable, UpstreamError, InvalidRequest) as error:
        return error.message
    return None


def add_row(
    tx: Writing, desk: Desk, actor: Actor, row: dict[str, Any], secret: Secret | None, replaces: str | None = None
) -> CredentialView:
    """Seal and write one row, in a transaction that does more, and with which no master key can be dropped.

    Args:
        row: provider, label, role, active, origin, fields, reference, user_id and workspace_id.
        secret: None for a reference.
    """
    now = desk.clock.now()
    sql.lock_sealing(tx)
    values = {
        "id": ids.new("cred"),
        "wrapped_key": None,
        "ciphertext": None,
        "kid": None,
        "last4": "",
        "fingerprint": "",
        "created_at": now,
        "verified_at": None,
        "last_used_at": None,
        "last_error": None,
        "last_error_at": None,
        **row,
    }
    if secret is not None:
        sealed = desk.vault.seal(secret, binding_of(key_of(values, row["workspace_id"]), row["origin"]))
        values |= {
            "wrapped_key": sealed.wrapped_key,
            "ciphertext": sealed.ciphertext,
            "kid": kid_of(sealed),
            "last4": last4(secret),
            "fingerprint": desk.vault.fingerprint(secret, row["workspace_id"]),
        }
    if values["role"] == "primary":
        sql.demote_primary(tx, values["user_id"], values["provider"])
    sql.add(tx, {name: value for name, value in values.items() if name != "workspace_id"})
    facts = {"user": values["user_id"], "provider": values["provider"], "role": values["role"]}
    desk.note(
        tx, actor, "credential.rotate" if replaces else "credential.add", values["id"], **facts, replaces=replaces
    )
    return credential_view(values, now)


def _find(tx: Reading, credential_id: str, user: str | None) -> Any:
    row = sql.find(tx, credential_id)
    if row is None or (user is not None and row["user_id"] != user):
        # The same words for what is another's and for what is not: they tell nobody that it exists.
        raise NotFound("There is no such credential.")
    return row


# --- checking --------------------------------------------------------------------------------------------------------


def _known(desk: Desk, name: str) -> Provider:
    providers = desk.reachable.providers
    if name not in providers:
        near = get_close_matches(name, providers, n=3, cutoff=0.5) or sorted(providers)[:3]
        raise InvalidRequest(
            f"There is no provider {name[:NAME_MOST]!r}. Near ones: {', '.join(near)}.", param="provider"
        )
    return providers[name]


def bound_to(desk: Desk, provider: Provider, fields: Mapping[str, str]) -> str:
    """The origin that a credential of these fields is sealed for. Raises Unprocessable, naming the field."""
    try:
        return desk.targets.of(provider, fields).bound_to
    except InvalidRequest as error:
        raise Unprocessable(error.message, param=error.param) from None


def _read_secret(api_key: str | None, reference: str | None) -> Secret | None:
    """The key to seal; None when it is kept elsewhere."""
    if api_key is not None and reference is not None:
        raise Unprocessable("A credential has a key, or a reference to one, not both.", param="reference")
    if reference is not None:
        if not re.fullmatch(r"env:.+|file:/.+", reference):
            raise Unprocessable("A reference is `env:VAR` or `file:/path`.", param="reference")
        return None
    text = (api_key or "").strip()
    if not text or len(text) > KEY_MOST or not text.isascii() or not text.isprintable() or " " in text:
        # The text itself is not shown: it may be half a key.
        raise Unprocessable("A key is printable ASCII without spaces. Was it pasted whole?", param="api_key")
    return Secret(text)


def _checked_label(label: str | None) -> str | None:
    if label is not None:
        check_name(label, "label")
    return label


def _checked_role(role: str) -> str:
    if role not in ROLES:
        raise Unprocessable("`role` is primary or fallback.", param="role")
    return role


def checked_fields(provider: Provider, fields: Mapping[str, str]) -> dict[str, str]:
    """What the provider needs besides the key. Raises Unprocessable, naming the field."""
    for name, value in fields.items():
        if name not in provider.fields:
            known = ", ".join(f"`{one}`" for one in provider.fields) or "none"
            raise Unprocessable(f"{provider.name} does not know this field. It has {known}.", param="fields")
        if not (0 < len(value) <= NAME_MOST and value.isascii() and value.isprintable()):
            raise Unprocessable(f"`{name}` is printable ASCII of 1 to {NAME_MOST} characters.", param=f"fields.{name}")
    return dict(fields)


# --- a row as a view -------------------------------------------------------------------------------------------------


def credential_view(row: Any, now: datetime) -> CredentialView:
    """A credential's row, for people."""
    shown = {name: row[name] for name in CredentialView.__struct_fields__ if name not in ("user", "age_days")}
    return CredentialView(**shown, user=row["user_id"], age_days=max(0, (now - row["created_at"]).days))
