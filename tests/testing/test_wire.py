"""The wire provider does what its script says, on a real socket, and bills what it did."""

import asyncio

import pytest

from tollhouse.testing import WireProvider, answer, expect

MESSAGES = [{"role": "user", "content": "Hi"}]


async def test_what_was_not_asked_for_fails_the_test_at_its_end():
    with pytest.raises(AssertionError, match="1 scripted exchange"):
        async with WireProvider() as provider:
            provider.script(expect(model="acme-1"), answer("Hello"))
            await asyncio.sleep(0)
