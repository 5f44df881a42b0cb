"""The vault of an installation: over the file of master keys that its settings name, or the data folder's own."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Protocol

from tollhouse.vault.envelope import Vault
from tollhouse.vault.key_file import VARIABLE, KeyFile, load_ring
from tollhouse.vault.key_ring import KeyRing

KEY_FILE = "master.key"


class Reference(Protocol):
    """Where the master keys lie; as text it is `file:/path`, `env:VARIABLE`, or tells nothing."""

    def resolve(self) -> str:
        """The keys."""
        ...


def open_vault(data: Path, master_key: Reference | None, now: datetime, *, may_create: bool) -> Vault:
    """The vault over the master key; a missing key stops the start, except on the first run of `up`.

    Args:
        data: the data folder.
        master_key: where the keys are, when the settings say so.
    """
    file = key_file(data, master_key)
    if may_create and file is None and master_key is None:
        file = KeyFile(data / KEY_FILE)
    if may_create and file is not None and not file.path.exists():
        file.create(now)

    def load() -> KeyRing:
        if file is None and master_key is not None:
            return load_ring(None, {VARIABLE: master_key.resolve()})
        return load_ring(file.path if file else None, os.environ)

    return Vault(load(), load)


def key_file(data: Path, master_key: Reference | None) -> KeyFile | None:
    """The file of the master keys: the one the settings name, else the data folder's; None when there is none."""
    if master_key is not None:
        named = str(master_key)
        return KeyFile(Path(named.removeprefix("file:"))) if named.startswith("file:") else None
    path = data / KEY_FILE
    return KeyFile(path) if path.exists() else None
