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
HTML = "text/html; charset=utf-8"


def write(title: str, body: str, *, script: str = "") -> bytes:
    """A page. `body` is HTML, the title is text; a `script` must be named in the policy too."""
    scripts = f"<script>{script}</script>" if script else ""
    return (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{escape(title)}</title>"
        f"<style>{STYLE}</style></head><body><h1>{escape(title)}</h1>{body}{scripts}</body></html>"
    ).encode()


def policy(*, script: str = "") -> str:
    """The page's Content-Security-Policy: our style, the script if there is one, and nothing else."""
    scripts = f"script-src {_digest(script)}; " if script else ""
    return (
        f"default-src 'none'; {scripts}style-src {_digest(STYLE)}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
