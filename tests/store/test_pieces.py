"""Parts of words in scripts that write none apart: how they are cut, and that they are found on both databases."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, text

from houses import make_person
from tollhouse.app import House
from tollhouse.store import searching
from tollhouse.store.conversation_tables import conversation
from tollhouse.store.engine import Reading, Writing
from tollhouse.store.pieces import PIECES_MOST, cut, pieces_of

SAID = {
    "tokyo": "私は東京都に住む。",
    "kyoto": "京都、そして大阪府",
    "cat": "家に黒猫",
    "apart": "東京 と 京都",
    "phone": "新しいiPhone15を買う",
    "katakana": "コーヒーを飲む",
    "narrow": "ｺｰﾋｰ",
    "repeated": "人々の時々",
    "year": "二〇二六年の計画",
    "chinese": "我喜欢机器学习和自然语言处理",
    "korean": "서울에서 만나요",
    "latin": "an egg, boiled",
    "mixed": "egg 料理の本",
}

letters = st.text(alphabet="東京都大阪のを々ー〇ァ서울", min_size=1, max_size=12)


@given(letters, letters, letters)
def test_whatever_stands_in_a_text_is_made_of_its_pieces(before: str, asked: str, after: str):
    pieces = (pieces_of(f"an {before}{asked}{after}") or "").split()
    found = cut(asked)
    assert found is not None
    assert set(found.pieces) <= set(pieces)
    assert all(any(piece.startswith(start) for piece in pieces) for start in found.beginnings)


@pytest.mark.parametrize("words", ["", "an egg", "Brötchen & Öl", "на русском", "!?…“”"])
def test_texts_of_other_scripts_have_no_pieces(words: str):
    assert pieces_of(words) is None
    assert [word for word in words.split() if cut(word)] == []


def test_what_sticks_to_such_letters_is_a_piece():
    assert pieces_of("(v2.0)を Brötchen") == "(v2.0) を"


def test_pieces_are_told_once_and_are_bounded():
    assert pieces_of("東京東京東京") == "東京 京東 京"
    many = "".join(map(chr, range(0x4E00, 0x9FFF))) + "".join(map(chr, range(0x20000, 0x2A000)))
    assert len((pieces_of(many) or "").split()) == PIECES_MOST


@pytest.fixture
async def said(stored_house: House) -> House:
    """A house in which somebody has said all that."""
    person = await make_person(stored_house)
    now = stored_house.clock.now()
    known = {"id": "conv_1", "user_id": person.id, "workspace_id": person.workspace, "pinned": False}
    rows = [
        {"subject_id": name, "conversation_id": "conv_1", "user_id": person.id, "text": words}
        for name, words in SAID.items()
    ]

    def say(tx: Writing) -> None:
        tx.execute(insert(conversation).values(**known, settings={}, metadata={}, created_at=now, active_at=now))
        searching.index_new(tx, rows[::2])
        for row in rows[1::2]:
            say_it(tx, row["subject_id"], row["text"], person.id)

    await stored_house.store.write(say)
    return stored_house


def say_it(tx: Writing, subject: str, words: str, owner: str | None = None) -> None:
    """One text, said now, or instead of what was said under that name."""
    owner = owner or owner_of(tx)
    searching.index(tx, subject_id=subject, conversation_id="conv_1", user_id=owner, words=words)


def owner_of(tx: Reading) -> str:
    """Who has said all that."""
    return str(tx.execute(text("SELECT user_id FROM searchable LIMIT 1")).scalar_one())


async def found(house: House, asked: str) -> set[str]:
    """The names of what is found."""
    rows = await house.store.read(lambda tx: searching.search(tx, owner_of(tx), asked, limit=50))
    return {row["subject_id"] for row in rows}


EXPECTED = {
    "東京都": {"tokyo"},
    "東京": {"tokyo", "apart"},
    "京都": {"tokyo", "kyoto", "apart"},
    "大阪": {"kyoto"},
    "猫": {"cat"},
    "黒": {"cat"},
    "黒猫": {"cat"},
    "京都 大阪": {"kyoto"},
    "東京 住む": {"tokyo"},
    "iphone15": {"phone"},
    "iPhone15を買う": {"phone"},
    "買う": {"phone"},
    "ヒー": {"katakana"},
    "コーヒー": {"katakana"},
    "ｰﾋ": {"narrow"},
    "人々": {"repeated"},
    "々": {"repeated"},
    "二〇二六": {"year"},
    "机器学习": {"chinese"},
    "语言": {"chinese"},
    "서울": {"korean"},
    "egg": {"latin", "mixed"},
    "egg 料理": {"mixed"},
    "EGG の本": {"mixed"},
    "'東京'": {"tokyo", "apart"},
    "東京:*": {"tokyo", "apart"},
    "東都": set(),
    "都京": set(),
    "犬": set(),
    "猫 egg": set(),
}


async def test_parts_are_found_on_both_databases(said: House):
    assert {asked: await found(said, asked) for asked in EXPECTED} == EXPECTED


async def test_pieces_that_lie_apart_are_not_the_word(said: House):
    await said.store.write(lambda tx: say_it(tx, "pairs", "東京にいて、京都へ行き、都庁を見る"))
    assert "pairs" not in await found(said, "東京都")


async def test_a_text_that_changes_is_found_by_what_it_says_now(said: House):
    await said.store.write(lambda tx: say_it(tx, "cat", "家に白犬"))
    await said.store.write(lambda tx: searching.forget(tx, "tokyo"))
    assert await found(said, "犬") == {"cat"}
    assert await found(said, "猫") == set()
    assert await found(said, "東京") == {"apart"}


@pytest.mark.parametrize("between", ["", " ", "a"])
async def test_the_longest_text_of_different_letters_is_taken_and_found(said: House, between: str):
    letters = [*map(chr, range(0x20000, 0x2A6D0)), *map(chr, range(0x3400, 0x9FFF))]
    longest = between.join(letters * 2)[: searching.SEARCHED_CHARS]
    await said.store.write(lambda tx: say_it(tx, "long", longest))
    assert "long" in await found(said, letters[10])
