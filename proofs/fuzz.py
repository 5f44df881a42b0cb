"""Damage what is read: `python -m proofs.fuzz`.

Requests, answers, streams and errors of every dialect are mutated, and read by everything that reads them: the look at
bytes that pass through, the reader, and after it the writers of all dialects. A stranger's request may be refused with
InvalidRequest, a provider's answer with UpstreamError; anything else that is raised is found. So is what is written and
is no JSON.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random
from types import ModuleType

from proofs.mutation import mutated
from proofs.recorded import DIALECTS, TEXTS, seeds
from tollhouse.dialects import carry, chat, openai_embeddings, sse
from tollhouse.dialects.collect import Collector
from tollhouse.dialects.gemini import embeddings as gemini_embeddings
from tollhouse.dialects.texts import Texts
from tollhouse.errors import InvalidRequest, UpstreamError

Check = Callable[[ModuleType, bytes, Random], None]

BATCH = 20
"""Inputs for one reader, before the next has its turn."""
NOW_S = 1_700_000_000.0


# --- what is read, and what is done with it --------------------------------------------------------------------------


def glance_at_request(dialect: ModuleType, body: bytes, chance: Random) -> None:
    """What the gateway does with a request whose bytes pass on."""
    dialect.glance_request(body)
    _check_json(dialect.rewrite_request(body, model="acme-1", include_usage=True, cap=chance.choice((None, 77))))


def translate_request(dialect: ModuleType, body: bytes, chance: Random) -> None:
    """What it does with one for a provider of another dialect."""
    request = dialect.read_request(body)
    for other in DIALECTS.values():
        try:
            carry.losses(request, other.CARRIES, dialect.HINTS)
            written = other.write_request(request)
        except InvalidRequest:
            continue
        _check_json(written)


def count_request(dialect: ModuleType, body: bytes, chance: Random) -> None:
    """The same for a request to count tokens."""
    _check_json(dialect.write_count_request(dialect.read_count_request(body)))


def glance_at_answer(dialect: ModuleType, body: bytes, chance: Random) -> None:
    """What the gateway does with an answer whose bytes pass on."""
    dialect.glance_answer(body)


def translate_answer(dialect: ModuleType, body: bytes, chance: Random) -> None:
    """What it does with one for a client of another dialect."""
    answer = carry.bare_answer(dialect.read_answer(body))
    for other in DIALECTS.values():
        _check_json(other.write_answer(answer))


def translate_texts(dialect: ModuleType, body: bytes, chance: Random) -> None:
    """What it does with texts for a provider of another dialect."""
    asked = dialect.read_request(body)
    gemini_embeddings.losses(asked)
    _check_json(gemini_embeddings.write_request(asked))


def translate_vectors(dialect: ModuleType, body: bytes, chance: Random) -> None:
    """What it does with vectors for a client of another dialect."""
    asked = Texts(model="acme-1", texts=("Hi",), encoding=chance.choice(("float", "base64")))
    _check_json(openai_embeddings.write_answer(dialect.read_answer(body), asked))


def read_count(dialect: ModuleType, body: bytes, chance: Random) -> None:
    """A count of tokens."""
    dialect.write_count(dialect.read_count(body))


def translate_stream(dialect: ModuleType, body: bytes, chance: Random) -> None:
    """What it does with a stream: cut where the network likes, read, counted, and said in every dialect."""
    reader, collector = dialect.Reader(), Collector()
    writers = [
        other.Writer(id="answer_1", model="acme-1", created=1, include_usage=True) for other in DIALECTS.values()
    ]
    for frame in _frames(body, chance):
        dialect.plain_text(frame.data)
        events = reader.read(frame)
        dialect.is_usage_only(frame, events)
        for event in events:
            collector.add(event)
            for writer in writers:
                writer.write(event)
            if isinstance(event, chat.Failed):
                return
    answer = collector.answer()
    for other in DIALECTS.values() if answer.choices else ():
        _check_json(other.write_answer(answer))


def read_error(dialect: ModuleType, body: bytes, chance: Random) -> None:
    """What it makes of a refusal; whatever was said, something can be told."""
    status = chance.choice((400, 401, 403, 404, 408, 413, 429, 500, 502, 503, 529, 599))
    headers = ((b"retry-after", chance.choice((b"3", b"-1", b"x", b"1e9", b"Wed, 21 Oct 2026 07:28:00 GMT"))),)
    dialect.classify(status, body, headers, NOW_S)
    failed = dialect.read_error(status, body)
    for other in DIALECTS.values():
        _check_json(other.write_error(failed, status, "req_1"))


READERS: tuple[tuple[str, Check, tuple[type[Exception], ...]], ...] = (
    ("request", glance_at_request, (InvalidRequest,)),
    ("request", translate_request, (InvalidRequest,)),
    ("request", count_request, (InvalidRequest,)),
    ("answer", glance_at_answer, (UpstreamError,)),
    ("answer", translate_answer, (UpstreamError,)),
    ("answer", read_count, (UpstreamError,)),
    ("stream", translate_stream, (UpstreamError,)),
    ("error", read_error, ()),
)
"""What each reads, and what it may raise."""
READERS_OF_TEXTS: tuple[tuple[str, Check, tuple[type[Exception], ...]], ...] = (
    ("request", glance_at_request, (InvalidRequest,)),
    ("request", translate_texts, (InvalidRequest,)),
    ("answer", glance_at_answer, (UpstreamError,)),
    ("answer", translate_vectors, (UpstreamError,)),
    ("error", read_error, ()),
)
"""The same where nothing is said. Nobody asks in a provider's dialect, or is answered by it in a client's."""
NEEDS = {
    glance_at_request: "glance_request",
    translate_texts: "read_request",
    count_request: "read_count",
    read_count: "read_count",
    translate_vectors: "read_answer",
}
"""What a dialect must have for that."""


def _frames(body: bytes, chance: Random) -> Iterator[sse.Frame]:
    frames, at = sse.Reader(), 0
    while at < len(body):
        end = at + chance.choice((1, 7, 100, 4_096, len(body)))
        yield from frames.feed(body[at:end])
        at = end
    if frames.is_between_frames:
        yield sse.END


def _check_json(written: bytes) -> None:
    json.loads(written.decode())


# --- the trial -------------------------------------------------------------------------------------------------------


@dataclass
class Trial:
    """One reader of one dialect. `found` has an input for each place where something was raised."""

    name: str
    dialect: str
    check: Check
    may_raise: tuple[type[Exception], ...]
    bodies: list[bytes]
    chance: Random
    inputs: int = 0
    refused: int = 0
    found: dict[str, bytes] = field(default_factory=dict)

    def run(self, inputs: int) -> None:
        """So many more inputs."""
        dialect = (DIALECTS | TEXTS)[self.dialect]
        for _ in range(inputs):
            body = mutated(self.chance.choice(self.bodies), self.bodies, self.chance)
            self.inputs += 1
            try:
                self.check(dialect, body, self.chance)
            except self.may_raise:
                self.refused += 1
            except Exception as error:
                self._find(error, body)

    def _find(self, error: Exception, body: bytes) -> None:
        """The shortest input for each place is kept."""
        last = traceback.extract_tb(error.__traceback__)[-1]
        ours = [one for one in traceback.extract_tb(error.__traceback__) if "tollhouse" in one.filename] or [last]
        place = f"{type(error).__name__} at {Path(ours[-1].filename).name}:{ours[-1].lineno}: {str(error)[:100]!r}"
        if place not in self.found or len(body) < len(self.found[place]):
            self.found[place] = body


def trials(seed: int) -> list[Trial]:
    """All readers of all dialects."""
    made = []
    for name, dialect in (DIALECTS | TEXTS).items():
        bodies = seeds(name)
        for kind, check, may_raise in READERS if name in DIALECTS else READERS_OF_TEXTS:
            if not hasattr(dialect, NEEDS.get(check, "classify")):
                continue
            chance = Random(f"{seed}/{name}/{check.__name__}")
            made.append(Trial(check.__name__, name, check, may_raise, bodies[kind], chance))
    return made


def main() -> int:
    """Try for a while, and print one table."""
    parser = argparse.ArgumentParser(prog="python -m proofs.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="how long to try (600)")
    parser.add_argument("--seed", type=int, default=1, help="of every chance (1)")
    parser.add_argument("--keep", type=Path, help="a folder for the inputs that found something")
    arguments = parser.parse_args()
    tried = trials(arguments.seed)
    until_s = time.monotonic() + arguments.seconds
    for trial in itertools.cycle(tried):
        if time.monotonic() > until_s:
            break
        trial.run(BATCH)
    if arguments.keep is not None:
        keep(tried, arguments.keep)
    sys.stdout.write(render(tried))
    return 1 if any(trial.found for trial in tried) else 0


def keep(tried: list[Trial], folder: Path) -> None:
    """Write what found something, for a debugger."""
    folder.mkdir(parents=True, exist_ok=True)
    for trial in tried:
        for body in trial.found.values():
            (folder / f"{trial.dialect}-{trial.name}-{sha256(body).hexdigest()[:8]}").write_bytes(body)


def render(tried: list[Trial]) -> str:
    """The table, and what was found."""
    rows = [("dialect", "reader", "inputs", "refused", "found")]
    rows += [(one.dialect, one.name, f"{one.inputs:,}", f"{one.refused:,}", str(len(one.found))) for one in tried]
    widths = [max(len(row[place]) for row in rows) for place in range(5)]
    lines = [
        "  ".join(
            cell.ljust(width) if place < 2 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    findings = [
        f"{one.dialect} {one.name}: {place}\n    {body[:300]!r}" for one in tried for place, body in one.found.items()
    ]
    verdict = "Nothing was found." if not findings else f"{len(findings)} found."
    return "\n".join([*lines, "", *findings, verdict, ""])


if __name__ == "__main__":
    sys.exit(main())
