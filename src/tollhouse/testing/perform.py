"""Performs the steps of one exchange on its line."""

from __future__ import annotations

import asyncio
import traceback
from collections import deque
from collections.abc import Awaitable, Callable

from tollhouse.testing.billing import Billed, Meter
from tollhouse.testing.line import ClientLeft, Line, LineEnded
from tollhouse.testing.request import Expectation, Request
from tollhouse.testing.speaker import Voice
from tollhouse.testing.steps import (
    Bill,
    Chunk,
    Cut,
    Done,
    Fail,
    Head,
    Raw,
    Reply,
    Reset,
    Scripted,
    Stall,
    Status,
    Step,
    Trickle,
    Wait,
    Word,
    steps_of,
)


class Unexpected(Exception):
    """The request is not what the script expects; the message tells both sides."""


class Performance:
    """One exchange being answered.

    Attributes:
        complete: every step was performed, and the answer ended properly.
        findings: what was not as the script wants it, for people.
    """

    def __init__(
        self,
        scripted: Scripted,
        request: Request,
        line: Line,
        voice: Voice,
        *,
        must_happen: bool,
        stall: Callable[[], Awaitable[None]],
    ) -> None:
        """Prepare.

        Args:
            must_happen: steps that are not reached are a finding.
            stall: waits until a stall is released.
        """
        self.complete = False
        self.findings: list[str] = []
        self._scripted = scripted
        self._request = request
        self._line = line
        self._voice = voice
        self._must_happen = must_happen
        self._stall = stall
        self._meter = Meter(request, makes=voice.makes)
        self._ahead: deque[Step] = deque()
        self._owes_whole = False
        self._owes_end = False

    async def run(self) -> None:
        """Perform every step, then end the answer properly; faults of the script or of the client become findings.

        Raises:
            CancelledError: the client has gone, or the provider is closing.
        """
        try:
            steps = steps_of(self._scripted, self._request)
            self._meter.plan(steps)
            self._ahead.extend(steps)
            self.complete = await self._perform_all()
        except LineEnded:
            pass
        except ClientLeft:
            self._miss()
        except asyncio.CancelledError:
            self._miss()
            raise
        except Unexpected as error:
            await self._give_up(400, str(error))
        except Exception as error:
            await self._give_up(500, f"the script failed: {''.join(traceback.format_exception(error))}")

    def billed(self) -> Billed | None:
        """What a real provider would bill for what happened; None: nothing."""
        return self._meter.read(
            model=self._voice.model, complete=self.complete, client_left=not self.complete and self._line.client_left
        )

    async def _perform_all(self) -> bool:
        """Until the last step, or the first error event: is the answer complete?"""
        failed = False
        while self._ahead and not failed:
            await self._perform(self._ahead[0])
            failed = isinstance(self._ahead.popleft(), Fail)
        if self._owes_whole:
            await self._deliver()
        if self._owes_end:
            await self._line.end()
        if not self._line.begun and not self._line.owned:
            raise LookupError("it ended without an answer")
        return not failed

    def _miss(self) -> None:
        """Note what did not happen because the line ended early. A stall that ended so is what it was for."""
        missed = [step for at, step in enumerate(self._ahead) if at or not isinstance(step, Stall)]
        if self._must_happen and missed:
            self._find(f"the client left before {missed}")

    async def _give_up(self, status: int, reason: str) -> None:
        self._find(reason)
        if self._line.begun or self._line.owned:
            self._line.hang_up()
            return
        error = Status(status, f"wire provider: {reason}")
        await self._line.reply(status, {"content-type": "application/json"}, self._voice.refuse(error))

    def _find(self, finding: str) -> None:
        request = self._request
        self.findings.append(f"request {request.number}, {request.method} {request.path}: {finding}")

    async def _perform(self, step: Step) -> None:
        line = self._line
        match step:
            case Status():
                await self._refuse(step)
            case Head(status, headers):
                await self._begin(status, headers)
            case Chunk(data):
                await self._begin_once()
                await line.body(data)
            case Reply(status, headers, body):
                await line.reply(status, self._identified(headers), body)
            case Raw(data):
                line.owned, self._owes_end = True, False
                await line.send(data)
            case Bill():
                self._meter.add(step)
            case Wait(seconds):
                await asyncio.sleep(seconds)
            case Stall():
                await self._stall()
            case Trickle(piece_bytes, gap_s):
                line.pace(piece_bytes, gap_s)
            case Cut(after_bytes):
                await self._cut(after_bytes)
            case Reset():
                await line.reset()
            case Expectation():
                self._compare(step)
            case _:
                await self._speak(step)

    def _compare(self, expectation: Expectation) -> None:
        if differences := expectation.differences(self._request):
            raise Unexpected("not as expected:\n  " + "\n  ".join(differences))

    async def _speak(self, word: Word) -> None:
        self._meter.add(word)
        said = self._voice.speak(word)
        if self._voice.streams:
            await self._begin_once()
            if said:
                await self._line.body(said)
            return
        self._owes_whole = True
        if isinstance(word, Done):
            await self._deliver()

    async def _begin_once(self) -> None:
        if not self._line.begun:
            await self._begin(200, {})

    async def _begin(self, status: int, headers: dict[str, str]) -> None:
        self._owes_end = True
        await self._line.begin(status, self._identified({"content-type": self._voice.content_type} | headers))

    async def _refuse(self, status: Status) -> None:
        if self._line.begun:
            raise ValueError("the answer has begun: script fail(…) for an error event")
        headers = self._identified({"content-type": "application/json"} | status.headers)
        await self._line.reply(status.status, headers, self._voice.refuse(status))

    async def _deliver(self) -> None:
        """Send what a whole answer has gathered."""
        self._owes_whole = False
        body = self._voice.whole()
        if self._line.begun:
            await self._line.body(body)
            return
        await self._line.reply(200, self._identified({"content-type": self._voice.content_type}), body)

    async def _cut(self, after_bytes: int | None) -> None:
        if after_bytes is not None:
            self._line.cut_after(after_bytes)
        elif self._owes_whole:
            self._line.cut_after(len(self._voice.whole()) // 2)
            await self._deliver()
        else:
            await self._line.cut()

    def _identified(self, headers: dict[str, str]) -> dict[str, str]:
        return {"x-request-id": f"wire-{self._request.number}"} | headers
