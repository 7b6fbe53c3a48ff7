"""What a run uses is counted for processes, too, that begin after it."""

from __future__ import annotations

import os
import subprocess
import sys

from producer.system.usage import watched
from tests.helpers import until

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
