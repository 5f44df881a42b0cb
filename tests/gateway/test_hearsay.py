"""What others use is the sum of what each told last, whatever they tell and in whatever order they fall silent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tollhouse.gateway.hearsay import ALIVE_S, Hearsay
from tollhouse.limits import NOTHING, WINDOW_S, Use

USERS = ("ada", "bob", "eve")
uses = st.dictionaries(st.sampled_from(USERS), st.builds(Use, *[st.integers(0, 3)] * 3))
words = st.lists(st.tuples(st.sampled_from(["boot_1", "boot_2", "boot_3"]), uses, st.integers(0, 40)), max_size=30)


@given(words)
def test_sums_are_those_of_what_each_told_last(told: list[tuple[str, dict[str, Use], int]]) -> None:
    hearsay, now_s = Hearsay(), 0.0
    last: dict[str, dict[str, Use]] = {}
    told_at_s: dict[str, float] = {}
    followed: dict[str, Use] = {}
    for boot_id, use, pause_s in told:
        now_s += pause_s
        for silent in [boot for boot, at_s in told_at_s.items() if now_s - at_s >= WINDOW_S]:
            del last[silent], told_at_s[silent]
        for silent in [boot for boot, at_s in told_at_s.items() if now_s - at_s >= ALIVE_S]:
            last[silent] = {user: each._replace(concurrent=0) for user, each in last[silent].items()}
        # As often as it is asked, what had changed before is not told again.
        followed |= hearsay.changed(now_s)
        hearsay.take(boot_id, use, now_s)
        last.setdefault(boot_id, {}).update(use)
        told_at_s[boot_id] = now_s
        followed |= hearsay.changed(now_s)
        for user in USERS:
            each = [uses.get(user, NOTHING) for uses in last.values()]
            total = Use(*(sum(parts) for parts in zip(NOTHING, *each, strict=True)))
            assert followed.get(user, NOTHING) == total
    assert hearsay.all(now_s) == {user: use for user, use in followed.items() if use != NOTHING}
    assert hearsay.all(now_s + WINDOW_S) == {}
