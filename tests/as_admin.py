"""Calls to a gateway by whoever manages it."""

from __future__ import annotations

import json
from typing import Any

from command_line import Gateway


def post(gateway: Gateway, path: str, body: dict[str, object]) -> Any:
    """What the API answers the admin."""
    return send(gateway, "POST", path, body)


def send(gateway: Gateway, method: str, path: str, body: dict[str, object]) -> Any:
    """What the API answers the admin, whatever is done."""
    head = {"authorization": f"Bearer {gateway.served['admin_token']}", "content-type": "application/json"}
    with gateway.connected() as connection:
        connection.request(method, path, json.dumps(body), head)
        return json.loads(connection.getresponse().read())
