"""Unpacks what a producer has compressed, up to a length. Knows the methods that come with kombu.

15 KiB may unpack to 2 GB. Each method is asked for no more than is allowed, and refused if it has more.
"""

from __future__ import annotations

import bz2
import lzma
import sys
import zlib
from collections.abc import Callable
from typing import Any

from kombu import compression

#: What unpacking itself may take, in bytes. The most that xz uses for what it packs is 65 MiB.
WORKING_MEMORY = 128 * 1024 * 1024
#: Streams that may follow each other. For each, all that is left is copied.
MOST_STREAMS = 1000


def unpack(packed: bytes, method: str, most: int) -> bytes:
    """Unpack into at most `most` bytes. A method that the app itself registered has no bound.

    Raises:
        ValueError: it holds more.
        Exception: there is no such method, or it can make nothing of `packed`; as the method raises it.
    """
    decoder: Callable[[bytes], bytes] = compression.get_decoder(method)
    bounded = _find_bounded(decoder)
    unpacked = bounded(packed, most) if bounded and packed else decoder(packed)
    if len(unpacked) > most:
        raise ValueError(f"unpacks to more than {most:,} bytes")
    return unpacked


def _find_bounded(decoder: Any) -> Callable[[bytes, int], bytes] | None:
    """Return the same method with a bound: it stops when it has made more bytes than that."""
    if decoder is zlib.decompress:
        return _zlib
    streams = {bz2.decompress: bz2.BZ2Decompressor, lzma.decompress: _lzma}
    if zstd := sys.modules.get("compression.zstd") or sys.modules.get("backports.zstd"):
        streams[zstd.decompress] = zstd.ZstdDecompressor
    if decoder in streams:
        return lambda packed, most: _streams(streams[decoder], packed, most)
    for name in ("brotli", "brotlicffi"):
        if (brotli := sys.modules.get(name)) and decoder is brotli.decompress:
            return lambda packed, most: _brotli(brotli, packed, most)
    return None


def _zlib(packed: bytes, most: int) -> bytes:
    decompressor = zlib.decompressobj()
    unpacked = decompressor.decompress(packed, most + 1)
    if len(unpacked) <= most and not decompressor.eof:
        raise zlib.error("incomplete")
    return unpacked


def _lzma() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(memlimit=WORKING_MEMORY)


def _streams(begin: Callable[[], Any], packed: bytes, most: int) -> bytes:
    """Unpack streams that follow each other; ignore what follows them and is none."""
    unpacked, streams = b"", 0
    while packed:
        streams += 1
        if streams > MOST_STREAMS:
            raise ValueError(f"more than {MOST_STREAMS:,} streams, one after the other")
        decompressor = begin()
        try:
            unpacked += decompressor.decompress(packed, most + 1 - len(unpacked))
        except Exception:
            if unpacked:
                break
            raise
        if len(unpacked) > most:
            break
        if not decompressor.eof:
            raise EOFError("incomplete")
        packed = decompressor.unused_data
    return unpacked


def _brotli(brotli: Any, packed: bytes, most: int) -> bytes:
    decompressor = brotli.Decompressor()
    unpacked = decompressor.process(packed, output_buffer_limit=most + 1)  # since brotli 1.2
    if len(unpacked) <= most and not decompressor.is_finished():
        raise ValueError("incomplete")
    return bytes(unpacked)
