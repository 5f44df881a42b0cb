"""A moderation model is asked about all of a text, and only believed what can be kept."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.errors import UpstreamDown
from tollhouse.guard.moderation import CATEGORIES_MOST, NAME_CHARS, OVERLAP_CHARS, PIECE_CHARS, Moderation
from tollhouse.guard.verdicts import Opinion, Told, together, worst, written


class Model:
    """Answers with what it is told to, and keeps what it was asked."""

    def __init__(self, *results: dict[str, Any]) -> None:
        self.results = results
        self.asked: list[str] = []

    async def __call__(self, asker: Any, body: bytes) -> bytes:
        self.asked += msgspec.json.decode(body)["input"]
        results = self.results or [{"flagged": False}] * len(self.asked)
        return msgspec.json.encode({"model": "said-1", "results": results})


async def judged(model: Model, text: str = "Hi", most_chars: int = 100_000) -> Opinion:
    return await Moderation(model="m", ask=model, most_chars=most_chars).judge(None, text)


@pytest.mark.parametrize("chars", [1, PIECE_CHARS, PIECE_CHARS + 1, 3 * PIECE_CHARS - 2 * OVERLAP_CHARS, 50_000])
async def test_a_long_text_is_asked_about_in_pieces_that_overlap(chars: int):
    text = "".join(chr(0x4E00 + number % 20_000) for number in range(chars))
    model = Model()
    assert (await judged(model, text)).verdict == "allow"
    whole = model.asked[0]
    for before, piece in zip(model.asked, model.asked[1:], strict=False):
        assert before[-OVERLAP_CHARS:] == piece[:OVERLAP_CHARS]
        whole += piece[OVERLAP_CHARS:]
    assert whole == text
    assert max(map(len, model.asked)) <= PIECE_CHARS


async def test_one_flagged_piece_is_enough_and_the_highest_score_counts():
    calm = {"flagged": False, "categories": {"hate": False}, "category_scores": {"hate": 0.2, "violence": 0.3}}
    harsh = {"flagged": True, "categories": {"hate": True}, "category_scores": {"hate": 0.9}}
    opinion = await judged(Model(harsh, calm), "x" * (PIECE_CHARS + 1))
    assert (opinion.verdict, opinion.reasons) == ("block", ("hate",))
    assert opinion.scores == {"hate": 0.9, "violence": 0.3}
    assert (opinion.model, opinion.version) == ("m", "said-1")


async def test_what_cannot_be_kept_is_not():
    names = ["x" * 500, "a\nb", *(f"c{number}" for number in range(100))]
    result = {
        "flagged": True,
        "categories": dict.fromkeys(names, True),
        "category_scores": dict.fromkeys(names, 1e30) | {"x" * 500: None},
    }
    opinion = await judged(Model(result))
    assert len(opinion.scores) == len(opinion.reasons) == CATEGORIES_MOST - 1
    assert max(map(len, opinion.reasons)) == NAME_CHARS
    assert set(opinion.scores.values()) == {0.0, 1.0}


async def test_who_cannot_be_asked_has_no_opinion():
    async def down(asker: Any, body: bytes) -> bytes:
        raise UpstreamDown("nobody there")

    opinion = await Moderation(model="m", ask=down, most_chars=10).judge(None, "Hi")
    assert (opinion.verdict, opinion.reasons) == ("unavailable", ("provider_unavailable",))


opinions = st.builds(
    Opinion,
    by=st.just("moderation"),
    verdict=st.sampled_from(["allow", "flag", "unavailable", "block"]),
    reasons=st.lists(st.sampled_from(["a", "b", "c"]), unique=True).map(tuple),
    scores=st.dictionaries(st.sampled_from(["a", "b"]), st.floats(0, 1)),
)


@given(opinions, opinions, opinions)
def test_opinions_of_parts_are_the_same_opinion_in_whichever_order(one: Opinion, two: Opinion, three: Opinion):
    whole = together(together(one, two), three)
    again = together(one, together(two, three))
    assert whole == again
    assert whole.verdict == worst((one, two, three)) == together(three, together(two, one)).verdict
    assert whole.scores == together(three, together(two, one)).scores


@given(opinions)
def test_what_is_written_can_be_read(opinion: Opinion):
    (read,) = msgspec.json.decode(written([Told(side="input", opinion=opinion, acts=True)]))
    assert (read["side"], read["acts"], read["verdict"]) == ("input", True, opinion.verdict)
    assert tuple(read.get("reasons", ())) == opinion.reasons
