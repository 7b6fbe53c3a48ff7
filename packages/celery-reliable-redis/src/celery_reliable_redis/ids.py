"""Makes the ids of tasks and messages, many at a time: `uuid.uuid4` asks the system for each."""

from __future__ import annotations

import os
from collections.abc import Iterator

#: Ids that are made together.
COUNT = 256

# What marks an id as a UUID of version 4: four bits for the version, two for the variant.
_KEPT = int.from_bytes(bytes.fromhex("ffffffffffff0fff3fffffffffffffff") * COUNT, "big")
_SET = int.from_bytes(bytes.fromhex("00000000000040008000000000000000") * COUNT, "big")

_FORM = b"________-____-____-____-____________\n"
_PLACES = [place for place, character in enumerate(_FORM) if character == ord("_")]


def make_ids() -> Iterator[str]:
    """Yield UUIDs of version 4, without end, each as `str(uuid.uuid4())` writes it."""
    while True:
        number = int.from_bytes(os.urandom(16 * COUNT), "big") & _KEPT | _SET
        digits = number.to_bytes(16 * COUNT, "big").hex().encode()
        text = bytearray(_FORM * COUNT)
        for digit, place in enumerate(_PLACES):  # that one of all ids at once
            text[place :: len(_FORM)] = digits[digit :: len(_PLACES)]
        yield from text.decode().split()
