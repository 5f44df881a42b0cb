"""How a dialect refuses a request that it cannot read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tollhouse import errors


def refusal(read: Callable[[bytes], object], wire: bytes) -> errors.InvalidRequest:
    """What `read` raises of these bytes: always 400."""
    with pytest.raises(errors.InvalidRequest) as refused:
        read(wire)
    assert refused.value.status == 400
    return refused.value


def with_raw(name: str, value: str) -> bytes:
    """A small request with one more field, whose value JSON's writer would not write."""
    return b'{"model":"m","messages":[{"role":"user","content":"Hi"}],"%s":%s}' % (name.encode(), value.encode())
