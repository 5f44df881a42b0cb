"""What Linux tells of a process and its children."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import usage

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there is no /proc")

PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
print(child.pid, flush=True)
input()
child.kill()
child.wait()
"""


@pytest.fixture
def family() -> Iterator[tuple[int, int]]:
    """A process and its child."""
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        yield parent.pid, int(parent.stdout.readline())
        parent.communicate("\n")


def test_a_tree_is_the_process_and_its_children(family: tuple[int, int]):
    assert usage.tree(family[0]) == list(family)


def test_memory_is_that_of_all_of_the_tree(family: tuple[int, int]):
    parent, child = family
    both, one = usage.memory(parent), usage.memory(child)
    assert 0 < one.pss_mib <= one.rss_mib
    assert both.rss_mib > one.rss_mib


def test_an_open_file_is_counted(tmp_path: Path):
    before = usage.descriptors(os.getpid())
    with (tmp_path / "file").open("w"):
        assert usage.descriptors(os.getpid()) == before + 1


def test_processor_time_of_ended_children_still_counts():
    before_s = usage.cpu_s(os.getpid())
    subprocess.run([sys.executable, "-c", "while __import__('time').process_time() < 0.2: pass"], check=True)
    # Linux counts in hundredths of a second, for each of both figures.
    assert usage.cpu_s(os.getpid()) - before_s > 0.17
