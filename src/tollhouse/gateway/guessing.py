"""Who guesses tokens: how many wrong ones came from each address of late. Pure: `now_s` is told.

Each wrong token counts, and what is counted trickles away: an address may be wrong so often in a minute, and after that
as often as its count has room again. Two numbers are kept for each address, of a bounded number of them.
"""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network, ip_address

WRONG_A_MINUTE = 100
"""More than typing errors, a fleet with an old token that tries again, or a careful scanner explain."""

ADDRESSES_MOST = 10_000


class Guessing:
    """What wrong tokens say of addresses, in one process. `now_s` is a monotonic clock's."""

    def __init__(self, wrong_a_minute: int = WRONG_A_MINUTE, addresses_most: int = ADDRESSES_MOST) -> None:
        self._most = wrong_a_minute
        self._a_second = wrong_a_minute / 60
        self._addresses_most = addresses_most
        self._wrong: dict[str, tuple[float, float]] = {}

    def is_guessing(self, ip: str | None, now_s: float) -> bool:
        """Whether the address has been wrong too often to be believed at once."""
        return bool(self._wrong) and self._left(place_of(ip), now_s) >= self._most

    def count(self, ip: str | None, now_s: float) -> float:
        """Count a wrong token; gives the seconds until there is room for the next, 0.0 while there was for this one."""
        place = place_of(ip)
        # Twice the most at most: whoever stops is believed again within two minutes.
        wrong = min(self._left(place, now_s) + 1, 2.0 * self._most)
        # The latest stands last; who was wrong longest ago is forgotten first.
        self._wrong.pop(place, None)
        if len(self._wrong) >= self._addresses_most:
            del self._wrong[next(iter(self._wrong))]
        self._wrong[place] = wrong, now_s
        return max(0.0, (wrong - self._most) / self._a_second)

    def _left(self, place: str, now_s: float) -> float:
        known = self._wrong.get(place)
        if known is None:
            return 0.0
        wrong, at_s = known
        return max(0.0, wrong - max(0.0, now_s - at_s) * self._a_second)


def place_of(ip: str | None) -> str:
    """What counts as one address: of IPv6 the /64, of which everybody has as many addresses as they like."""
    if ip is None or ":" not in ip:
        return ip or ""
    try:
        address = ip_address(ip.partition("%")[0])
    except ValueError:
        return ip
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Network((address, 64), strict=False))
