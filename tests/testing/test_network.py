"""A test without a network reaches this machine and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import urllib.error
import urllib.request

import httpx2
import pytest

from tollhouse.testing import reply
from tollhouse.testing.faking import AiFake
from tollhouse.testing.network import NetworkBlocked, blocked


@pytest.mark.no_network
def test_this_machine_is_reached(ai_fake: AiFake):
    ai_fake.always(reply(json=[]))
    for host in ("127.0.0.1", "localhost"):
        assert httpx2.get(f"http://{host}:{ai_fake.port}/v1", trust_env=False).json() == []


def test_names_are_not_looked_up():
    with blocked() as attempts, pytest.raises(NetworkBlocked, match=r"would look up api\.example\.com"):
        socket.create_connection(("api.example.com", 443))
    assert len(attempts) == 1


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_other_machines_are_not_reached(address: str):
    with blocked(), pytest.raises(NetworkBlocked, match=f"would connect to {address}"):
        socket.create_connection((address, 443))


def test_nothing_is_sent_to_them_either():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending, blocked():
        sending.sendto(b"x", ("127.0.0.1", 9))
        with pytest.raises(NetworkBlocked, match=r"would send to 192\.0\.2\.1"):
            sending.sendto(b"x", ("192.0.2.1", 53))


async def test_asyncio_does_not_get_around_it():
    with blocked(), pytest.raises(NetworkBlocked):
        await asyncio.open_connection("192.0.2.1", 443)
    with blocked(), pytest.raises(NetworkBlocked):
        await asyncio.open_connection("api.example.com", 443)


def test_who_catches_errors_of_the_network_does_not_catch_this_one():
    with blocked(), pytest.raises(NetworkBlocked), contextlib.suppress(urllib.error.URLError, OSError):
        urllib.request.urlopen("http://192.0.2.1/")


def test_hosts_may_be_allowed():
    with blocked(allow=["192.0.2.*"]) as attempts, socket.socket() as connecting:
        connecting.settimeout(0.01)
        with contextlib.suppress(OSError):
            connecting.connect(("192.0.2.1", 443))
    assert attempts == []


def test_afterwards_all_is_as_before():
    before = (socket.socket.connect, socket.getaddrinfo)
    with blocked():
        assert (socket.socket.connect, socket.getaddrinfo) != before
    assert (socket.socket.connect, socket.getaddrinfo) == before


def test_pairs_and_files_are_no_network():
    one, other = socket.socketpair()
    with one, other, blocked():
        one.sendall(b"x")
        assert other.recv(1) == b"x"
