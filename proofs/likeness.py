"""How often a question that resembles another has another answer: measured over pairs that rules make of templates.

    python -m proofs.likeness

Half of the pairs ask the same in other words, half differ in one thing that changes the answer. They are made anew each
time, the same ones, and are nobody's data. The first column is the degree from which two questions are taken for alike;
then how many of the same are found, and how many of the others are, by likeness alone and with `cache.gate`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import NamedTuple

from tollhouse.cache import gate
from tollhouse.cache.evidence import Evidence
from tollhouse.cache.likeness import likeness, sketch

DEGREES = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)

TASKS = (
    "reset a password in GitLab",
    "rotate an API key without downtime",
    "merge two branches in Git",
    "convert a PDF file to text",
    "install Docker on Ubuntu",
    "sort a list of numbers in Python",
    "remove a stain from a carpet",
    "calculate the area of a triangle",
    "renew a passport in Germany",
    "write a unit test for a parser",
    "migrate a database to PostgreSQL",
    "boil an egg for a salad",
    "cancel a subscription at Netflix",
    "clean the filter of a dishwasher",
    "parse a date in JavaScript",
    "find duplicate rows in a table",
)
SAME = (
    ("How do I {}?", "How can I {}?"),
    ("How do I {}?", "how do i {}"),
    ("How can one {}?", "How could one {}, please?"),
    ("Hello, how do I {}?", "How do I {}? Thanks!"),
    ("Explain how to {}.", "Please explain to me how to {}."),
)
FACTS = ("France", "Japan", "Brazil", "Kenya", "Norway", "Canada", "Egypt", "India", "Chile", "Poland", "Ghana", "Peru")
SAME_FACTS = (
    ("What is the capital of {}?", "What's the capital of {}?"),
    ("What is the population of {}?", "what is the population of {} exactly"),
    ("Which languages are spoken in {}?", "Which languages do they speak in {}?"),
    ("Where is the highest mountain of {}?", "Where is {}'s highest mountain?"),
    ("When was the first railway of {} opened?", "When did {} open its first railway?"),
    ("Who designed the flag of {}?", "Who has designed the flag of {}?"),
)
CHANGED = {
    "number": (
        ("How long does it take to walk {} km?", "4", "40"),
        ("Convert {} miles to kilometres.", "12", "21"),
        ("Can {} people share one licence?", "5", "6"),
        ("Write a haiku in {} lines.", "3", "4"),
        ("Is a fever of {} degrees dangerous?", "37.5", "39.5"),
        ("What is {} percent of 80?", "15", "50"),
    ),
    "unit": (
        ("How much is 10 {} in yen?", "USD", "EUR"),
        ("Is 100 {} of sugar a lot?", "grams", "kilograms"),
        ("How fast is 30 {} in knots?", "km", "miles"),
        ("Is 5 {} a normal length?", "cm", "inches"),
    ),
    "date": (
        ("What changed in the tax law of {}?", "2023", "2024"),
        ("Who won the election of {}?", "1996", "1998"),
        ("What happened on {}?", "2024-05-01", "2024-05-11"),
        ("Which day of the week was {} March 2020?", "3", "4"),
    ),
    "negation": (
        ("Is aspirin {} for children?", "safe", "not safe"),
        ("Which foods {} contain gluten?", "do", "do not"),
        ("Why {} this function return a value?", "does", "doesn't"),
        ("Can plants grow {} sunlight?", "with", "without"),
    ),
    "direction": (
        ("How do I fly from {}?", "Paris to Rome", "Rome to Paris"),
        ("Translate from {}: house", "German to English", "English to German"),
        ("Does {} cause the other?", "stress or illness", "illness or stress"),
        ("Did {} in the final?", "Brazil beat Italy", "Italy beat Brazil"),
        ("How do I migrate from {}?", "MySQL to SQLite", "SQLite to MySQL"),
    ),
    "name": (
        ("Who wrote {}?", "Faust", "Hamlet"),
        ("What is the capital of {}?", "Austria", "Australia"),
        ("How do I install {}?", "Redis", "Valkey"),
        ("Which rivers flow through {}?", "Vienna", "Verona"),
        ("How tall is {}?", "K2", "K3"),
        ("How do I call {}?", "user.find_one", "user.find_all"),
    ),
    "version": (
        ("What is new in Python {}?", "3.11", "3.12"),
        ("Does PostgreSQL {} support merge?", "14", "15"),
        ("How do I install Node {}?", "v18", "v20"),
        ("Is TLS {} still allowed?", "1.1", "1.2"),
    ),
    "opposite": (
        ("How do I {} two-factor login?", "enable", "disable"),
        ("How do I {} a firewall rule?", "add", "remove"),
        ("What are the {} of nuclear power?", "advantages", "disadvantages"),
        ("Does coffee {} blood pressure?", "increase", "decrease"),
        ("How do I {} a file in Bash?", "encrypt", "decrypt"),
        ("What comes {} the main course?", "before", "after"),
        ("Which country has the {} crime rate?", "highest", "lowest"),
        ("Sort the list in {} order.", "ascending", "descending"),
    ),
    "question": (
        ("{} was Ada Lovelace born?", "When", "Where"),
        ("{} invented the telephone?", "Who", "Why was it that nobody"),
        ("{} does a volcano erupt?", "Why", "When"),
        ("{} do bees make honey?", "How", "Where"),
    ),
    "thing": (
        ("How do I delete a {} in Git?", "branch", "tag"),
        ("How do I reset a {} in GitLab?", "password", "token"),
        ("Is it legal to record a {}?", "call", "film"),
        ("What does a {} cost?", "train", "plane"),
        ("How do I {} a commit?", "amend", "revert"),
        ("How do I clean a {}?", "carpet", "sofa"),
        ("What is a {} function?", "pure", "partial"),
        ("Which {} do owls eat?", "animals", "plants"),
        ("Can dogs eat {}?", "grapes", "apples"),
        ("How do I merge two {}?", "lists", "tables"),
    ),
    "scope": (
        ("What is {} balance?", "the", "my"),
        ("When is {} invoice due?", "the", "our"),
        ("Summarise {} text.", "the", "the attached"),
    ),
    "time": (
        ("What is the {} price of gold?", "average", "current"),
        ("Who is the {} president?", "first", "next"),
        ("Which version is the {}?", "oldest", "latest"),
    ),
}
LONG = (
    "I am new here and read the manual twice, but found nothing on this. {}",
    "{} A short answer of one or two sentences is quite enough.",
)
"""What stands around a question makes two of them more alike, and no less different."""


class Pair(NamedTuple):
    """Two questions; `kind` is what makes them two, or None when they ask the same."""

    one: str
    other: str
    kind: str | None


def pairs() -> Iterator[Pair]:
    """All pairs, always the same ones."""
    for subjects, forms in ((TASKS, SAME), (FACTS, SAME_FACTS)):
        for subject in subjects:
            for one, other in forms:
                yield Pair(one.format(subject), other.format(subject), None)
    for kind, forms in CHANGED.items():
        for form, one, other in forms:
            for around in ("{}", *LONG):
                yield Pair(around.format(form.format(one)), around.format(form.format(other)), kind)


class Found(NamedTuple):
    """What is taken for the same from some degree on."""

    degree: float
    same: Evidence
    different: Evidence
    passed: Evidence
    gated_same: Evidence

    def line(self) -> str:
        """A row of the table."""
        low, high = self.passed.bounds
        return (
            f"{self.degree:>6.2f}  {self.same.rate:>9.1%}  {self.different.rate:>11.1%}"
            f"  {self.gated_same.rate:>9.1%}  {self.passed.rate:>11.1%}  {low:.1%} to {high:.1%}"
        )


def measured(degree: float) -> Found:
    """Look at all pairs from one degree on."""
    same = different = passed = gated_same = Evidence()
    for pair in pairs():
        is_alike = likeness(sketch(pair.one), sketch(pair.other)) >= degree
        is_through = is_alike and passes(pair)
        if pair.kind is None:
            same, gated_same = same.and_one(is_wrong=is_alike), gated_same.and_one(is_wrong=is_through)
        else:
            different, passed = different.and_one(is_wrong=is_alike), passed.and_one(is_wrong=is_through)
    return Found(degree, same, different, passed, gated_same)


def passes(pair: Pair) -> bool:
    """Nothing is seen that makes two questions of them."""
    return not (gate.unfit(pair.one) or gate.unfit(pair.other)) and gate.difference(pair.one, pair.other) is None


def main() -> int:
    """Print the table. Exit status 1 when the gate lets through what it should know."""
    every = [*pairs()]
    same = sum(pair.kind is None for pair in every)
    sys.stdout.write(f"{same} pairs ask the same, {len(every) - same} do not.\n\n")
    sys.stdout.write("            likeness alone            with the gate\n")
    sys.stdout.write("degree  same found  others found  same found  others found  95 % of the time\n")
    for degree in DEGREES:
        sys.stdout.write(measured(degree).line() + "\n")
    through = [pair for pair in every if pair.kind is not None and passes(pair)]
    for pair in through:
        sys.stdout.write(f"let through ({pair.kind}): {pair.one} | {pair.other}\n")
    return 1 if through else 0


if __name__ == "__main__":
    sys.exit(main())
