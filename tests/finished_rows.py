"""Rows of the request log, for tests that look at what is told of a finished request."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from houses import Person
from tollhouse import ids
from tollhouse.app import House
from tollhouse.store import requests
from tollhouse.store.requests import Ending, Finished, Skeleton
from tollhouse.store.types import to_micros

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def finished_row(**ending: Any) -> Finished:
    """A request of `usr_canary` for `model-canary` that ended well, or as `ending` says."""
    unset = dict.fromkeys(Skeleton.__struct_fields__)
    known = {"id": "req_1", "created_at": 1_790_000_000_000_000, "surface": "chat.completions", "stream": False}
    skeleton = Skeleton(**{**unset, **known, "user_id": "usr_canary", "asked_model": "model-canary"})
    return Finished(skeleton, Ending(**{"status": 200, "outcome": "ok", **ending}))


async def log_request(house: House, who: Person, at: datetime = NOON, *, is_dated: bool = False, **ending: Any) -> str:
    """A row of the log, as `finish` writes it; `is_dated` when its id is to be of that time too."""
    skeleton = Skeleton(
        id=ids.at("req", to_micros(at) * 1_000) if is_dated else ids.new("req"),
        created_at=to_micros(at),
        user_id=who.id,
        workspace_id=who.workspace,
        token_id=who.token_id,
        boot_id="boot_1",
        surface="chat.completions",
        asked_model="smart",
        stream=False,
        ip="127.0.0.1",
        user_agent="test",
        client_request_id=ending.pop("client_request_id", None),
        tag=ending.pop("tag", None),
    )
    usual = {
        "status": 200,
        "outcome": "succeeded",
        "provider": "acme",
        "model": "acme-1",
        "input_tokens": 19,
        "output_tokens": 10,
        "input_cost": 47_500,
        "output_cost": 100_000,
        "cost_status": "exact",
        "attempts": 1,
        "response_time_us": 1_500,
        "upstream_us": 1_000,
    }
    await house.store.join(requests.finish, Finished(skeleton, Ending(**{**usual, **ending})))
    return skeleton.id
