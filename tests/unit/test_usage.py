"""What a run uses is counted for processes, too, that begin after it."""

from __future__ import annotations

import os
import subprocess
import sys

from producer.system.usage import watched
from tests.helpers import until
from worker.usage import own

MIB = 2**20
#: Takes 100 MiB, and keeps them until it is told to end.
EATS = "eaten = b'x' * (100 << 20); input()"


def test_the_memory_of_a_process_that_begins_during_a_run_is_seen_while_it_lasts() -> None:
    with watched([os.getpid()]) as used:
        until(lambda: used.peak_memory_bytes, "a first look")
        before = used.peak_memory_bytes or 0
        with subprocess.Popen([sys.executable, "-c", EATS], stdin=subprocess.PIPE) as child:
            try:
                until(lambda: (used.peak_memory_bytes or 0) > before + 90 * MIB, "it is looked at")
            finally:
                child.kill()


def test_a_worker_says_what_it_and_its_children_have_used() -> None:
    before = own()
    with subprocess.Popen(
        [sys.executable, "-c", EATS], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as child:
        try:
            until(lambda: own()["memory_bytes"] > before["memory_bytes"] + 90 * MIB, "the child is counted")
        finally:
            child.kill()
    after = own()
    assert after["life"] == before["life"]
    assert after["cpu_s"] >= before["cpu_s"] > 0
