"""Personal data and keys, found by their form and, where there is one, by their checksum. Pure.

Names and addresses have no form, and are not found. What is found can be told to a provider as a placeholder, and put
back into its answer (`placeholders`). How often this is right is measured by `tests/guard/test_personal_data.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

import msgspec

from tollhouse.guard.windows import Window, windows

Kind: TypeAlias = Literal["key", "iban", "card", "email", "phone"]

# What matches is ASCII without quotes and backslashes, so that it stands in JSON as it is; and it is bounded.
_FORMS: Final[tuple[tuple[Kind, re.Pattern[str]], ...]] = (
    (
        "key",
        re.compile(
            r"(?<![A-Za-z0-9_-])(?:sk-|sk_live_|rk_live_|csk-|xai-|pplx-|nvapi-|gsk_|hf_|r8_|fw_|th_live_|whsec_|AIza"
            r"|AKIA|ASIA|ghp_|gho_|github_pat_|glpat-|xox[abps]-)(?=[A-Za-z_-]{0,40}[0-9])[A-Za-z0-9_-]{14,200}",
        ),
    ),
    ("iban", re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,28}")),
    ("card", re.compile(r"(?<![\w.+-])[2-6](?:[ -]?[0-9]){11,18}(?![\w-]|\.[0-9])", re.ASCII)),
    (
        "email",
        re.compile(
            r"(?<![A-Za-z0-9._%+/@-])[A-Za-z0-9_][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9][A-Za-z0-9-]{0,40}\.){1,3}"
            r"[A-Za-z]{2,24}(?![A-Za-z0-9@-]|:[\w/])"
        ),
    ),
    ("phone", re.compile(r"(?<![\w+.])\+[1-9](?:[ ./-]?\(?[0-9]\)?){7,14}(?![\w-])", re.ASCII)),
    (
        "phone",
        re.compile(
            r"(?<![\w.+-])(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[-.])"
            r"[2-9][0-9]{2}[-.][0-9]{4}(?![\w-]|\.[0-9])",
        ),
    ),
)

# SWIFT, "IBAN Registry": how many characters, and in which countries.
_IBANS: Final = {
    15: "NO",
    16: "BE",
    18: "DK FI FO GL NL",
    19: "MK SI",
    20: "AT BA EE KZ LT LU XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "PT ST",
    26: "IS TR",
    27: "FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HU LB PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU",
    31: "MT SC",
    32: "LC",
}
_IBAN_CHARS: Final = {country: chars for chars, countries in _IBANS.items() for country in countries.split()}

# ISO/IEC 7812: by what a card's number begins with, and how long it is then.
_CARDS: Final = re.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})"
    r"|(?:5[1-5][0-9]{2}|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}"
    r"|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:6011|65[0-9]{2}|64[4-9][0-9])[0-9]{12}"
    r"|35(?:2[89]|[3-8][0-9])[0-9]{12}|62[0-9]{14,17}"
)
_PHONE_DIGITS: Final = range(8, 16)


class Found(msgspec.Struct, frozen=True):
    """Something of this kind, where it stands; `end` is exclusive."""

    kind: Kind
    start: int
    end: int


def find(window: Window) -> tuple[Found, ...]:
    """All of it in a text, in order and apart.

    >>> text = "Mail ada@example.com, card 4111 1111 1111 1111, not 4111 1111 1111 1112."
    >>> [(one.kind, text[one.start : one.end]) for one in find(Window(text))]
    [('email', 'ada@example.com'), ('card', '4111 1111 1111 1111')]
    """
    all_found = sorted(_all(window), key=lambda one: (one.start, -one.end))
    apart: list[Found] = []
    for one in all_found:
        if not apart or one.start >= apart[-1].end:
            apart.append(one)
    return tuple(apart)


def find_all(text: str) -> Iterator[Found]:
    """All of it in a text of any length, in order and apart."""
    last = 0
    for window in windows(text):
        for one in find(window):
            start, end = window.at + one.start, window.at + one.end
            if start >= last:
                yield Found(one.kind, start, end)
                last = end


def _all(window: Window) -> Iterator[Found]:
    text = window.text
    for kind, form in _FORMS:
        for match in form.finditer(text):
            end = _end(kind, match)
            if end is not None and window.has(match.start(), end):
                yield Found(kind, match.start(), end)


def _end(kind: Kind, match: re.Match[str]) -> int | None:
    """Where it ends; None when it is none after all."""
    match kind:
        case "iban":
            return _iban_end(match)
        case "card":
            digits = re.sub(r"[ -]", "", match[0])
            return match.end() if _CARDS.fullmatch(digits) and is_luhn(digits) else None
        case "phone":
            return match.end() if sum(letter.isdigit() for letter in match[0]) in _PHONE_DIGITS else None
        case _:
            return match.end()


def _iban_end(match: re.Match[str]) -> int | None:
    """As many characters as its country's have: what follows may be a word in capitals."""
    chars = _IBAN_CHARS.get(match[0][:2], 0)
    places = [place for place, letter in enumerate(match[0]) if letter != " "][:chars]
    if not chars or len(places) < chars:
        return None
    end = match.start() + places[-1] + 1
    if match.string[end : end + 1].isalnum() or not is_iban("".join([match[0][place] for place in places])):
        return None
    return end


def is_luhn(digits: str) -> bool:
    """Whether the last digit is what the others say (ISO/IEC 7812-1, annex B).

    >>> is_luhn("4111111111111111"), is_luhn("4111111111111112")
    (True, False)
    """
    doubled = [2 * int(digit) for digit in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(twice - 9 * (twice > 9) for twice in doubled)) % 10 == 0


def is_iban(characters: str) -> bool:
    """Whether the check digits are right (ISO 13616, modulo 97 of ISO 7064).

    >>> is_iban("DE89370400440532013000"), is_iban("DE88370400440532013000")
    (True, False)
    """
    return int("".join([str(int(letter, 36)) for letter in characters[4:] + characters[:4]])) % 97 == 1
