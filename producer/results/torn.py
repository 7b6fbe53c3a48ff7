"""Reads what is whole of a result whose last save did not end: the lab was killed in the middle of it.

Such a file ends within a run, or before what closes it (see `growing`). All runs whose save had ended are
whole.
"""

from __future__ import annotations

import gzip
from contextlib import suppress
from io import BytesIO

from producer.results.growing import END

#: Bytes that are unpacked at a time.
PIECE = 2**16


def unpack(data: bytes, most: int) -> bytes:
    """Unpack what is there, up to a bit more than `most` bytes.

    Raises:
        OSError, zlib.error: it is damaged, and not only cut short.
    """
    text = BytesIO()
    # The first byte of a header, alone, passes for something else.
    with gzip.GzipFile(fileobj=BytesIO(data.removesuffix(b"\x1f"))) as file, suppress(EOFError):
        while text.tell() <= most and (piece := file.read1(PIECE)):
            text.write(piece)
    return text.getvalue()


def close(text: bytes) -> bytes:
    """Cut off the run that is not whole, and close what is left."""
    return text[: text.rfind(b"\n") + 1] + END
