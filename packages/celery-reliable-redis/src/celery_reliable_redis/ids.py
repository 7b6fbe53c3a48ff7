"""Makes the ids of tasks and messages, many at a time: `uuid.uuid4` asks the system for each."""

from __future__ import annotations

import os
from collections.abc import Iterator

#: Ids that are made together.
COUNT = 256

_FORM = b"________-____-4___-x___-____________\n"  # 4 is the version
_PLACES = [place for place, character in enumerate(_FORM) if character == ord("_")]
#: The variant is in two bits of a digit.
_VARIANT = _FORM.index(b"x")
_TO_VARIANT = bytes.maketrans(b"0123456789abcdef", b"89ab" * 4)


def make_ids() -> Iterator[str]:
    """Yield UUIDs of version 4, without end, each as `str(uuid.uuid4())` writes it."""
    while True:
        digits = os.urandom(16 * COUNT).hex().encode()
        text = bytearray(_FORM * COUNT)
        for number, place in enumerate(_PLACES):  # that one of all ids at once
            text[place :: len(_FORM)] = digits[number * COUNT : (number + 1) * COUNT]
        text[_VARIANT :: len(_FORM)] = digits[-COUNT:].translate(_TO_VARIANT)
        yield from text.decode().split()
