"""Tells whoever waits what is being measured: one line that changes on a terminal, one line each elsewhere."""

from __future__ import annotations

import sys

CLEAR_LINE = "\r\x1b[K"


def tell(what: str) -> None:
    """Say what happens now."""
    if sys.stderr.isatty():
        sys.stderr.write(f"{CLEAR_LINE}{what}")
    else:
        sys.stderr.write(f"{what}\n")
    sys.stderr.flush()


def done() -> None:
    """Leave the terminal's line to what comes next."""
    if sys.stderr.isatty():
        sys.stderr.write(CLEAR_LINE)
