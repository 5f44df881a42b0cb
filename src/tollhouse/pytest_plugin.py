"""Fixtures that are there wherever Tollhouse is installed beside pytest; little is imported until one is asked for.

`ai_fake` is a provider that answers by rules, `tollhouse` a whole gateway in front of it, and `crash_points` many that
die; `wire_provider` is one that follows a script, `tollhouse_gateway` a gateway in front of that; `clock` is turned by
hand.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tollhouse.testing.clock import ManualClock
    from tollhouse.testing.faking import AiFake
    from tollhouse.testing.gateway import Gateway
    from tollhouse.testing.network import NetworkBlocked
    from tollhouse.testing.whole import CrashPoints, Tollhouse
    from tollhouse.testing.wire import WireProvider

_FAKE: pytest.StashKey[AiFake] = pytest.StashKey()
_CRASHES: pytest.StashKey[CrashPoints] = pytest.StashKey()
_ATTEMPTS: pytest.StashKey[list[NetworkBlocked]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """What may be said of a whole run."""
    group = parser.getgroup("tollhouse")
    group.addoption(
        "--tollhouse-record",
        choices=["none", "new", "all"],
        default="none",
        help="ask real providers for what is not on a cassette yet, or for everything, and keep it",
    )
    group.addoption("--tollhouse-no-network", action="store_true", help="no test reaches beyond this machine")


def pytest_configure(config: pytest.Config) -> None:
    """What may be said of one test."""
    config.addinivalue_line(
        "markers",
        "no_network(allow=()): nothing beyond this machine is reached but these hosts, where * is any letters",
    )


@pytest.fixture
def ai_fake(request: pytest.FixtureRequest) -> Iterator[AiFake]:
    """A provider on a free port that answers by rules; a test fails in which something was asked that none answers."""
    from tollhouse.testing.faking import AiFake

    with AiFake.in_thread() as made:
        request.node.stash[_FAKE] = made
        yield made


@pytest.fixture
def ai_environment(
    ai_fake: AiFake, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Mapping[str, str]:
    """The SDKs of OpenAI, Anthropic and Google find `ai_fake` by the variables of this process.

    Real keys stay where they are while something is recorded.
    """
    told = ai_fake.environ()
    if request.config.getoption("--tollhouse-record") != "none":
        told |= {name: os.environ[name] for name in told if name.endswith("_API_KEY") and name in os.environ}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    return told


@pytest.fixture
def ai_cassette(ai_fake: AiFake, request: pytest.FixtureRequest) -> Path:
    """What no rule answers is answered as real providers once did, by `cassettes/<module>/<test>.jsonl` beside it."""
    name = re.sub(r"[^\w.-]+", "-", request.node.name).strip("-")
    path = request.path.parent / "cassettes" / request.path.stem / f"{name}.jsonl"
    ai_fake.cassette(path, record=request.config.getoption("--tollhouse-record"))
    return path


@pytest.fixture
def tollhouse(ai_fake: AiFake, tmp_path_factory: pytest.TempPathFactory, tollhouse_toml: str) -> Iterator[Tollhouse]:
    """A gateway that asks `ai_fake`, over an empty SQLite file; its ledger is verified when the test is over."""
    from tollhouse.testing.whole import running

    with running(ai_fake, folder=tmp_path_factory.mktemp("tollhouse"), toml=tollhouse_toml) as made:
        yield made


@pytest.fixture
def crash_points(ai_fake: AiFake, request: pytest.FixtureRequest, tollhouse_toml: str) -> CrashPoints:
    """One `tollhouse` after another, `for tollhouse in crash_points()`: each dies at another moment, and comes back."""
    from tollhouse.testing.whole import CrashPoints

    request.node.stash[_CRASHES] = made = CrashPoints(ai_fake, toml=tollhouse_toml)
    return made


@pytest.fixture
def wire_provider() -> Iterator[WireProvider]:
    """A scripted provider for tests with or without an event loop; verified when the test is over."""
    from tollhouse.testing.wire import WireProvider

    with WireProvider.in_thread() as provider:
        yield provider


@pytest.fixture
def tollhouse_toml() -> str:
    """More of the configuration of `tollhouse` and `tollhouse_gateway`: define a fixture of this name to say it."""
    return ""


@pytest.fixture
def tollhouse_gateway(
    tmp_path_factory: pytest.TempPathFactory, wire_provider: WireProvider, tollhouse_toml: str
) -> Iterator[Gateway]:
    """A Tollhouse of this test's own in front of `wire_provider`."""
    from tollhouse.testing.gateway import gateway

    with gateway(tmp_path_factory.mktemp("tollhouse"), wire_provider, toml=tollhouse_toml) as running:
        yield running


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands at the beginning of 2026 until it is turned."""
    from tollhouse.testing.clock import ManualClock

    return ManualClock()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """A test without a network has none while its fixtures are set up, either."""
    marked = item.get_closest_marker("no_network")
    if marked is None and not item.config.getoption("--tollhouse-no-network"):
        return (yield)
    from tollhouse.testing.network import blocked

    with blocked(**({} if marked is None else marked.kwargs)) as item.stash[_ATTEMPTS]:
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """A test has failed whose application asked what nobody answers, or reached for a network that there is not, also
    when it took no notice."""
    made, attempts = item.stash.get(_FAKE, None), item.stash.get(_ATTEMPTS, [])
    try:
        result = yield
    except BaseException as error:
        for finding in () if made is None else made.findings:
            # What the application was told is mostly in the error already.
            if finding.partition(": ")[2] not in str(error):
                error.add_note(f"ai_fake: {finding}")
        crashes = item.stash.get(_CRASHES, None)
        if crashes is not None and crashes.now is not None and crashes.now.died is not None:
            error.add_note(f"tollhouse: it died {crashes.now.died}")
        raise
    else:
        if attempts:
            raise attempts[0]
        if made is not None:
            made.assert_nothing_unexpected()
    finally:
        if made is not None:
            # Told here, and so not once more when the fixture is torn down.
            made.forgive()
    return result
