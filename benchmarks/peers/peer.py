"""A gateway of somebody else: how it is installed, and how it is started."""

from __future__ import annotations

import re
import subprocess
import sys
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.gateways.base import Kind
from benchmarks.results import CACHE

FOLDER = CACHE / "peers"


@dataclass(frozen=True, kw_only=True)
class Peer:
    """One that can be installed. `install` raises CalledProcessError or OSError when it cannot be."""

    kind: Kind
    install: Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class Environment:
    """A virtual environment with a package of the Python index in it.

    Attributes:
        package: its name there.
        requirements: what is installed, as pip is told it.
    """

    package: str
    requirements: tuple[str, ...]

    @property
    def folder(self) -> Path:
        return FOLDER / self.package

    def program(self, name: str) -> str:
        """The path of one of its commands."""
        return str(self.folder / "bin" / name)

    def version(self) -> str | None:
        """Of the package; None when it is not installed."""
        name = re.sub(r"[-.]", "_", self.package)
        for found in self.folder.glob(f"lib/python*/site-packages/{name}-*.dist-info"):
            return found.name.removesuffix(".dist-info").rpartition("-")[2]
        return None

    def absent(self) -> str | None:
        return None if self.version() else f"{self.package} is not installed: make bench-peers"

    def install(self) -> None:
        """Make the environment, or bring what is in it up to date."""
        venv.create(self.folder, with_pip=True, symlinks=True)
        command = [self.program("python"), "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
        subprocess.run([*command, "--quiet", "--upgrade", *self.requirements], check=True, stdout=sys.stderr)
