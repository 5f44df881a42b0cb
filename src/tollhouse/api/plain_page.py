"""Pages that we write ourselves: one style, which the policy names by its digest, and nothing from anywhere else."""

from __future__ import annotations

import base64
import hashlib
from html import escape

STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "code{font:14px ui-monospace,monospace}dt{margin-top:1rem}dd{margin:0 0 0 1rem}small{opacity:.7}"
)
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page's Content-Security-Policy."""

HTML = "text/html; charset=utf-8"


def write(title: str, body: str, *, head: str = "") -> bytes:
    """A page. `body` and `head` are HTML, the title is text."""
    return (
        f"<!doctype html><html lang=en><head><meta charset=utf-8>{head}<title>{escape(title)}</title>"
        f"<style>{STYLE}</style></head><body><h1>{escape(title)}</h1>{body}</body></html>"
    ).encode()
