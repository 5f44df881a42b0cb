"""The built dashboard in memory: every file of it, as it is answered.

An address is looked up in a dictionary and never becomes a path, so that none leads out of the folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

INDEX = "index.html"
ASSETS = "assets/"
"""Where names hold the digest of what is in them."""

CODINGS = {".br": "br", ".gz": "gzip"}
"""What lies beside a file: the same, compressed. The better one first."""

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}

Stamp = tuple[tuple[str, int, int], ...]
"""Of each file its name, when it was changed, and its size."""


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file, plain (under the coding `identity`) and as it was compressed, best first."""

    content_type: str
    etag: str
    bodies: Mapping[str, bytes]

    def choose(self, accepted: str) -> tuple[str, bytes]:
        """The coding to answer in, and the body, for what a client says that it accepts (RFC 9110, section 12.5.3)."""
        weights = dict(weights_of(accepted))
        for coding, body in self.bodies.items():
            if weights.get(coding, weights.get("*", 0.0)) > 0:
                return coding, body
        return "identity", self.bodies["identity"]


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """What was built, by name; nothing where nothing was."""

    stamp: Stamp = ()
    files: Mapping[str, File] = {}

    def find(self, name: str) -> File | None:
        """The file of a name, or the page, which knows by itself what to show; None for what is not there."""
        found = self.files.get(name)
        return found if found is not None or name.startswith(ASSETS) else self.files.get(INDEX)


def stamp_of(folder: Path) -> Stamp:
    """What tells whether something was built anew."""
    return tuple((name, path.stat().st_mtime_ns, path.stat().st_size) for name, path in sorted(listed(folder)))


def load(folder: Path) -> Built:
    """Read what was built. Without its page it is not finished, and counts as nothing."""
    stamp, paths = stamp_of(folder), dict(listed(folder))
    if INDEX not in paths:
        return Built(stamp=stamp)
    plain = {name: path for name, path in paths.items() if path.suffix not in CODINGS}
    return Built(stamp=stamp, files={name: read(name, path, paths) for name, path in plain.items()})


def read(name: str, path: Path, paths: Mapping[str, Path]) -> File:
    """One file, with what lies compressed beside it."""
    body = path.read_bytes()
    beside = {coding: paths.get(name + suffix) for suffix, coding in CODINGS.items()}
    return File(
        content_type=TYPES.get(path.suffix, "application/octet-stream"),
        etag=hashlib.blake2b(body, digest_size=12).hexdigest(),
        bodies={coding: it.read_bytes() for coding, it in beside.items() if it is not None} | {"identity": body},
    )


def listed(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file by its name below the folder; neither hidden ones, nor what leads elsewhere."""
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not path.is_symlink() and not any(part.startswith(".") for part in name.split("/")):
            yield name, path


def weights_of(accepted: str) -> Iterator[tuple[str, float]]:
    """Each coding that a client names, and how much it likes it; 0 for not at all."""
    for said in accepted.split(","):
        coding, _, rest = said.partition(";")
        weight = rest.strip().lower().removeprefix("q=") if rest else "1"
        yield coding.strip().lower(), float(weight) if weight.replace(".", "", 1).isdecimal() else 0.0
