"""Which addresses a call may go to: base URLs as text, and what they resolve to as numbers. Pure.

The lists are our own and not `ipaddress.is_global`, whose answers differ between Python versions and which takes
several forms of 127.0.0.1 for global. Sources: the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890),
RFC 6052, and the cloud vendors' pages on their metadata services.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final
from urllib.parse import unquote

import idna

from tollhouse.errors import InvalidRequest
from tollhouse.upstream.base import Origin

_DEFAULT_PORTS: Final = {"https": 443, "http": 80}

# Everything outside printable ASCII, and what no base URL needs but parsers disagree about.
_FORBIDDEN_CHARACTERS: Final = re.compile(r"[^!-~]|[\\@#?\"<>^`{|}]")
_URL: Final = re.compile(
    r"(?P<scheme>[a-z]+)://(?P<host>\[[^\[\]/]*\]|[^\[\]:/]+)(?::(?P<port>[0-9]{1,5}))?(?P<path>/.*)?",
    re.IGNORECASE,
)
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
# With a number as its last label, resolvers read the whole name as an IPv4 address (WHATWG URL, "ends in a number").
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")


def parse_origin(url: str, allow_private_address: bool = False) -> tuple[Origin, str]:
    """Read a provider's base URL, strictly, into where to connect and the path that every target starts with.

    The path has no trailing slash and may be empty. A host that is an address is judged here already; what a name
    resolves to is judged at each connection, by `is_forbidden`.

    Raises:
        InvalidRequest: anything but a plain https URL (http with a private address allowed) of a public host.

    >>> parse_origin("https://API.example.com/v1/")
    (Origin(scheme='https', host='api.example.com', port=443, allow_private_address=False), '/v1')
    """
    try:
        return _parse(url, allow_private_address)
    except _BrokenRule as rule:
        raise InvalidRequest(f"The base URL {rule}.", param="base_url") from None


def parse_url(url: str, allow_private_address: bool = False) -> tuple[Origin, str]:
    """Read the address of one thing, such as a webhook, as strictly: into where to connect, and the target to ask for.

    Raises:
        InvalidRequest: as `parse_origin`.

    >>> parse_url("https://example.com/hooks/?token=1")[1]
    '/hooks/?token=1'
    """
    place, mark, query = url.partition("?")
    try:
        origin, path = _parse(place, allow_private_address)
        slash = "/" if place.endswith("/") or not path else ""
        return origin, f"{path}{slash}{mark}{_read_query(query)}"
    except _BrokenRule as rule:
        raise InvalidRequest(f"The URL {rule}.", param="url") from None


def is_forbidden(address: IPv4Address | IPv6Address, allow_private_address: bool = False) -> bool:
    """Whether no call may go to this address, which must be one that was resolved, not one that was written.

    `allow_private_address` permits loopback, private and shared (carrier, VPN) ranges. It never permits link-local
    addresses, where clouds keep the machine's credentials, nor their other metadata addresses, multicast, broadcast,
    unspecified or reserved ones.
    """
    if isinstance(address, IPv4Address):
        return _is_forbidden_v4(address, allow_private_address)
    if address.ipv4_mapped is not None:
        return _is_forbidden_v4(address.ipv4_mapped, allow_private_address)
    if address in _NAT64:
        # On an IPv6-only network DNS64 gives public hosts this form; it is not for private ones (RFC 6052, 3.1).
        return _is_forbidden_v4(IPv4Address(int(address) & 0xFFFF_FFFF), allow_private_address=False)
    if address.scope_id is not None or address in _METADATA_V6:
        return True
    if any(address in network for network in _PRIVATE_V6):
        return not allow_private_address
    return address not in _GLOBAL_UNICAST_V6 or any(address in network for network in _NEVER_V6)


def _is_forbidden_v4(address: IPv4Address, allow_private_address: bool) -> bool:
    if any(address in network for network in _NEVER_V4):
        return True
    return not allow_private_address and any(address in network for network in _PRIVATE_V4)


_PRIVATE_V4: Final = tuple(
    map(IPv4Network, ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
)
_NEVER_V4: Final = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # "this network"; Linux connects 0.0.0.0 to loopback
            "100.100.100.200/32",  # metadata of Alibaba Cloud, inside the shared range
            "168.63.129.16/32",  # metadata of Azure, inside public space
            "169.254.0.0/16",  # link-local: metadata of nearly every cloud, and of its containers
            "192.0.0.0/24",  # protocol assignments, and 192.0.0.192, metadata of Oracle Cloud
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # 6to4 relays
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)

# All public IPv6 lies in here. What lies outside needs no list: ::, ::a.b.c.d, ::ffff:0:a.b.c.d, link-local, multicast.
_GLOBAL_UNICAST_V6: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")
_PRIVATE_V6: Final = (IPv6Network("::1/128"), IPv6Network("fc00::/7"))
_METADATA_V6: Final = frozenset(
    map(IPv6Address, ("fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fd00:42::42", "fd00:c1::a9fe:a9fe"))
)  # of Amazon EC2, Amazon EKS, Google Cloud, Scaleway, Oracle Cloud
_NEVER_V6: Final = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments, and Teredo, which embeds any IPv4 address
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4, which embeds any IPv4 address
            "3fff::/20",  # documentation
        ),
    )
)


class _BrokenRule(ValueError):
    """What an address must be, and is not. Never quotes it: it may hold a password."""


def _parse(url: str, allow_private_address: bool) -> tuple[Origin, str]:
    if not url.isascii():
        raise _BrokenRule(_advice_on_non_ascii(url))
    if _FORBIDDEN_CHARACTERS.search(url):
        raise _BrokenRule(
            "must not contain user information, a query, a fragment, a backslash, spaces or control characters"
        )
    match = _URL.fullmatch(url)
    if match is None:
        raise _BrokenRule("must look like https://host/path")
    scheme = match["scheme"].lower()
    if scheme != "https" and not (scheme == "http" and allow_private_address):
        raise _BrokenRule("must start with https:// (http:// only where a private address is allowed)")
    port = int(match["port"]) if match["port"] else _DEFAULT_PORTS[scheme]
    if not 1 <= port <= 65535:
        raise _BrokenRule("must have a port from 1 to 65535")
    host = _read_host(match["host"].lower(), allow_private_address)
    return Origin(scheme, host, port, allow_private_address), _read_path(match["path"] or "")


def _read_host(host: str, allow_private_address: bool) -> str:
    address = _read_address(host)
    if address is not None:
        if is_forbidden(address, allow_private_address):
            raise _BrokenRule("must not point to a private, local or reserved address")
        return str(address)
    labels = host.split(".")
    if len(host) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise _BrokenRule("must have a valid host name, without a trailing dot")
    if labels[-1] == "localhost" and not allow_private_address:
        raise _BrokenRule("must not point to a private, local or reserved address")
    for label in labels:
        if label.startswith("xn--"):
            _check_a_label(label)
    return host


def _read_address(host: str) -> IPv4Address | IPv6Address | None:
    if host.startswith("["):
        try:
            address = IPv6Address(host[1:-1])
        except ValueError:
            raise _BrokenRule("must have a valid IPv6 address between brackets") from None
        if address.scope_id is not None:
            raise _BrokenRule("must not have an IPv6 zone")
        return address
    if not _NUMBER.fullmatch(host.rpartition(".")[2]):
        return None
    try:
        return IPv4Address(host)
    except ValueError:
        raise _BrokenRule("must write an IPv4 address as four decimal numbers") from None


def _check_a_label(label: str) -> None:
    try:
        idna.ulabel(label)
    except idna.IDNAError:
        raise _BrokenRule(f"must have a valid host name; {label} is not valid IDNA") from None


def _read_path(path: str) -> str:
    path = path.rstrip("/")
    for segment in path.split("/")[1:]:
        plain = unquote(segment)
        # An encoded dot or slash changes meaning where a server decodes the path once more than we do.
        if plain in ("", ".", "..") or "/" in plain or "\\" in plain or not plain.isprintable():
            raise _BrokenRule("must have a plain path, without empty, dotted or encoded-slash segments")
    return path


def _read_query(query: str) -> str:
    if _FORBIDDEN_CHARACTERS.search(query):
        raise _BrokenRule("must have a query in plain ASCII; percent-encode it")
    return query


def _advice_on_non_ascii(url: str) -> str:
    # Never converted silently: a homograph (a Cyrillic letter in "api") must be seen by whoever writes it down.
    match = _URL.fullmatch(url)
    try:
        ascii_host = idna.encode(match["host"]).decode() if match else None
    except idna.IDNAError:
        ascii_host = None
    if ascii_host is None or "xn--" not in ascii_host:
        return "must be ASCII"
    return f"must be ASCII; if this host is meant, write {ascii_host}"
