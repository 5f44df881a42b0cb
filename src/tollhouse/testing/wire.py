"""A provider on a real socket that follows a script, breaks the line where it is told to, and keeps its own bill."""

from __future__ import annotations

import asyncio
import itertools
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from types import TracebackType
from typing import Final, Self

from tollhouse.testing import control, gemini_texts, openai_chat, openai_texts
from tollhouse.testing.billing import Billed
from tollhouse.testing.control import PREFIX
from tollhouse.testing.dialects import ANTHROPIC, GEMINI, RESPONSES
from tollhouse.testing.faults import KINDS, Faults, Kind, Struck
from tollhouse.testing.line import Heard, Line
from tollhouse.testing.perform import Performance
from tollhouse.testing.request import Request
from tollhouse.testing.speaker import MuteVoice, Speaker, Voice
from tollhouse.testing.stage import Stage
from tollhouse.testing.steps import Scripted, Step, steps_of

SETTLED_S: Final = 5.0
"""What was answered is billed when its last byte is sent, which a client may read a moment before that."""

SPEAKERS: tuple[Speaker, ...] = (openai_chat, ANTHROPIC, GEMINI, RESPONSES, openai_texts, gemini_texts)


class ScriptNotFollowed(AssertionError):
    """What happened is not what was scripted; the message lists each difference."""


class WireProvider(Stage):
    """A scripted provider.

    ```python
    async with WireProvider() as provider:
        provider.script(expect(model="acme-1"), answer("Hello", usage=(19, 10)))
        provider.script(say("Hel"), wait(0.2), say("lo"), cut())
        ...  # point a client at provider.base_url
        assert provider.billed[0].usage.output_tokens == 10
    ```

    Requests take the scripted exchanges in the order in which they arrive; `when` answers by what is asked instead.
    Leaving the block runs `verify`; when the block itself fails, the findings become a note of its exception.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        keep_requests: int | None = None,
        speakers: Sequence[Speaker] = SPEAKERS,
    ) -> None:
        """Prepare to listen on the loopback address.

        Args:
            port: 0 takes a free one.
            tls: a server's context, to speak https.
            keep_requests: remember only so many of the last, for long runs; None: all.
            speakers: the dialects spoken; the first that claims a path has it.
        """
        super().__init__()
        self._port = port
        self._tls = tls
        self._speakers = speakers
        self._requests: deque[Request] = deque(maxlen=keep_requests)
        self._billed: list[Billed] = []
        self._failures: list[str] = []
        self._asked = 0
        self._faults: Faults | None = None
        self._connections = itertools.count()
        self._lines: dict[Line, int] = {}
        self._control_lines: set[Line] = set()
        self._answering = 0
        self._stalled: set[asyncio.Future[None]] = set()
        self._watchers: deque[asyncio.Future[None]] = deque()
        self._server: asyncio.Server | None = None

    # --- where it is, and what it has seen ---

    @property
    def port(self) -> int:
        """The TCP port it listens on."""
        return self._port

    @property
    def base_url(self) -> str:
        """Where clients of OpenAI's API are pointed."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}/v1"

    @property
    def requests(self) -> list[Request]:
        """What was asked, in order of arrival."""
        return list(self._requests)

    @property
    def billed(self) -> list[Billed]:
        """What a real provider would bill, in the order in which the exchanges ended."""
        self._settle()
        return list(self._billed)

    @property
    def asked(self) -> int:
        """How many requests came, kept or not."""
        return self._asked

    @property
    def answering(self) -> int:
        """Exchanges under way now."""
        return self._answering

    @property
    def stalled(self) -> int:
        """Exchanges that are silent now, until `release`."""
        return len(self._stalled)

    @property
    def open_connections(self) -> int:
        """Connections of clients that are open now, idle ones included."""
        return len(self._lines) - len(self._control_lines)

    def release(self) -> None:
        """Let every exchange that is stalled now go on. From any thread."""
        self._running_server().get_loop().call_soon_threadsafe(_wake, self._stalled)

    async def until(self, condition: Callable[[], bool], *, timeout_s: float = 30.0) -> None:
        """Wait until something has happened here: `await provider.until(lambda: provider.stalled == 1)`.

        From any event loop; a test without one says `asyncio.run(provider.until(…))`.

        Raises:
            TimeoutError: it did not.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(timeout_s):
            while True:
                changed = loop.create_future()
                self._watchers.append(changed)  # before the look, lest a change in between goes unseen
                try:
                    if condition():
                        return
                    await changed
                finally:
                    with suppress(ValueError):  # woken: then it is off the list already
                        self._watchers.remove(changed)

    def faults(self, seed: int, *, rate: float = 0.2, kinds: Sequence[Kind] = KINDS) -> None:
        """Strike a share of the exchanges of `always` at random; scripted ones happen as they are.

        The same seed and requests give the same faults, in whatever order they arrive. A failing test tells the seed.
        """
        self._faults = Faults(seed, rate=rate, kinds=kinds)

    @property
    def struck(self) -> list[Struck]:
        """The faults that were struck, in order."""
        return list(self._faults.struck) if self._faults else []

    @property
    def findings(self) -> list[str]:
        """What `verify` would complain of now."""
        self._settle()
        missed = [f"{self.unasked} scripted exchange(s) never happened"] if self.unasked else []
        return [*self._failures, *missed]

    def verify(self) -> None:
        """Nothing unexpected was asked, and every step of every `script` happened.

        Raises:
            ScriptNotFollowed: something is amiss; all of it is listed.
        """
        if findings := self.findings:
            raise ScriptNotFollowed("\n".join(findings))

    def forgive(self) -> None:
        """Forget what went amiss so far: for a test in which that is the point."""
        self._settle()
        self._failures.clear()

    # --- running ---

    async def start(self) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Line(self), "127.0.0.1", self._port, ssl=self._tls, backlog=1024
        )
        self._port = self._server.sockets[0].getsockname()[1]

    async def aclose(self) -> None:
        """Stop listening, end what goes on and close every connection."""
        self._running_server().close()
        for line in list(self._lines):
            await line.shut()
        await self.until(lambda: not self._lines)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
        self._conclude(error)

    @classmethod
    @contextmanager
    def in_thread(cls, *, keep_requests: int | None = None, speakers: Sequence[Speaker] = SPEAKERS) -> Iterator[Self]:
        """The same for tests without an event loop: it runs in a thread with a loop of its own."""
        provider = cls(keep_requests=keep_requests, speakers=speakers)
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, name="wire-provider", daemon=True)
        thread.start()
        failure: BaseException | None = None
        try:
            asyncio.run_coroutine_threadsafe(provider.start(), loop).result()
            yield provider
        except BaseException as error:
            failure = error
            raise
        finally:
            if provider._server is not None:
                asyncio.run_coroutine_threadsafe(provider.aclose(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()
            provider._conclude(failure)

    def _conclude(self, failure: BaseException | None) -> None:
        """Verify; what is amiss becomes a note of a failure that was there before."""
        findings = self.findings
        if failure is None and not findings:
            return
        told = failure or ScriptNotFollowed("\n".join(findings))
        if failure is not None:
            for finding in findings:
                failure.add_note(f"wire provider: {finding}")
        if self._faults is not None:
            told.add_note(f"wire provider: faults were struck with seed {self._faults.seed}")
        if failure is None:
            raise told

    def _settle(self) -> None:
        """Let what was answered be billed; not for those who share its event loop, and would wait for themselves."""
        if self._server is None or self._server.get_loop() is _own_loop():
            return
        until_s = time.monotonic() + SETTLED_S
        while self.answering > self.stalled and time.monotonic() < until_s:
            time.sleep(0.001)

    def _running_server(self) -> asyncio.Server:
        if self._server is None:
            raise RuntimeError("the provider does not listen yet: use `async with WireProvider()`, or start()")
        return self._server

    # --- what a line asks ---

    def opened(self, line: Line) -> None:
        """Number a connection."""
        self._lines[line] = next(self._connections)
        self._changed()

    def heard(self, line: Line, heard: Heard) -> Request:
        """Record a request."""
        is_control = heard.target.startswith(PREFIX)
        request = Request(
            number=-1 if is_control else self._asked,
            connection=self._lines[line],
            method=heard.method,
            target=heard.target,
            headers=heard.headers,
            body=heard.body,
            arrived_at=time.time(),
        )
        if is_control:
            self._control_lines.add(line)
            return request
        self._asked += 1
        self._requests.append(request)
        self._changed()
        return request

    def misheard(self, reason: str) -> None:
        """Record what was no HTTP."""
        self._failures.append(f"a client did not speak HTTP: {reason}")
        self._changed()

    def closed(self, line: Line) -> None:
        """Forget a connection."""
        self._lines.pop(line, None)
        self._control_lines.discard(line)
        self._changed()

    async def answer(self, request: Request, line: Line) -> None:
        """Perform the exchange that is this request's, and bill it."""
        if request.path.startswith(PREFIX):
            await line.reply(*control.obey(self, request))
            return
        scripted, must_happen = self.choose(request) or (_nothing, False)
        if self._faults is not None and not must_happen:
            scripted = partial(_strike, self._faults, scripted)
        performance = Performance(
            scripted, request, line, self._voice(request), must_happen=must_happen, stall=self._stall
        )
        self._answering += 1
        try:
            await performance.run()
        finally:
            self._answering -= 1
            self._failures += performance.findings
            if billed := performance.billed():
                self._billed.append(billed)
            self._changed()

    def _voice(self, request: Request) -> Voice:
        for speaker in self._speakers:
            if speaker.speaks(request.path):
                return speaker.voice(request)
        return MuteVoice(request.path)

    async def _stall(self) -> None:
        released = asyncio.get_running_loop().create_future()
        self._stalled.add(released)
        self._changed()
        try:
            await released
        finally:
            self._stalled.discard(released)

    def _changed(self) -> None:
        while self._watchers:
            watcher = self._watchers.popleft()
            with suppress(RuntimeError):  # its loop has just closed, so nobody waits
                watcher.get_loop().call_soon_threadsafe(_wake, [watcher])


def _own_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _nothing(request: Request) -> Step:
    raise LookupError("nothing was scripted for it")


def _strike(faults: Faults, scripted: Scripted, request: Request) -> list[Step]:
    return faults.strike(request, steps_of(scripted, request))


def _wake(sleepers: Iterable[asyncio.Future[None]]) -> None:
    for sleeper in list(sleepers):
        if not sleeper.done():
            sleeper.set_result(None)
