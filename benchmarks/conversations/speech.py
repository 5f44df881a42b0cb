"""What is said in them: invented words, as unevenly frequent as those of any language (Zipf), always the same."""

from __future__ import annotations

from itertools import accumulate
from random import Random

SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in ("a", "e", "i", "o", "u", "ai", "ei")]
WORDS = 20_000
SENTENCES = 20_000
SENTENCE_WORDS = (6, 18)
MESSAGE_SENTENCES = (1, 9)
CASE_RATE = 0.1


class Speech:
    """Makes messages, of some sixty words each; one in ten names a case that nobody else names."""

    def __init__(self, seed: int = 1) -> None:
        self._chance = Random(seed)
        named: dict[str, None] = {}
        while len(named) < WORDS:
            named["".join(self._chance.choices(SYLLABLES, k=self._chance.randint(2, 4)))] = None
        self.words = [*named]
        weights = [*accumulate(1 / rank for rank in range(1, WORDS + 1))]
        self._sentences = [
            " ".join(self._chance.choices(self.words, cum_weights=weights, k=self._chance.randint(*SENTENCE_WORDS)))
            for _ in range(SENTENCES)
        ]

    def message(self, number: int) -> str:
        """What message number so and so says."""
        chance = self._chance
        said = [f"{one.capitalize()}." for one in chance.choices(self._sentences, k=chance.randint(*MESSAGE_SENTENCES))]
        if chance.random() < CASE_RATE:
            said.append(f"That is case {case(number)}.")
        return " ".join(said)

    def asked(self, chance: Random, messages: int) -> str:
        """What somebody searches for: mostly one word or two, of any frequency; sometimes a case, which may not be."""
        if chance.random() < 0.2:
            return case(chance.randrange(messages))
        ranks = [int(WORDS ** chance.random()) for _ in range(chance.choice([1, 1, 2]))]
        return " ".join(self.words[min(rank, WORDS) - 1] for rank in ranks)


def case(number: int) -> str:
    """The name of a case."""
    return f"{number:08d}"
