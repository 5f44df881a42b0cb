"""The testing kit: a scripted provider on a real socket, a network that fails on demand, a clock turned by hand.

It ships with the package, for tests of applications as much as for our own.
"""

from tollhouse.testing.billing import Billed
from tollhouse.testing.clock import ManualClock
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
    wait,
)
from tollhouse.testing.wire import ScriptNotFollowed, WireProvider

__all__ = [
    "Billed",
    "Expectation",
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
    "wait",
]
