"""Reads a live server's events over many connections, and throws them away: `python browsers.py PORT NUMBER`.

Says "ready" when each has got its snapshot, and goes on until it is ended.
"""

from __future__ import annotations

import asyncio
import sys


async def main(port: int, number: int) -> None:
    """Open the connections, and read."""
    streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(number)]
    for reader, writer in streams:
        writer.write(b"GET /events HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % port)
        await reader.readuntil(b"event: snapshot")
    print("ready", flush=True)
    await asyncio.gather(*(_read(reader) for reader, _ in streams))


async def _read(reader: asyncio.StreamReader) -> None:
    while await reader.read(1 << 16):
        pass


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
