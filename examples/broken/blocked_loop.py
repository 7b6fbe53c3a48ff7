"""Fetches eight pages on one event loop. Each takes 50 ms, so all of them should take little more. Run it.

It is a job for simul, too:
simul compare --job blocked_loop:fetch --app-dir examples/broken --jobs 40 --with serial,asyncio@8,threads@8
"""

import asyncio
import time

PAGES, PAGE_S = 8, 0.05
#: How often the pulse should beat, in seconds.
BEAT_S = 0.005

under_way = most_under_way = 0


async def fetch() -> str:
    """Wait for the server, and return its page."""
    global under_way, most_under_way
    under_way += 1
    most_under_way = max(most_under_way, under_way)
    time.sleep(PAGE_S)
    under_way -= 1
    return "a page"


async def feel_the_pulse() -> float:
    """Return the longest time between two beats, in seconds, when this is cancelled."""
    longest, last = 0.0, time.monotonic()
    try:
        while True:
            await asyncio.sleep(BEAT_S)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
    except asyncio.CancelledError:
        return max(longest, time.monotonic() - last)


async def main() -> None:
    """Fetch all pages, and say how that went."""
    pulse = asyncio.create_task(feel_the_pulse())
    await asyncio.sleep(0)
    began = time.monotonic()
    await asyncio.gather(*(fetch() for _ in range(PAGES)))
    took_s = time.monotonic() - began
    pulse.cancel()
    print(f"{PAGES} pages of {1000 * PAGE_S:.0f} ms took {1000 * took_s:.0f} ms")
    print(f"pages under way at the same time: {most_under_way} of {PAGES}")
    print(f"the loop stood still for up to {1000 * await pulse:.0f} ms")


if __name__ == "__main__":
    asyncio.run(main())
