"""Rows of the request log, for tests that look at what is told of a finished request."""

from __future__ import annotations

from typing import Any

from tollhouse.store.requests import Ending, Finished, Skeleton


def finished_row(**ending: Any) -> Finished:
    """A request of `usr_canary` for `model-canary` that ended well, or as `ending` says."""
    unset = dict.fromkeys(Skeleton.__struct_fields__)
    known = {"id": "req_1", "created_at": 1_790_000_000_000_000, "surface": "chat.completions", "stream": False}
    skeleton = Skeleton(**{**unset, **known, "user_id": "usr_canary", "asked_model": "model-canary"})
    return Finished(skeleton, Ending(**{"status": 200, "outcome": "ok", **ending}))
