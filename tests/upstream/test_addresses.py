"""Where calls may go: the vectors are ours, because those of `ipaddress` change between Python versions."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.errors import InvalidRequest
from tollhouse.upstream.addresses import is_forbidden, parse_origin, parse_url
from tollhouse.upstream.base import Origin

# Permitted only where the operator said so.
PRIVATE = [
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.254",
    "127.0.0.1",
    "127.255.255.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "::1",
    "fc00::1",
    "fd12:3456::1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:10.0.0.1",
]
# Never permitted.
NEVER = [
    "0.0.0.0",
    "0.1.2.3",
    "100.100.100.200",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::7f00:1",
    "::127.0.0.1",
    "::169.254.169.254",
    "::8.8.8.8",
    "::ffff:169.254.169.254",
    "::ffff:0.0.0.0",
    "::ffff:0:127.0.0.1",
    "::ffff:0:8.8.8.8",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::7f00:1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::1",
    "64:ff9b:1::8.8.8.8",
    "100::1",
    "2001::1",
    "2001:0:7f00:1::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2002:808:808::1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fe80::1",
    "fe80::1%eth0",
    "febf::1",
    "fec0::1",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
    "ff02::1",
    "ff0e::1",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.1",
    "104.18.7.192",
    "172.15.255.255",
    "172.32.0.1",
    "192.0.1.1",
    "223.255.255.255",
    "2001:4860:4860::8888",
    "2606:4700::6812:7c0",
    "2a00:1450:4001::1",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
]


@pytest.mark.parametrize("text", NEVER)
def test_never_calls(text: str) -> None:
    assert is_forbidden(ip_address(text))
    assert is_forbidden(ip_address(text), allow_private_address=True)


@pytest.mark.parametrize("text", PRIVATE)
def test_calls_private_addresses_only_where_the_operator_said_so(text: str) -> None:
    assert is_forbidden(ip_address(text))
    assert not is_forbidden(ip_address(text), allow_private_address=True)


@pytest.mark.parametrize("text", PUBLIC)
def test_calls_public_addresses(text: str) -> None:
    assert not is_forbidden(ip_address(text))
    assert not is_forbidden(ip_address(text), allow_private_address=True)


@given(st.integers(2, 2**32 - 1))  # ::1 is loopback, and no form of 0.0.0.1
def test_no_ipv6_form_of_an_ipv4_address_permits_more_than_the_address_itself(number: int) -> None:
    strictly = is_forbidden(IPv4Address(number))
    assert is_forbidden(IPv6Address((0xFFFF << 32) | number)) == strictly
    assert is_forbidden(IPv6Address((0x64FF9B << 96) | number)) == strictly
    for dead in (0, 0xFFFF << 48, 0x2002 << 112 | number << 80, 0x20010000 << 96):
        assert is_forbidden(IPv6Address(dead | number), allow_private_address=True)


@given(st.ip_addresses())
def test_permission_for_private_addresses_takes_no_other_away(address: IPv4Address | IPv6Address) -> None:
    assert is_forbidden(address) or not is_forbidden(address, allow_private_address=True)


@given(st.ip_addresses())
def test_forbids_all_that_the_standard_library_calls_private_multicast_or_reserved(
    address: IPv4Address | IPv6Address,
) -> None:
    if address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified:
        assert is_forbidden(address)


@pytest.mark.parametrize(
    ("url", "origin", "path"),
    [
        ("https://api.openai.com/v1", Origin("https", "api.openai.com", 443), "/v1"),
        ("https://API.OpenAI.com/V1/", Origin("https", "api.openai.com", 443), "/V1"),
        ("HTTPS://api.example.com", Origin("https", "api.example.com", 443), ""),
        ("https://api.example.com/", Origin("https", "api.example.com", 443), ""),
        ("https://api.example.com:8443/a/b.c~d/%41", Origin("https", "api.example.com", 8443), "/a/b.c~d/%41"),
        ("https://xn--bcher-kva.example/v1", Origin("https", "xn--bcher-kva.example", 443), "/v1"),
        ("https://8.8.8.8/v1", Origin("https", "8.8.8.8", 443), "/v1"),
        ("https://[2001:4860:4860:0::8888]:99/v1", Origin("https", "2001:4860:4860::8888", 99), "/v1"),
    ],
)
def test_reads_a_base_url(url: str, origin: Origin, path: str) -> None:
    assert parse_origin(url) == (origin, path)


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("http://localhost:11434/v1", "localhost", 11434),
        ("http://127.0.0.1:9000/v1", "127.0.0.1", 9000),
        ("http://[::1]:8000", "::1", 8000),
        ("http://my_model", "my_model", 80),
        ("https://10.1.2.3/v1", "10.1.2.3", 443),
    ],
)
def test_reads_a_private_base_url_only_where_the_operator_said_so(url: str, host: str, port: int) -> None:
    origin, _ = parse_origin(url, allow_private_address=True)
    assert (origin.host, origin.port, origin.allow_private_address) == (host, port, True)
    with pytest.raises(InvalidRequest):
        parse_origin(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.openai.com/v1",
        "//api.openai.com",
        "https:/api.openai.com",
        "https:///v1",
        "ftp://api.openai.com",
        "file:///etc/passwd",
        "gopher://a.example/",
        "https://user@a.example",
        "https://user:secret@a.example/v1",
        "https://a.example@b.example/",
        "https://a.example\\@b.example/",
        "https://a.example\\b",
        "https://a.example#@b.example",
        "https://a.example/#f",
        "https://a.example/?q=1",
        "https://a.example?q",
        " https://a.example",
        "https://a.example ",
        "https://a.exa\tmple",
        "https://a.example/\n",
        "https://a.example\r\n",
        "https://a.example\x00",
        "https://a.example\x7f",
        "https://a.example.",
        "https://a..example",
        "https://.example",
        "https://-a.example",
        "https://a-.example",
        "https://a%2eexample",
        f"https://{'a' * 64}.example",
        f"https://{'a.' * 130}example",
        "https://a.example:",
        "https://a.example:0",
        "https://a.example:65536",
        "https://a.example:99999999",
        "https://a.example:+80",
        "https://a.example:8a",
        "https://a.example/a/../b",
        "https://a.example/./b",
        "https://a.example/%2e%2E/b",
        "https://a.example/a%2fb",
        "https://a.example/a%5Cb",
        "https://a.example/a%0ab",
        "https://a.example//b",
        # Hosts that a resolver turns into 127.0.0.1.
        "https://2130706433",
        "https://0x7f000001",
        "https://0X7F.1",
        "https://0177.0.0.1",
        "https://127.1",
        "https://0",
        "https://0x",
        "https://1.2.3.4.5",
        "https://1.2.3.256",
        "https://1.2.3.08",
        "https://a.1",
        "https://①②⑦.0.0.1",
        "https://\uff11\uff12\uff17.0.0.1",
        "https://127。0。0。1",
        "https://ⓛocalhost",
        # Names and addresses of our own network.
        "https://localhost",
        "https://LOCALHOST",
        "https://a.localhost",
        "https://[::]",
        "https://[::1]",
        "https://[::ffff:127.0.0.1]",
        "https://[::ffff:7f00:1]",
        "https://[fe80::1%25eth0]",
        "https://[fe80::1%eth0]",
        "https://[::1",
        "https://::1",
        "https://[1.2.3.4]",
        "https://[v1.a]",
        # Homographs, and labels that are no IDNA.
        "https://api.opena\u0456.com",
        "https://xn--a.example",
        "https://b\u00fccher.example",
        *(f"https://[{text}]" if ":" in text else f"https://{text}" for text in (*PRIVATE, *NEVER)),
    ],
)
def test_refuses_a_base_url(url: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_origin(url)
    assert caught.value.param == "base_url"
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("text", NEVER)
def test_refuses_a_metadata_or_reserved_address_even_where_private_ones_are_allowed(text: str) -> None:
    with pytest.raises(InvalidRequest):
        parse_origin(f"http://[{text}]" if ":" in text else f"http://{text}", allow_private_address=True)


def test_says_how_to_write_an_international_name() -> None:
    with pytest.raises(InvalidRequest, match=r"xn--bcher-kva\.example"):
        parse_origin("https://b\u00fccher.example/v1")


@given(st.text(max_size=40), st.booleans())
def test_whatever_is_written_is_read_or_refused(tail: str, allow: bool) -> None:
    try:
        origin, path = parse_origin("https://" + tail, allow)
    except InvalidRequest:
        return
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    assert parse_origin(f"https://{host}:{origin.port}{path}", allow) == (origin, path)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://example.com", "/"),
        ("https://example.com/", "/"),
        ("https://example.com?a=1", "/?a=1"),
        ("https://example.com/hook", "/hook"),
        ("https://example.com/hook/", "/hook/"),
        ("https://example.com:8443/a/b/?sig=x%2Fy&n=1", "/a/b/?sig=x%2Fy&n=1"),
    ],
)
def test_reads_the_address_of_one_thing_with_its_query_and_its_last_slash(url: str, target: str) -> None:
    origin, found = parse_url(url)
    assert (origin.host, found) == ("example.com", target)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/hook",
        "https://169.254.169.254/latest/?a=1",
        "http://example.com/hook",
        "https://user:pass@example.com/?a=1",
        "https://example.com/?a=b c",
        "https://example.com/?a=1#part",
        "https://example.com/?a=1\r\nhost: b",
        "https://example.com/../?a=1",
        "?a=1",
    ],
)
def test_refuses_the_address_of_one_thing_by_the_same_rules_and_does_not_quote_it(url: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^The URL ") as refused:
        parse_url(url)
    assert (refused.value.param, url in refused.value.message) == ("url", False)
