"""Providers' secrets: what goes in never comes out, and goes nowhere but where it was meant for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from houses import Person, acme_toml, make_person, opened
from tollhouse.admin import access, credentials
from tollhouse.admin.desk import COMMAND_LINE
from tollhouse.admin.master_key import rotate_master_key
from tollhouse.admin.views import CredentialView
from tollhouse.app import House
from tollhouse.errors import CannotStart, CredentialUnreadable, InvalidRequest, NotFound, TollhouseError
from tollhouse.store import credentials as sql
from tollhouse.store import machinery
from tollhouse.store.paging import Page
from tollhouse.testing import WireProvider, expect, raw, status

SECRET = "sk-canary-5f1c7e2b8d6035aa"


async def add(house: House, owner: Person, api_key: str = SECRET, **more: Any) -> CredentialView:
    said = {"provider": "openai", "api_key": api_key, **more}
    return await credentials.add_credential(house.desk, COMMAND_LINE, owner.id, **said)


async def opened_secret(house: House, owner: Person, provider: str = "openai") -> str:
    """The key as the next call would send it."""
    caller = await house.steps.identify.caller(owner.token.encode(), house.clock.monotonic(), None)
    target = house.desk.targets.of(house.desk.reachable.providers[provider])
    return house.keys.open(caller.keys[provider][0], target.bound_to).reveal()


async def test_a_key_is_shown_by_its_last_four_letters_and_opened_for_calls(stored_house: House):
    ada = await make_person(stored_house)
    made = await add(stored_house, ada, f" {SECRET}\n", label="work", fields={"organization": "org-1"})
    assert (made.last4, made.role, made.label, made.fields) == ("35aa", "primary", "work", {"organization": "org-1"})
    assert await opened_secret(stored_house, ada) == SECRET
    desk = stored_house.desk
    listed, again = await credentials.list_credentials(desk), await credentials.get_credential(desk, made.id)
    shown = msgspec.json.encode([made, listed, again])
    deeds = repr([dict(row) for row in await desk.store.read(lambda tx: machinery.deeds(tx, Page(limit=100)))])
    rows = repr([dict(row) for row in await desk.store.read(lambda tx: sql.listed(tx, Page()))])
    assert SECRET not in shown.decode() + deeds + rows


async def test_equal_keys_have_equal_fingerprints_within_a_workspace_only(stored_house: House):
    ada, bob = await make_person(stored_house, "ada"), await make_person(stored_house, "bob")
    await access.create_workspace(stored_house.desk, COMMAND_LINE, "elsewhere")
    eve = await make_person(stored_house, "eve", workspace="elsewhere")
    first, second = await add(stored_house, ada), await add(stored_house, bob)
    assert first.fingerprint == second.fingerprint
    assert (await add(stored_house, ada, f"{SECRET}b")).fingerprint != first.fingerprint
    assert (await add(stored_house, eve)).fingerprint != first.fingerprint


async def test_a_new_primary_makes_the_old_one_a_fallback(stored_house: House):
    ada = await make_person(stored_house)
    old = await add(stored_house, ada)
    new = await add(stored_house, ada, "sk-a-newer-key-0000")
    roles = {view.id: view.role for view in await credentials.list_credentials(stored_house.desk, ada.id)}
    assert roles == {old.id: "fallback", new.id: "primary"}
    await credentials.change_credential(stored_house.desk, COMMAND_LINE, old.id, role="primary")
    roles = {view.id: view.role for view in await credentials.list_credentials(stored_house.desk, ada.id)}
    assert roles == {old.id: "primary", new.id: "fallback"}


async def test_a_rotated_key_takes_the_place_and_the_fields_of_the_old_one(stored_house: House):
    ada = await make_person(stored_house)
    old = await add(stored_house, ada, label="work", fields={"organization": "org-1"})
    new = await credentials.rotate_credential(stored_house.desk, COMMAND_LINE, old.id, "sk-rotated-key-9999")
    assert (new.label, new.fields, new.role) == ("work", {"organization": "org-1"}, "primary")
    assert (await credentials.get_credential(stored_house.desk, old.id)).role == "fallback"
    assert await opened_secret(stored_house, ada) == "sk-rotated-key-9999"


async def test_an_inactive_credential_is_used_by_no_call(stored_house: House):
    ada = await make_person(stored_house)
    made = await add(stored_house, ada)
    await opened_secret(stored_house, ada)
    await credentials.change_credential(stored_house.desk, COMMAND_LINE, made.id, active=False)
    caller = await stored_house.steps.identify.caller(ada.token.encode(), stored_house.clock.monotonic(), None)
    assert caller.keys == {}


async def test_what_is_anothers_is_as_good_as_nothing(stored_house: House):
    ada, bob = await make_person(stored_house, "ada"), await make_person(stored_house, "bob")
    made = await add(stored_house, ada)
    desk = stored_house.desk
    refusals = []
    for wanted in (made.id, "cred_nowhere"):
        for attempt in (
            credentials.get_credential(desk, wanted, user=bob.id),
            credentials.change_credential(desk, COMMAND_LINE, wanted, label="mine", user=bob.id),
            credentials.rotate_credential(desk, COMMAND_LINE, wanted, "sk-bobs-own-key", user=bob.id),
            credentials.verify_credential(desk, COMMAND_LINE, wanted, user=bob.id),
            credentials.remove_credential(desk, COMMAND_LINE, wanted, user=bob.id),
        ):
            with pytest.raises(NotFound) as refused:
                await attempt
            refusals.append(refused.value.message)
    assert len(set(refusals)) == 1
    assert await credentials.get_credential(desk, made.id) == made


async def test_a_removed_credential_is_gone(stored_house: House):
    ada = await make_person(stored_house)
    made = await add(stored_house, ada)
    assert (await credentials.remove_credential(stored_house.desk, COMMAND_LINE, made.id)).id == made.id
    assert await stored_house.store.read(lambda tx: sql.listed(tx, Page())) == []


async def test_an_unknown_provider_is_refused_with_near_ones(house: House):
    ada = await make_person(house)
    with pytest.raises(InvalidRequest, match="openai") as refused:
        await add(house, ada, provider="opnai")
    assert refused.value.param == "provider"


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("api_key", {"api_key": ""}),
        ("api_key", {"api_key": "   "}),
        ("api_key", {"api_key": "sk-two\r\nx-evil: 1"}),
        ("api_key", {"api_key": "sk-with space"}),
        ("api_key", {"api_key": "sk-schlüssel"}),
        ("api_key", {"api_key": "k" * 16_385}),
        ("api_key", {"api_key": None}),
        ("label", {"label": ""}),
        ("role", {"role": "owner"}),
        ("fields", {"fields": {"bad name": "x"}}),
        ("fields.organization", {"fields": {"organization": "a\nb"}}),
        ("reference", {"reference": "env:HOME"}),
        ("reference", {"api_key": None, "reference": "https://example.com/key"}),
        ("reference", {"api_key": None, "reference": "env:"}),
        ("reference", {"api_key": None, "reference": "file:nowhere"}),
    ],
)
async def test_what_cannot_be_a_credential_is_refused_by_field_without_repeating_it(
    house: House, field: str, said: dict[str, Any]
):
    ada = await make_person(house)
    with pytest.raises(TollhouseError) as refused:
        await add(house, ada, **said)
    assert (refused.value.status, refused.value.param) == (422, field)
    assert not {"sk-two", "sk-with", "sk-schl"} & set(refused.value.message.split())
    assert await house.store.read(lambda tx: sql.listed(tx, Page())) == []


async def test_a_reference_is_followed_when_it_is_needed(house: House, tmp_path: Path):
    ada = await make_person(house)
    file = tmp_path / "openai.key"
    file.write_text(f"{SECRET}\n", encoding="utf-8")
    made = await add(house, ada, None, reference=f"file:{file}")
    assert (made.reference, made.last4) == (f"file:{file}", "")
    assert await opened_secret(house, ada) == SECRET
    file.write_text("sk-changed-in-place", encoding="utf-8")
    assert await opened_secret(house, ada) == "sk-changed-in-place"


async def test_verifying_asks_for_the_models_with_the_key(tmp_path: Path):
    async with WireProvider() as provider:
        provider.script(
            expect(method="GET", path="/v1/models", headers={"authorization": f"Bearer {SECRET}"}),
            raw(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"),
        )
        async with opened(tmp_path / "data", toml=acme_toml(provider.base_url)) as house:
            ada = await make_person(house)
            made = await add(house, ada, provider="acme")
            verified = await credentials.verify_credential(house.desk, COMMAND_LINE, made.id)
            assert verified.verified_at is not None
            assert verified.last_error is None


async def test_a_key_that_the_provider_refuses_is_told_without_repeating_it(tmp_path: Path):
    async with WireProvider() as provider:
        provider.script(status(401, f"Incorrect API key provided: {SECRET}"))
        async with opened(tmp_path / "data", toml=acme_toml(provider.base_url)) as house:
            ada = await make_person(house)
            made = await add(house, ada, provider="acme")
            checked = await credentials.verify_credential(house.desk, COMMAND_LINE, made.id)
            assert checked.verified_at is None
            assert checked.last_error is not None
            assert SECRET not in checked.last_error
            assert await credentials.get_credential(house.desk, made.id) == checked


async def test_a_key_does_not_follow_its_provider_to_another_address(tmp_path: Path):
    """A44: who changes only the address gets no secret."""
    async with WireProvider() as first, WireProvider() as second:
        async with opened(tmp_path / "data", toml=acme_toml(first.base_url)) as house:
            ada = await make_person(house)
            made = await add(house, ada, provider="acme")
        async with opened(tmp_path / "data", toml=acme_toml(second.base_url)) as house:
            checked = await credentials.verify_credential(house.desk, COMMAND_LINE, made.id)
            assert "Enter its key again" in (checked.last_error or "")
            with pytest.raises(CredentialUnreadable):
                await opened_secret(house, ada, "acme")
        assert first.requests == second.requests == []


async def test_rotating_the_master_key_keeps_every_credential_readable(stored_house: House):
    ada = await make_person(stored_house)
    await add(stored_house, ada, "sk-an-older-key-1111")
    await add(stored_house, ada)
    before = stored_house.desk.vault.primary
    rotated = await rotate_master_key(stored_house.desk, COMMAND_LINE)
    assert (rotated.rewrapped, rotated.dropped, rotated.left) == (2, (before,), {})
    assert await opened_secret(stored_house, ada) == SECRET
    assert await stored_house.store.read(sql.counts_by_kid) == {rotated.primary: 2}
    assert stored_house.desk.key_file is not None
    assert stored_house.desk.key_file.read().kids == (rotated.primary,)


async def test_a_rotation_that_was_broken_off_goes_on_without_another_key(house: House):
    ada = await make_person(house)
    await add(house, ada)
    assert house.desk.key_file is not None
    half = house.desk.key_file.add_primary(house.clock.now())
    rotated = await rotate_master_key(house.desk, COMMAND_LINE)
    assert (rotated.primary, rotated.rewrapped, len(rotated.dropped)) == (half.primary, 1, 1)
    assert await opened_secret(house, ada) == SECRET


async def test_a_credential_that_cannot_be_read_keeps_its_key_and_is_told(house: House):
    ada = await make_person(house)
    good, bad = await add(house, ada), await add(house, ada, "sk-moved-elsewhere")
    before = house.desk.vault.primary
    await house.store.write(lambda tx: sql.change(tx, bad.id, {"origin": "https://elsewhere.example:443"}))
    rotated = await rotate_master_key(house.desk, COMMAND_LINE)
    assert (rotated.rewrapped, rotated.dropped, rotated.left) == (1, (), {before: 1})
    kids = {row["id"]: row["kid"] for row in await house.store.read(lambda tx: sql.listed(tx, Page()))}
    assert kids == {good.id: rotated.primary, bad.id: before}


async def test_a_master_key_from_elsewhere_is_not_rotated_here(house: House):
    elsewhere = msgspec.structs.replace(house.desk, key_file=None)
    with pytest.raises(CannotStart):
        await rotate_master_key(elsewhere, COMMAND_LINE)
