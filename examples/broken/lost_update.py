"""Counts visitors in four threads. Run it with an ordinary Python, and with a free-threaded one.

It needs nothing but the Python itself.
"""

import sys
import threading

THREADS, VISITORS = 4, 250_000

count = 0
#: All threads begin together.
start = threading.Barrier(THREADS)


def let_in() -> None:
    """Count the visitors of one door."""
    global count
    start.wait()
    for _ in range(VISITORS):
        count += 1


def main() -> None:
    """Count at all doors, and say how many visitors are missing."""
    doors = [threading.Thread(target=let_in) for _ in range(THREADS)]
    for door in doors:
        door.start()
    for door in doors:
        door.join()
    gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    came = THREADS * VISITORS
    print(f"Python {sys.version.split()[0]}, {'with' if gil else 'without'} a GIL")
    print(f"{came:,} visitors came, {count:,} were counted")
    print(f"lost: {came - count:,}")


if __name__ == "__main__":
    main()
