"""The data folder: its owner's only, and one web process at a time."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from tollhouse.errors import CannotStart

LOCK = "web.lock"


def prepare_folder(path: Path) -> None:
    """Make the folder, mode 0700. Raises CannotStart when that is impossible, or others may read it."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = path.stat().st_mode & 0o777
    except OSError as error:
        raise CannotStart(f"the data folder {path} cannot be made: {error.strerror}") from error
    if mode & 0o077:
        raise CannotStart(f"the data folder {path} may be read by others; run `chmod 700 {path}`")


class WebLock:
    """Held by the one web process that writes a SQLite database. The kernel lets go of it when the process dies."""

    def __init__(self, folder: Path) -> None:
        """Take the lock. Raises CannotStart when another process has it."""
        self._file = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise CannotStart(
                f"another Tollhouse is already serving from {folder}. Stop it, or use another folder (--data)."
            ) from error

    def release(self) -> None:
        """Let the next one in."""
        os.close(self._file)
