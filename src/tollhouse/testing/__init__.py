"""The testing kit: a scripted provider on a real socket, a network that fails on demand, a clock turned by hand.

It ships with the package, for tests of applications as much as for our own. A script says what happens on a line, step
by step; a Tollhouse in front of one is in `tollhouse.testing.gateway`. Rules, a layer over that, say what is answered
to whom: `tollhouse.testing.faking`, and `tollhouse.testing.whole` for a Tollhouse. A provider in a process of its own
is in `tollhouse.testing.process`, what leaves a test without a network in `tollhouse.testing.network`. pytest finds
fixtures by itself: `tollhouse.pytest_plugin`.
"""

from tollhouse.testing.billing import Billed
from tollhouse.testing.clock import ManualClock
from tollhouse.testing.faking import AiFake, fake
from tollhouse.testing.proxy import FaultProxy
from tollhouse.testing.request import Expectation, Request
from tollhouse.testing.script import (
    answer,
    bill,
    chunk,
    cut,
    done,
    expect,
    fail,
    finish,
    head,
    raw,
    refuse,
    replay,
    reply,
    reset,
    say,
    stall,
    status,
    think,
    tool_call,
    trickle,
    usage,
    vectors,
    verdicts,
    wait,
)
from tollhouse.testing.wire import ScriptNotFollowed, WireProvider

__all__ = [
    "AiFake",
    "Billed",
    "Expectation",
    "FaultProxy",
    "ManualClock",
    "Request",
    "ScriptNotFollowed",
    "WireProvider",
    "answer",
    "bill",
    "chunk",
    "cut",
    "done",
    "expect",
    "fail",
    "fake",
    "finish",
    "head",
    "raw",
    "refuse",
    "replay",
    "reply",
    "reset",
    "say",
    "stall",
    "status",
    "think",
    "tool_call",
    "trickle",
    "usage",
    "vectors",
    "verdicts",
    "wait",
]
