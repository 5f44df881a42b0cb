"""The fixtures that ship with the kit."""

import asyncio
import urllib.request

from tollhouse.testing import ManualClock, WireProvider, reply

pytest_plugins = ["tollhouse.testing.pytest_plugin"]


def test_a_provider_for_tests_without_a_loop(wire_provider: WireProvider, clock: ManualClock):
    wire_provider.script(reply(json=[]))
    with urllib.request.urlopen(wire_provider.base_url) as response:
        assert response.read() == b"[]"
    assert clock.now().year == 2026


async def test_and_for_those_with_one(wire_provider: WireProvider):
    wire_provider.script(reply(json=[]))
    reader, writer = await asyncio.open_connection("127.0.0.1", wire_provider.port)
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    await wire_provider.until(lambda: wire_provider.asked == 1 and wire_provider.answering == 0)
    assert await reader.read(12) == b"HTTP/1.1 200"
    writer.close()
