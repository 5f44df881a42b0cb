"""What is asked about a row, what an answer is worth, and what names both."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.columns import asking, content, order
from tollhouse.columns.field import Embedded, Generated
from tollhouse.money.amounts import Nanodollars

TITLE = Generated(("body",), "A title for: {body}", "m")
TAGS = Generated(("body",), "Tags: {body}", "m", returns=Annotated[list[str], msgspec.Meta(min_length=2)])
VECTOR = Embedded(("title", "body"), "m", 3)

texts = st.text(max_size=60)


@given(texts, st.integers(2, 40))
def test_what_is_cut_fits_and_is_a_beginning(text: str, max_chars: int):
    kept = content.cut(text, max_chars)
    assert len(kept) <= max_chars
    assert text.startswith(kept.removesuffix(content.ELLIPSIS) if kept != text else kept)


def test_a_cut_is_at_the_end_of_a_word():
    assert content.cut("exact about money", 14) == "exact about…"
    assert content.cut("exact about money", 12) == "exact about…"
    assert content.cut("Donaudampfschiff", 6) == "Donau…"


@given(st.text(alphabet="ab \n", max_size=900), st.integers(100, 300))
def test_pieces_are_the_text_and_none_is_longer_or_needless(text: str, chunk_chars: int):
    pieces = content.pieces_of(text, chunk_chars)
    assert "".join(pieces) == text
    assert max(map(len, pieces)) <= chunk_chars
    assert len(pieces) <= 1 + 2 * len(text) // chunk_chars
    assert content.pieces_of(text, None) == [text]


def test_pieces_end_where_a_paragraph_or_else_a_word_does():
    paragraph = "word " * 15
    assert content.pieces_of(f"{paragraph}\n\n{paragraph}", 100) == [f"{paragraph}\n\n", paragraph]
    assert content.pieces_of("word " * 30, 100) == ["word " * 20, "word " * 10]


def test_another_size_of_pieces_is_another_vector():
    cut = Embedded(("title", "body"), "m", 3, chunk_chars=100)
    row = {"title": "a", "body": "b"}
    assert content.fingerprint(VECTOR, row) != content.fingerprint(cut, row)
    with pytest.raises(ValueError, match="100 at least"):
        Embedded(("body",), "m", 3, chunk_chars=9)


@given(texts, texts)
def test_a_fingerprint_is_that_of_its_content(one: str, other: str):
    same = content.fingerprint(TITLE, {"body": one}) == content.fingerprint(TITLE, {"body": other})
    assert same == (one == other)


@pytest.mark.parametrize(
    "other",
    [
        Generated(("body",), "Another title for: {body}", "m"),
        Generated(("body",), "A title for: {body}", "n"),
        Generated(("body",), "A title for: {body}", "m", system="Be brief."),
        Generated(("body",), "A title for: {body}", "m", max_chars=9),
        Generated(("body",), "A title for: {body}", "m", returns=int),
        Generated(("body",), "A title for: {body}", "m", options={"temperature": 0}),
    ],
)
def test_and_of_how_it_is_made(other: Generated):
    assert content.fingerprint(TITLE, {"body": "x"}) != content.fingerprint(other, {"body": "x"})


def test_who_waits_how_long_changes_no_fingerprint():
    patient = Generated(("body",), "A title for: {body}", "m", debounce_s=9, on_edit="regenerate")
    assert content.fingerprint(TITLE, {"body": "x"}) == content.fingerprint(patient, {"body": "x"})


@given(texts)
def test_braces_in_a_row_are_words(text: str):
    body = text + "{body} {0.__class__}"
    assert content.question(TITLE, {"body": body}).prompt == f"A title for: {body}"


def test_sources_that_are_no_texts_are_told_as_json():
    field = Generated(("tags", "price"), "{tags} at {price}", "m")
    assert content.question(field, {"tags": ["a"], "price": None}).prompt == '["a"] at '
    assert content.text_of(VECTOR, {"title": "A", "body": None}) == "A"


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ('{"value": ["a", "b"]}', ["a", "b"]),
        ('["a", "b"]', ["a", "b"]),
        ('```json\n["a", "b"]\n```', ["a", "b"]),
    ],
)
def test_a_value_is_read_as_models_write_it(said: str, value: Any):
    assert content.value_of(TAGS, said) == value


@pytest.mark.parametrize("said", ["a, b", '["a"]', '{"value": "a"}', "null", ""])
def test_what_is_not_of_the_type_is_told_so(said: str):
    with pytest.raises(content.Malformed):
        content.value_of(TAGS, said)


def test_an_empty_text_is_no_answer():
    with pytest.raises(content.Malformed):
        content.value_of(TITLE, " \n")


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Generated((), "x", "m"), "names of columns"),
        (lambda: Generated(("a", "a"), "{a}", "m"), "each once"),
        (lambda: Generated(("a",), "{b}", "m"), "not among the sources"),
        (lambda: Generated(("a",), "no source", "m"), "names no source"),
        (lambda: Generated(("a",), lambda row: "x", "m"), "version"),
        (lambda: Generated(("a",), "{a}", "m", debounce_s=-1), "seconds"),
        (lambda: Generated(("a",), "{a}", "m", returns=int, max_chars=9), "bound other values"),
        (lambda: Generated(("a",), "{a}", "m", on_edit="ask"), "on_edit"),  # type: ignore[arg-type]
        (lambda: Embedded(("a",), "m", 0), "dims"),
    ],
)
def test_a_definition_that_cannot_be_is_told_what_to_do(make, told: str):
    with pytest.raises(ValueError, match=told):
        make()


def test_columns_that_are_made_of_one_another_are_refused():
    fields = {"one": Generated(("other",), "{other}", "m"), "other": Generated(("one",), "{one}", "m")}
    with pytest.raises(ValueError, match="made of one another"):
        order.check(fields, ("one", "other"))
    with pytest.raises(ValueError, match="no such column"):
        order.check({"one": TITLE}, ("one",))


def test_what_is_behind_another_waits_for_it():
    fields = {"title": TITLE, "vec": VECTOR}
    assert order.touched(fields, {"body"}) == {"title", "vec"}
    assert order.ready(fields, {"title", "vec"}) == {"title"}
    assert order.ready(fields, order.touched(fields, {"title"})) == {"vec"}


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_shares_are_the_whole_to_the_nanodollar(cost: int, sizes: list[int]):
    parts = asking.shares(Nanodollars(cost), sizes)
    assert sum(part or 0 for part in parts) == cost
    assert all(part is not None and part >= 0 for part in parts)
