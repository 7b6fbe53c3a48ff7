"""Fetches eight pages in eight greenlets. Each takes 50 ms, so all should take little more. Run it."""

import time
from time import sleep

import gevent
from gevent import monkey

monkey.patch_all()

PAGES, PAGE_S = 8, 0.05

under_way = most_under_way = 0


def fetch() -> str:
    """Wait for the server, and return its page."""
    global under_way, most_under_way
    under_way += 1
    most_under_way = max(most_under_way, under_way)
    sleep(PAGE_S)
    under_way -= 1
    return "a page"


def main() -> None:
    """Fetch all pages, and say how that went."""
    began = time.monotonic()
    gevent.joinall([gevent.spawn(fetch) for _ in range(PAGES)], raise_error=True)
    took_s = time.monotonic() - began
    print(f"{PAGES} pages of {1000 * PAGE_S:.0f} ms took {1000 * took_s:.0f} ms")
    print(f"pages under way at the same time: {most_under_way} of {PAGES}")


if __name__ == "__main__":
    main()
