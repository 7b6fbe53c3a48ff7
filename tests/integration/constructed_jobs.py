"""Functions whose best pool is known, as a user would hand them over (`--job constructed_jobs:sleeps`)."""

from __future__ import annotations

import ctypes
import hashlib
import os
import time

#: The process in which this module was imported.
IMPORTED_BY = os.getpid()
MEBIBYTE = bytes(range(256)) * 4096
#: What `leaks` never gives back.
KEPT: list[bytes] = []
#: A name, so that the compiler does not raise the number itself.
EXPONENT = 400_000
_LIBC = ctypes.CDLL(None)


def sleeps() -> int:
    """Sleep for 20 ms where greenlets can switch."""
    time.sleep(0.02)
    return 0


def sleeps_in_c() -> int:
    """Sleep for 20 ms in C, without the GIL: no greenlet can switch there."""
    return int(_LIBC.usleep(20_000))


def computes() -> int:
    """Compute for some 15 ms in pure Python."""
    return sum(number * number % 7 for number in range(400_000))


def hashes() -> str:
    """Hash 32 MiB, a mebibyte at a time: C that releases the GIL."""
    digest = hashlib.sha256()
    for _ in range(32):
        digest.update(MEBIBYTE)
    return digest.hexdigest()


def multiplies() -> int:
    """Raise a number to a power in one call of some 20 ms: C that keeps the GIL."""
    power: int = 7**EXPONENT
    return power.bit_length()


def mixes() -> int:
    """Sleep for 12 ms, then compute for some 3 ms."""
    time.sleep(0.012)
    return sum(number * number % 7 for number in range(70_000))


def leaks() -> int:
    """Compute for some 10 ms, and leave a mebibyte behind."""
    KEPT.append(b"%d" % time.monotonic_ns() + MEBIBYTE)
    return sum(number * number % 7 for number in range(250_000))


def fails_after_a_fork() -> int:
    """Sleep for 20 ms, in the process that has imported this module and in no other."""
    if os.getpid() != IMPORTED_BY:
        raise RuntimeError("this connection was made by another process")
    time.sleep(0.02)
    return 0
