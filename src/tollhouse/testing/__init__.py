"""The testing kit: a scripted provider on a real socket, a network that fails on demand, a clock turned by hand.

It ships with the package, for tests of applications as much as for our own. A provider in a process of its own is in
`tollhouse.testing.process`, a Tollhouse in front of one in `tollhouse.testing.gateway`, and fixtures for pytest, which
finds them by itself, in `tollhouse.testing.pytest_plugin`.
"""

from tollhouse.testing.billing import Billed
from tollhouse.testing.clock import ManualClock
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
