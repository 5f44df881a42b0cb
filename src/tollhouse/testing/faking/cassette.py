"""A cassette: what real providers answered once, kept in a file of JSON lines, and said again without them.

A line is found again by what was asked, as the gateway's own cache finds an answer: by all that could make it another
one, and not by spelling, end users or metadata. Of headers only the few are kept that mean something to a client, and
nothing that looks like a key.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Literal, TypeAlias

import msgspec

from tollhouse.cache.fingerprint import Source, key_of
from tollhouse.dialects import anthropic_messages, chat, gemini, openai_chat, openai_embeddings, openai_responses, sse
from tollhouse.redaction import redact
from tollhouse.testing.faking.asked import Asked
from tollhouse.testing.perform import Unexpected
from tollhouse.testing.request import Request
from tollhouse.testing.script import replay
from tollhouse.testing.steps import Chunk, Step

Record: TypeAlias = Literal["none", "new", "all"]
"""Whom real providers are asked for: nothing, what is not on the cassette, or everything anew."""

TIMEOUT_S: Final = 120.0

_UPSTREAMS: Final = {
    "anthropic_messages": "https://api.anthropic.com/v1",
    "gemini": "https://generativelanguage.googleapis.com/v1beta",
    "gemini_embeddings": "https://generativelanguage.googleapis.com/v1beta",
}
_OPENAI: Final = "https://api.openai.com/v1"

_COUNTERS: Final[Mapping[str, ModuleType]] = {
    dialect.NAME: dialect for dialect in (anthropic_messages, gemini, openai_chat, openai_embeddings, openai_responses)
}
"""Dialects whose answers tell what was counted."""

_KEYS: Final = ("authorization", "x-api-key", "x-goog-api-key", "api-key")
_NOT_PASSED: Final = frozenset({"accept-encoding", "connection", "content-length", "host", "transfer-encoding"})
_KEPT: Final = re.compile(r"content-type|retry-after|(x-)?request-id|x-ratelimit-.*|anthropic-ratelimit-.*")
_VERSION: Final = re.compile(r"^.*/v1(beta)?(?=/)")
_QUERY_KEY: Final = re.compile(r"[?&]key=([^&]+)")


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """One line: `request` for people, `response` as `script.replay` says it again."""

    key: str
    stream: bool
    request: dict[str, Any]
    response: dict[str, Any]


class Cassette:
    """What is on one file. `record` says what is added to it; all else is an error."""

    def __init__(self, path: Path, *, record: Record = "none", upstream: str | None = None) -> None:
        """Read it, if it is there.

        Args:
            upstream: the base URL of whom to ask, such as `https://openrouter.ai/api/v1`; unless told, the makers of
                the dialects.

        Raises:
            ValueError: a line that is no recording.
        """
        self.path = path
        self.record: Record = record
        self._upstream = upstream
        self._recordings: list[Recording] = []
        self._said: Counter[str] = Counter()
        self._fresh: dict[int, Recording] = {}
        if record == "all":
            path.unlink(missing_ok=True)
        elif path.exists():
            self._recordings = [*_read(path)]

    def wants(self, asked: Asked) -> bool:
        """A real provider is to be asked for this."""
        is_new = not any(one.key == fingerprint(asked) for one in self._recordings)
        return self.record == "all" or (self.record == "new" and is_new)

    async def learn(self, asked: Asked) -> None:
        """Ask the real provider and keep what it answers, for this request and on the file.

        Raises:
            Unexpected: it did not answer, or refused: that is not worth keeping.
        """
        # Late import: who records nothing needs no client.
        import httpx2

        request = asked.request
        try:
            async with httpx2.AsyncClient(timeout=TIMEOUT_S) as client:
                answer = await client.request(
                    request.method,
                    address_of(asked, self._upstream),
                    content=request.body,
                    headers={name: value for name, value in request.headers.items() if name not in _NOT_PASSED}
                    | {"accept-encoding": "identity"},
                )
        except httpx2.TransportError as error:
            raise Unexpected(f"nothing was recorded, {type(error).__name__}: {error}") from None
        if answer.is_error:
            told = redact(answer.text, secrets_of(request))[:500]
            raise Unexpected(f"nothing was recorded, the provider answers {answer.status_code}: {told}")
        recording = recorded(asked, answer.status_code, answer.headers, answer.content)
        self._fresh[request.number] = recording
        self._keep(recording)

    def take(self, asked: Asked) -> list[Step] | None:
        """What was answered to this; None when that is not known. What was asked several times comes in that order."""
        recording = self._fresh.pop(asked.request.number, None)
        if recording is None:
            key = fingerprint(asked)
            known = [one for one in self._recordings if one.key == key]
            if not known:
                return None
            recording = known[min(self._said[key], len(known) - 1)]
            self._said[key] += 1
        return list(_steps(asked, recording))

    def missing(self) -> str:
        """Why nothing is known, and what to do."""
        return (
            f"it is not among the {len(self._recordings)} recordings of {self.path.name}:"
            " run the test once with --tollhouse-record=new and a real key, or give it a rule"
        )

    def _keep(self, recording: Recording) -> None:
        self._recordings.append(recording)
        self._said[recording.key] += 1
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            file.write(msgspec.json.encode(recording) + b"\n")


def fingerprint(asked: Asked) -> str:
    """By what a recording is found again: a digest of what was asked, in hexadecimal."""
    form = f"{asked.dialect} {'stream' if asked.stream else 'whole'}"
    if isinstance(asked.question, chat.ChatRequest):
        source = Source(asked.dialect, "", asked.model, "")
        return key_of(asked.question, (source,), (form,), (), secret=b"")[:32]
    told = msgspec.json.encode((form, asked.question), order="sorted")
    return blake2b(told, digest_size=16).hexdigest()


def address_of(asked: Asked, upstream: str | None) -> str:
    """Where a real provider takes this request."""
    base = upstream or _UPSTREAMS.get(asked.dialect, _OPENAI)
    return base.rstrip("/") + _VERSION.sub("", asked.request.target)


def recorded(asked: Asked, status: int, headers: Mapping[str, str], body: bytes) -> Recording:
    """An answer as it is kept, with `***` where a secret was."""
    secrets = secrets_of(asked.request)
    is_stream = headers.get("content-type", "").startswith("text/event-stream")
    text = redact(body.decode(), secrets)
    return Recording(
        key=fingerprint(asked),
        stream=is_stream,
        request={
            "method": asked.request.method,
            "path": asked.request.path,
            "body": msgspec.json.decode(redact(asked.request.body.decode(), secrets)),
        },
        response={
            "status": status,
            "headers": {name.lower(): value for name, value in headers.items() if _KEPT.fullmatch(name.lower())},
            "body_kind": "sse" if is_stream else "json",
            "body": text if is_stream else msgspec.json.decode(text),
        },
    )


def secrets_of(request: Request) -> list[str]:
    """The keys that came with a request."""
    told = [request.headers[name] for name in _KEYS if name in request.headers]
    return [one.removeprefix("Bearer ") for one in told] + _QUERY_KEY.findall(request.target)


def _steps(asked: Asked, recording: Recording) -> Iterator[Step]:
    """The answer again: of a stream, each event in a chunk of its own; billed as it was counted."""
    case = {"stream": recording.stream, "response": recording.response}
    usage = _usage(asked, recording)
    for step in replay(case, usage=usage):
        if not isinstance(step, Chunk):
            yield step
            continue
        frames = sse.Reader().feed(step.data)
        yield from (Chunk(frame.raw) for frame in frames)
        if rest := step.data[sum(len(frame.raw) for frame in frames) :]:
            yield Chunk(rest)


def _usage(asked: Asked, recording: Recording) -> chat.Usage | None:
    dialect = _COUNTERS.get(asked.dialect)
    if dialect is None:
        return None
    if not recording.stream:
        counted: chat.Usage | None = dialect.glance_answer(msgspec.json.encode(recording.response["body"])).usage
        return counted
    reader = dialect.Reader()
    frames = sse.Reader().feed(recording.response["body"].encode())
    seen = [event for frame in frames for event in reader.read(frame) if isinstance(event, chat.UsageSeen)]
    return seen[-1].usage if seen else None


def _read(path: Path) -> Iterator[Recording]:
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            yield msgspec.json.decode(line, type=Recording)
        except msgspec.DecodeError as error:
            raise ValueError(f"{path}, line {number} is no recording: {error}") from None
