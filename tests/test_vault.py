"""A sealed credential opens under its own binding and key, and in no other way; a secret never shows itself."""

import copy
import json
import pickle
import traceback
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.errors import CannotStart, CredentialUnreadable, InvalidRequest, Unavailable
from tollhouse.vault import Binding, KeyRing, Sealed, Secret, Vault, kid_of, last4

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
RING = KeyRing.new(NOW)
CANARY = "sk-proj-canary-4f9a1c7e2b8d6035"
BINDING = Binding(
    workspace="ws_1",
    user="usr_1",
    credential="cred_1",
    provider="openai",
    origin="https://api.openai.com:443",
    field="api_key",
)


@pytest.fixture
def vault() -> Vault:
    return Vault(RING)


# --- envelopes -------------------------------------------------------------------------------------------------------


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_opens_what_it_sealed(text: str):
    vault = Vault(RING)
    assert vault.open(vault.seal(Secret(text), BINDING), BINDING).reveal() == text


def test_what_is_stored_names_its_version_and_key_and_does_not_hold_the_secret(vault: Vault):
    sealed = vault.seal(Secret(CANARY), BINDING)
    assert sealed.wrapped_key.startswith(f"v1.{RING.primary}.")
    assert sealed.ciphertext.startswith("v1.dek.")
    assert kid_of(sealed) == RING.primary
    assert CANARY not in repr(sealed)


def test_the_same_secret_is_never_sealed_alike(vault: Vault):
    sealed = [vault.seal(Secret(CANARY), BINDING) for _ in range(50)]
    assert len({one.wrapped_key for one in sealed}) == 50
    assert len({one.ciphertext for one in sealed}) == 50


@pytest.mark.parametrize("field", msgspec.structs.asdict(BINDING))
def test_does_not_open_for_another_workspace_user_credential_provider_origin_or_field(vault: Vault, field: str):
    sealed = vault.seal(Secret(CANARY), BINDING)
    with pytest.raises(CredentialUnreadable):
        vault.open(sealed, msgspec.structs.replace(BINDING, **{field: "other"}))


def test_does_not_open_when_half_of_it_comes_from_another_row(vault: Vault):
    mine = vault.seal(Secret(CANARY), BINDING)
    again = vault.seal(Secret(CANARY), BINDING)
    for mixed in (
        Sealed(mine.wrapped_key, again.ciphertext),
        Sealed(again.wrapped_key, mine.ciphertext),
        Sealed(mine.ciphertext, mine.wrapped_key),
        Sealed(mine.wrapped_key, mine.wrapped_key),
    ):
        with pytest.raises(CredentialUnreadable):
            vault.open(mixed, BINDING)


def test_does_not_open_when_any_bit_is_flipped(vault: Vault):
    sealed = vault.seal(Secret(CANARY), BINDING)
    for part in ("wrapped_key", "ciphertext"):
        text = getattr(sealed, part)
        for place, letter in enumerate(text):
            for bit in range(8):
                flipped = text[:place] + chr(ord(letter) ^ 1 << bit) + text[place + 1 :]
                with pytest.raises(CredentialUnreadable):
                    vault.open(msgspec.structs.replace(sealed, **{part: flipped}), BINDING)


def test_does_not_open_when_cut_or_lengthened_anywhere(vault: Vault):
    sealed = vault.seal(Secret(CANARY), BINDING)
    for part in ("wrapped_key", "ciphertext"):
        text = getattr(sealed, part)
        others = [text[:length] for length in range(len(text))]
        others += [
            text[:place] + extra + text[place:] for place in range(len(text) + 1) for extra in ("A", "=", "\n", " ")
        ]
        for other in others:
            with pytest.raises(CredentialUnreadable):
                vault.open(msgspec.structs.replace(sealed, **{part: other}), BINDING)


@given(st.text())
def test_anything_else_in_the_row_is_unreadable_and_never_taken_for_plain_text(text: str):
    with pytest.raises(CredentialUnreadable):
        Vault(RING).open(Sealed(text, text), BINDING)


@pytest.mark.parametrize("nonce", ["", "AAAA", "A" * 15, "A" * 17, "A" * 200])
def test_a_nonce_of_another_length_is_unreadable(vault: Vault, nonce: str):
    sealed = vault.seal(Secret(CANARY), BINDING)
    version, kid, _, ciphertext = sealed.wrapped_key.split(".")
    with pytest.raises(CredentialUnreadable):
        vault.open(Sealed(f"{version}.{kid}.{nonce}.{ciphertext}", sealed.ciphertext), BINDING)


def test_an_older_version_is_refused_by_name(vault: Vault):
    sealed = vault.seal(Secret(CANARY), BINDING)
    older = Sealed(sealed.wrapped_key.replace("v1.", "v0."), sealed.ciphertext)
    with pytest.raises(CredentialUnreadable, match="format"):
        vault.open(older, BINDING)


def test_an_unreadable_credential_is_our_trouble_and_names_no_secret(vault: Vault):
    sealed = vault.seal(Secret(CANARY), BINDING)
    with pytest.raises(CredentialUnreadable) as caught:
        vault.open(sealed, msgspec.structs.replace(BINDING, provider="groq"))
    assert caught.value.status == 503
    assert caught.value.code == "credential_unreadable"
    told = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert CANARY not in told


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)


@given(*[st.builds(Binding, **dict.fromkeys(msgspec.structs.asdict(BINDING), TEXTS)) for _ in range(2)])
def test_two_bindings_read_alike_only_when_they_are_equal(one: Binding, other: Binding):
    assert (one.encode() == other.encode()) == (one == other)


def test_letters_that_move_from_one_field_to_the_next_make_another_binding():
    one = msgspec.structs.replace(BINDING, user="usr_12", credential="3")
    other = msgspec.structs.replace(BINDING, user="usr_1", credential="23")
    assert one.encode() != other.encode()


# --- rotation --------------------------------------------------------------------------------------------------------


def test_after_a_rotation_the_old_key_still_opens_and_the_new_one_seals(vault: Vault):
    old = vault.seal(Secret(CANARY), BINDING)
    rotated = Vault(RING.add_primary(NOW))
    assert rotated.open(old, BINDING).reveal() == CANARY
    assert kid_of(rotated.seal(Secret(CANARY), BINDING)) not in RING.kids


def test_rewrapping_changes_the_master_key_and_leaves_the_ciphertext(vault: Vault):
    old = vault.seal(Secret(CANARY), BINDING)
    ring = RING.add_primary(NOW)
    new = Vault(ring).rewrap(old, BINDING)
    assert kid_of(new) == ring.primary
    assert new.ciphertext == old.ciphertext
    assert Vault(ring.drop(RING.primary)).open(new, BINDING).reveal() == CANARY


def test_rewrapping_what_is_rewrapped_already_changes_nothing(vault: Vault):
    sealed = vault.seal(Secret(CANARY), BINDING)
    assert vault.rewrap(sealed, BINDING) is sealed


def test_rewrapping_does_not_launder_a_moved_row(vault: Vault):
    sealed = vault.seal(Secret(CANARY), BINDING)
    with pytest.raises(CredentialUnreadable):
        Vault(RING.add_primary(NOW)).rewrap(sealed, msgspec.structs.replace(BINDING, user="usr_2"))


def test_a_dropped_key_opens_nothing(vault: Vault):
    sealed = vault.seal(Secret(CANARY), BINDING)
    with pytest.raises(CredentialUnreadable, match="gone"):
        Vault(RING.add_primary(NOW).drop(RING.primary)).open(sealed, BINDING)


def test_a_rotation_by_another_process_is_noticed_when_its_key_is_met():
    rings = [RING]
    running = Vault(RING, reload=lambda: rings[-1])
    rings.append(RING.add_primary(NOW))
    sealed = Vault(rings[-1]).seal(Secret(CANARY), BINDING)
    assert running.open(sealed, BINDING).reveal() == CANARY


def test_after_a_rotation_by_another_process_nothing_more_is_sealed_with_the_old_key():
    rings = [RING]
    running = Vault(RING, reload=lambda: rings[-1])
    rings.append(RING.add_primary(NOW))
    assert kid_of(running.seal(Secret(CANARY), BINDING)) == rings[-1].primary


def test_sealing_while_the_keys_cannot_be_loaded_asks_to_come_back():
    def missing() -> KeyRing:
        raise CannotStart("There is no master key file.")

    with pytest.raises(Unavailable) as caught:
        Vault(RING, reload=missing).seal(Secret(CANARY), BINDING)
    assert caught.value.retry_after_s


# --- what people see -------------------------------------------------------------------------------------------------


def test_a_fingerprint_finds_the_same_secret_in_one_workspace_and_after_a_rotation(vault: Vault):
    fingerprint = vault.fingerprint(Secret(CANARY), "ws_1")
    assert len(fingerprint) == 16
    assert fingerprint == Vault(RING.add_primary(NOW)).fingerprint(Secret(CANARY), "ws_1")
    assert fingerprint != vault.fingerprint(Secret(CANARY + "x"), "ws_1")


def test_a_fingerprint_tells_nothing_across_workspaces_or_installations(vault: Vault):
    elsewhere = Vault(KeyRing.new(NOW)).fingerprint(Secret(CANARY), "ws_1")
    assert len({vault.fingerprint(Secret(CANARY), "ws_1"), vault.fingerprint(Secret(CANARY), "ws_2"), elsewhere}) == 3


def test_the_last_four_are_shown_of_a_long_secret_only():
    assert last4(Secret("sk-proj-abcd1234")) == "1234"
    assert last4(Secret("hunter2")) == ""


def test_a_secret_shows_itself_in_no_representation():
    secret = Secret(CANARY)
    error = ValueError("refused", secret)
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r}",
        repr([secret]),
        repr(error),
        str(error),
        traceback.format_exception_only(error)[0],
    ]
    assert not any("canary" in text for text in shown)
    assert repr(secret) == "Secret(***)"


def test_a_traceback_that_shows_variables_does_not_show_a_secret():
    def send(secret: Secret) -> None:
        raise RuntimeError("the provider hung up")

    try:
        send(Secret(CANARY))
    except RuntimeError as error:
        told = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "Secret(***)" in told
    assert CANARY not in told.replace("CANARY", "")


@pytest.mark.parametrize(
    "carry",
    [copy.copy, copy.deepcopy, pickle.dumps, json.dumps, msgspec.json.encode, msgspec.to_builtins, "{:>30}".format],
)
def test_a_secret_refuses_to_be_copied_or_written(carry):
    with pytest.raises(TypeError) as caught:
        carry(Secret(CANARY))
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("text", ["", "half a \ud83d pair"])
def test_what_is_no_text_is_no_secret(text: str):
    with pytest.raises(InvalidRequest) as caught:
        Secret(text)
    assert "half" not in str(caught.value)
