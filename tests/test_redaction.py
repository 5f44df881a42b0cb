"""Redaction: nothing usable of a secret remains, and ordinary text stays as it is."""

import doctest
import json
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse import redaction, tokens
from tollhouse.redaction import redact, redact_bytes

KEY = "Zp4/kQ9+mB2xW7/vN5tR8yL1cD6fG3hJ=="
KEY_LETTERS = "abcXYZ0189-_./+="


def test_the_examples_are_true():
    assert doctest.testmod(redaction).failed == 0
    assert doctest.testmod(redaction).attempted == 2


# --- known secrets ---------------------------------------------------------------------------------------------------


@given(
    st.text(KEY_LETTERS, min_size=12, max_size=60), st.lists(st.text(KEY_LETTERS + ' "\n{}é', max_size=20)), st.data()
)
def test_no_twelve_consecutive_characters_of_a_secret_remain(secret: str, around: list[str], data):
    pieces = []
    for text in around:
        start = data.draw(st.integers(0, len(secret)))
        pieces += [text, secret[start : data.draw(st.integers(start, len(secret)))]]
    shown = redact("".join(pieces), [secret])
    assert not any(secret[start : start + 12] in shown for start in range(len(secret) - 11))


@given(st.text(KEY_LETTERS, min_size=6, max_size=60), st.text(max_size=20), st.text(max_size=20))
def test_a_whole_secret_is_taken_out_of_text_and_of_bytes_alike(secret: str, before: str, after: str):
    before, after = before.encode(errors="replace").decode(), after.encode(errors="replace").decode()
    shown = redact(f"{before}<{secret}>{after}", [secret])
    assert f"<{secret}>" not in shown
    assert redact_bytes(f"{before}<{secret}>{after}".encode(), [secret]) == shown.encode()


@pytest.mark.parametrize(
    "spelling",
    [KEY, json.dumps({"key": KEY}), json.dumps(KEY).replace("/", "\\/"), f"https://host/v1?k={quote(KEY, safe='')}"],
)
def test_a_secret_is_found_in_every_spelling(spelling: str):
    shown = redact(f"The provider said: {spelling}.", [KEY])
    assert "***" in shown
    for piece in ("Zp4", "kQ9", "mB2xW7", "vN5tR8yL1cD6fG3hJ"):
        assert piece not in shown


def test_a_provider_that_repeats_the_key_it_was_sent_does_not_tell_it_to_the_caller():
    body = json.dumps(
        {"error": {"message": f"Invalid key {KEY} (sent as Bearer {KEY})", "headers": {"x-api-key": KEY}}}
    )
    shown = json.loads(redact(body, [KEY]))
    assert shown == {"error": {"message": "Invalid key *** (sent as Bearer ***)", "headers": {"x-api-key": "***"}}}


@pytest.mark.parametrize("cut", range(1, len(KEY)))
def test_a_body_that_was_cut_inside_the_key_holds_nothing_to_use(cut: int):
    shown = redact('{"error":{"message":"no such key: ' + KEY[:cut], [KEY])
    assert len(shown) <= len('{"error":{"message":"no such key: ') + 11
    if cut >= 12:
        assert shown.endswith("no such key: ***")


def test_all_secrets_are_taken_out_at_once():
    assert (
        redact("first: secret-number-one, second: hunter2", ["hunter2", "secret-number-one"])
        == "first: ***, second: ***"
    )


def test_a_placeholder_too_short_to_be_a_secret_does_not_blot_out_words():
    assert redact("EMPTY is no model; none exists", ["EMPTY", "none", "x", ""]) == "EMPTY is no model; none exists"


def test_bytes_that_are_no_text_stay_as_they_are():
    body = b"\xff\xfe\x00 " + KEY.encode() + b" \x80\xf0"
    assert redact_bytes(body, [KEY]) == b"\xff\xfe\x00 *** \x80\xf0"


# --- what looks like a secret ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key",
    [
        "sk-4f9a1c7e2b8d60354f9a1c7e2b8d6035",
        "sk-proj-Ab_cd-4f9a1c7e2b8d6035",
        "sk-ant-api03-4f9a1c7e2b8d6035-4f9a1c7e2b8d6035AA",
        "sk-or-v1-4f9a1c7e2b8d60354f9a1c7e2b8d6035",
        "AIzaSyD4f9a1c7e2b8d60354f9a1c7e2b8d6035",
        "gsk_4f9a1c7e2b8d60354f9a1c7e2b8d6035",
        "xai-4f9a1c7e2b8d60354f9a1c7e2b8d6035",
        "pplx-4f9a1c7e2b8d60354f9a1c7e2b8d6035",
        "nvapi-4f9a1c7e2b8d60354f9a1c7e2b8d6035",
        "hf_4f9a1c7e2b8d60354f9a1c7e2b8d6035",
        "csk-4f9a1c7e2b8d60354f9a1c7e2b8d6035",
        "r8_4f9a1c7e2b8d60354f9a1c7e2b8d6035",
        "AKIA4F9A1C7E2B8D6035",
        "ABSKQmVkcm9ja0FQSUtleS00Zjlh+MWM3ZTJi/OGQ2MDM1==",
        "ya29.a0Af-4f9a1c7e2b8d6035",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
        tokens.mint(lambda count: b"\x07" * count).text,
    ],
)
@pytest.mark.parametrize(
    "sentence", ["{}", "Incorrect API key provided: {}.", '{{"message":"bad key \'{}\'"}}', "a={}&b=1"]
)
def test_what_looks_like_a_key_is_taken_out_unknown(key: str, sentence: str):
    assert redact(sentence.format(key)) == sentence.format("***")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer 0123456789abcdef", "Authorization: Bearer ***"),
        ("authorization: bearer abcdefghijklmnopqrstuvwxyz", "authorization: bearer ***"),
        ("Authorization: Basic dXNlcjpodW50ZXIyaHVudGVyMg==", "Authorization: Basic ***"),
        (
            "POST /v1beta/models/x:generateContent?key=0123456789&alt=sse",
            "POST /v1beta/models/x:generateContent?key=***&alt=sse",
        ),
        ("x-api-key: 0123456789abcdef0123", "x-api-key: ***"),
        ('{"api_key": "0123456789abcdef0123", "n": 1}', '{"api_key": "***", "n": 1}'),
        ('"{\\"api_key\\": \\"0123456789abcdef0123\\"}"', '"{\\"api_key\\": \\"***\\"}"'),
        ("aws_secret_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCY", "aws_secret_key = ***"),
        ("-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADAN\\n-----END PRIVATE KEY-----\\n", "***\\n"),
    ],
)
def test_what_stands_where_keys_stand_is_taken_out_and_its_name_is_kept(text: str, shown: str):
    assert redact(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "You didn't provide an API key. Use Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
        "This endpoint uses Bearer authentication; basic internationalization is documented.",
        "a task-force-that-meets-regularly, a risk-averse-and-quiet-company",
        "req_01j9z7m3n5p7q9r1t3v5x7z9b1 for model claude-sonnet-4-5-20250929 failed",
        '{"error":{"code":"invalid_api_key","param":null,"type":"invalid_request_error"}}',
        "Incorrect API key provided: invalid-*****2345. You can find it at https://platform.openai.com/account/api-keys.",
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str):
    assert redact(text) == text


@pytest.mark.parametrize(
    "unit",
    [
        "sk-",
        "eyJ",
        "eyJaaaaaaaaaa.",
        "Bearer ",
        "basic a",
        "?key=",
        "api_key=",
        "-----BEGIN PRIVATE KEY-----",
        "A",
        "=",
    ],
)
def test_no_text_takes_longer_than_its_length_warrants(unit: str):
    text = (unit * 400_000)[:400_000]
    started = time.process_time()
    redact(text, [KEY])
    # About a fifth of a second; a quadratic pattern would take minutes.
    assert time.process_time() - started < 5
