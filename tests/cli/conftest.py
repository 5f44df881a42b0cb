"""One gateway for all tests, and commands over its data, run in this process because that is quick."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Callable, Iterator

import pytest
import structlog

from command_line import ENVIRONMENT, Ended, Gateway, started
from tollhouse.cli import main


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that runs as long as the tests."""
    with started(tmp_path_factory.mktemp("gateway") / "data") as running:
        yield running


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Ended]]:
    """Runs `tollhouse …` here: `command("users", "list", "--json")`."""
    for name in os.environ.keys() - ENVIRONMENT.keys():
        monkeypatch.delenv(name)

    def run_here(*arguments: str, stdin: str = "") -> Ended:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["tollhouse", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Ended(status=int(ended.value.code or 0), out=out, err=err)

    handlers = logging.getLogger().handlers[:]
    yield run_here
    logging.getLogger().handlers[:] = handlers
    structlog.reset_defaults()


@pytest.fixture
def tollhouse(gateway: Gateway, command: Callable[..., Ended]) -> Callable[..., Ended]:
    """Runs a command over the data of the running gateway."""
    return lambda *arguments, **options: command(*arguments, "--data", gateway.served["data"], **options)
