"""Tokens: recognised offline, compared in constant time, and never granting more than their creator has."""

import re
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse import tokens
from tollhouse.errors import InvalidRequest

PEPPER = b"p" * 32
TOKEN = tokens.mint(lambda count: bytes(range(count)), pepper=PEPPER)


def test_a_token_has_its_prefix_an_id_196_bits_of_chance_and_a_checksum():
    minted = tokens.mint()
    assert re.fullmatch(r"th_live_[0-9A-Za-z]{8}[0-9A-Za-z]{33}[0-9A-Za-z]{6}", minted.text)
    assert len(minted.text) == tokens.TOKEN_LENGTH
    assert minted.lookup == minted.text[8:16]
    assert 62**33 > 2**196


def test_the_checksum_is_the_crc_32_of_what_is_before_it_in_base_62():
    value = 0
    for letter in TOKEN.text[-6:]:
        value = value * 62 + "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".index(letter)
    assert value == crc32(TOKEN.text[:-6].encode())


@given(st.binary(min_size=40, max_size=40), st.binary(max_size=64))
def test_a_minted_token_parses_to_what_is_stored_of_it(chance: bytes, pepper: bytes):
    minted = tokens.mint(lambda _: chance, pepper=pepper)
    assert tokens.parse(minted.text.encode(), pepper=pepper) == (minted.lookup, minted.digest)


def test_every_letter_is_about_equally_likely_in_every_place():
    counts: dict[str, int] = {}
    for _ in range(2_000):
        for letter in tokens.mint().text[8:49]:
            counts[letter] = counts.get(letter, 0) + 1
    mean = 2_000 * 41 / 62
    # Seven standard deviations: once in 10^10 runs by chance.
    assert all(abs(count - mean) < 7 * mean**0.5 for count in counts.values())
    assert len(counts) == 62


def test_no_single_wrong_letter_gets_past_the_checksum():
    token = TOKEN.text.encode()
    for place in range(len(token)):
        for letter in range(256):
            if letter != token[place]:
                assert tokens.parse(token[:place] + bytes([letter]) + token[place + 1 :]) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda token: b"",
        lambda token: token[:-1],
        lambda token: token + b"0",
        lambda token: token + b"\0",
        lambda token: token + b" ",
        lambda token: b" " + token,
        lambda token: token + b"\r\n",
        lambda token: b"Bearer " + token,
        lambda token: token.lower(),
        lambda token: token.replace(b"th_live_", b"th_test_"),
        lambda token: token[:8] + b"' OR 1=1 --" + token[19:],
        lambda token: token[:8] + "\uff10\uff11".encode() + token[14:],
        lambda token: token * 20_000,
    ],
)
def test_what_is_no_token_is_none_and_no_error(change):
    assert tokens.parse(change(TOKEN.text.encode()), pepper=PEPPER) is None


@given(st.binary(max_size=200))
def test_no_bytes_make_parsing_fail(garbage: bytes):
    assert tokens.parse(garbage) is None
    assert tokens.parse(b"th_live_" + garbage) is None


def test_a_new_token_does_not_show_itself():
    assert repr(TOKEN) == str(TOKEN) == f"Minted(th_live_{TOKEN.lookup}***)"


def test_the_digest_depends_on_the_pepper_and_does_not_hold_the_token():
    token = TOKEN.text.encode()
    assert tokens.digest(token) != tokens.digest(token, pepper=PEPPER) == TOKEN.digest
    assert re.fullmatch(r"[0-9a-f]{64}", TOKEN.digest)
    assert TOKEN.text[16:] not in TOKEN.digest


def test_only_equal_digests_match():
    assert tokens.matches(TOKEN.digest, TOKEN.digest)
    assert not tokens.matches(TOKEN.digest, tokens.mint().digest)
    assert not tokens.matches(TOKEN.digest, "")


# --- scopes ----------------------------------------------------------------------------------------------------------


def test_a_new_token_may_do_everything_but_administer():
    assert tokens.SCOPES - {"admin:*"} == tokens.DEFAULT_SCOPES
    assert len(tokens.SCOPES) == 7


@pytest.mark.parametrize("held", sorted(tokens.SCOPES))
@pytest.mark.parametrize("needed", sorted(tokens.SCOPES))
def test_a_scope_allows_itself_and_nothing_else(held: tokens.Scope, needed: tokens.Scope):
    assert tokens.allows(frozenset([held]), needed) == (held == needed)


SCOPE_SETS = st.frozensets(st.sampled_from(sorted(tokens.SCOPES)))


@given(SCOPE_SETS, SCOPE_SETS)
def test_nobody_but_an_administrator_hands_on_what_they_do_not_have(wanted, creator):
    granted = tokens.grantable(wanted, creator)
    assert granted <= wanted
    assert granted <= creator or "admin:*" in creator
    if wanted <= creator or "admin:*" in creator:
        assert granted == wanted


def test_scopes_are_read_from_names():
    assert tokens.read_scopes(["jobs", "inference", "jobs"]) == {"jobs", "inference"}


@pytest.mark.parametrize("names", [[], ["admin"], ["inference", "Inference"], ["*"], [""]])
def test_a_name_that_is_no_scope_is_refused(names: list[str]):
    with pytest.raises(InvalidRequest) as caught:
        tokens.read_scopes(names)
    assert caught.value.param == "scopes"
