"""What a process and all that descend from it use, as Linux tells in /proc."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

T = TypeVar("T")

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """MiB of memory: resident, and proportional (PSS), in which a page that several share counts once."""

    rss_mib: float
    pss_mib: float


def cpu_s(pid: int) -> float:
    """Processor seconds so far, those of children that have ended included."""
    return sum(_each(pid, _ticks)) / TICKS_PER_S


def memory(pid: int) -> Memory:
    found = _each(pid, _kib)
    return Memory(rss_mib=sum(rss for rss, _ in found) / 1024, pss_mib=sum(pss for _, pss in found) / 1024)


def descriptors(pid: int) -> int:
    """Open files and sockets."""
    return sum(_each(pid, lambda one: len(os.listdir(f"/proc/{one}/fd"))))


def tree(pid: int) -> list[int]:
    """The process and all that descend from it."""
    found = [pid]
    for task in _each_or_none(Path(f"/proc/{pid}/task").iterdir) or ():
        children = _each_or_none((task / "children").read_text) or ""
        for child in children.split():
            found += tree(int(child))
    return found


def _each(pid: int, ask: Callable[[int], T]) -> list[T]:
    """What each of the tree says; one that ends meanwhile says nothing."""
    answers = (_each_or_none(lambda one=one: ask(one)) for one in tree(pid))
    return [answer for answer in answers if answer is not None]


def _each_or_none(ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except (FileNotFoundError, ProcessLookupError):
        return None


def _ticks(pid: int) -> int:
    """Fields 14 to 17 of proc_pid_stat(5): user and system time, its own and that of children it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15]))


def _kib(pid: int) -> tuple[int, int]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    sizes = {name: int(size.split()[0]) for name, _, size in (line.partition(":") for line in lines)}
    return sizes["Rss"], sizes["Pss"]
