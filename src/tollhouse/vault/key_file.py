"""Where the master keys are kept: a file that only its owner can read, a systemd credential, or the environment."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from tollhouse.errors import CannotStart
from tollhouse.vault.key_ring import KeyRing, read_ring, write_ring

VARIABLE = "TOLLHOUSE_MASTER_KEY"
SYSTEMD_CREDENTIAL = "tollhouse-master-key"

_SIZE_BYTES_MAX = 64 * 1024


def load_ring(file: Path | None, environ: Mapping[str, str]) -> KeyRing:
    """The master keys, from the first place that is configured.

    In this order: the file, when one is named; the systemd credential `tollhouse-master-key` (`LoadCredential=`); the
    variable TOLLHOUSE_MASTER_KEY with the file's content, last, because the environment shows in `/proc` and in dumps.
    A file that is named and missing is an error: the next place might hold another key.

    Raises:
        CannotStart: no place has keys, or those found cannot be used. Refuse to start.
    """
    if file is not None:
        return KeyFile(file).read()
    directory = environ.get("CREDENTIALS_DIRECTORY")
    if directory is not None and (credential := Path(directory, SYSTEMD_CREDENTIAL)).exists():
        # systemd grants the service access by an ACL, whose mask shows as the group's mode 0440.
        return read_ring(_read(credential, forbidden=stat.S_IRWXO), f"the systemd credential {SYSTEMD_CREDENTIAL}")
    text = environ.get(VARIABLE)
    if text:
        return read_ring(text.encode(errors="replace"), f"the variable {VARIABLE}")
    raise CannotStart(
        "There is no master key, without which stored credentials cannot be opened. Name its file in the settings, "
        f"or give it as the systemd credential {SYSTEMD_CREDENTIAL} or in {VARIABLE}."
    )


class KeyFile:
    """A master key file: written whole or not at all, by one process at a time.

    A change is written beside the file, flushed and renamed over it, while the folder is locked: a crash leaves the
    old file or the new one, and two rotations at once both last.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> KeyRing:
        """The keys in it.

        Raises:
            CannotStart: it is missing, damaged, not a file, or others may read it.
        """
        return read_ring(_read(self.path, forbidden=stat.S_IRWXG | stat.S_IRWXO), str(self.path))

    def create(self, now: datetime) -> KeyRing:
        """Make it, with one fresh key and mode 0600. Its folder must exist.

        Raises:
            CannotStart: it exists already, and is left as it was; or the folder cannot be written.
        """
        ring = KeyRing.new(now)
        with self._locked() as folder:
            # A link, because a rename would replace a file that was there before.
            self._publish(ring, folder, os.link)
        return ring

    def add_primary(self, now: datetime) -> KeyRing:
        """Rotate: add a fresh key that seals from now on. Raises CannotStart as `read` does, or cannot write."""
        return self._change(lambda ring: ring.add_primary(now))

    def drop(self, kid: str) -> KeyRing:
        """Remove an old key, once nothing is sealed with it. Raises CannotStart also for the primary one."""
        return self._change(lambda ring: ring.drop(kid))

    def _change(self, change: Callable[[KeyRing], KeyRing]) -> KeyRing:
        with self._locked() as folder:
            ring = change(self.read())
            self._publish(ring, folder, os.replace)
        return ring

    def _publish(self, ring: KeyRing, folder: int, into_place: Callable[[Path, Path], None]) -> None:
        # A link to the file (as Kubernetes mounts secrets) keeps pointing at it.
        path = self.path.resolve()
        draft = path.with_name(f".{path.name}.new")
        draft.unlink(missing_ok=True)
        try:
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(write_ring(ring))
                file.flush()
                os.fsync(file.fileno())
            into_place(draft, path)
            os.fsync(folder)
        finally:
            with suppress(FileNotFoundError):
                draft.unlink()

    @contextmanager
    def _locked(self) -> Iterator[int]:
        try:
            folder = os.open(self.path.resolve().parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(folder, fcntl.LOCK_EX)
                yield folder
            finally:
                os.close(folder)
        except FileExistsError:
            raise CannotStart(
                f"There is a master key file at {self.path} already. It is not replaced: it opens what is stored."
            ) from None
        except OSError as error:
            raise CannotStart(f"The master key file {self.path} cannot be written: {error.strerror}.") from error


def _read(path: Path, forbidden: int) -> bytes:
    """The content of a file that nobody has whom the mode bits `forbidden` name."""
    try:
        # Not blocking, so that a pipe in its place is refused below and not waited for.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            _refuse_unsafe(path, os.fstat(file.fileno()), forbidden)
            return file.read(_SIZE_BYTES_MAX)
    except FileNotFoundError:
        raise CannotStart(
            f"There is no master key file at {path}, without which stored credentials cannot be opened. Restore it "
            "from your backup; only a new installation gets a new one."
        ) from None
    except OSError as error:
        raise CannotStart(f"The master key file {path} cannot be read: {error.strerror}.") from error


def _refuse_unsafe(path: Path, status: os.stat_result, forbidden: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise CannotStart(f"The master key file {path} is not a file.")
    if status.st_uid not in (os.geteuid(), 0):
        raise CannotStart(f"The master key file {path} belongs to another user, who can read it.")
    if status.st_mode & forbidden:
        raise CannotStart(
            f"The master key file {path} can be read by others (mode {stat.S_IMODE(status.st_mode):04o}). "
            f"Run `chmod 600 {path}`; if others may have read it, rotate the key: `tollhouse rotate-key`."
        )
