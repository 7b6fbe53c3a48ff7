"""Does the same to several things in threads beside each other, and can be interrupted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from producer.system.interrupts import held

T = TypeVar("T")
R = TypeVar("R")

#: How often what is broken off is looked at, in seconds.
LOOK_S = 0.05


def side_by_side(
    things: Sequence[T],
    do: Callable[[T], R],
    at_once: int,
    *,
    begin: Callable[[T], None],
    end: Callable[[T, Future[R]], None],
    break_off: Callable[[T], None],
) -> None:
    """Do something to each of the things, to `at_once` of them at the same time, and return when all is done.

    `begin` and `end` are called here, before and after each; `end` gets what came of it. Where that is an
    interrupt, or anything else goes wrong here, no other is begun, and `break_off` is called for each that is
    not done until it is. One at a time is done here, too, and an interrupt comes out of it.
    """
    if at_once == 1:
        for thing in things:
            begin(thing)
            end(thing, _call(do, thing))
        return
    waiting, running = deque(things), dict[Future[R], T]()
    with ThreadPoolExecutor(at_once, thread_name_prefix="side-by-side") as threads:
        try:
            while waiting or running:
                while waiting and len(running) < at_once:
                    begin(thing := waiting.popleft())
                    with held():
                        running[threads.submit(do, thing)] = thing
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    end(running.pop(future), future)
        finally:
            while left := [future for future in running if not future.done()]:
                for future in left:
                    break_off(running[future])
                wait(left, LOOK_S)


def _call(do: Callable[[T], R], thing: T) -> Future[R]:
    future = Future[R]()
    try:
        future.set_result(do(thing))
    except Exception as error:
        future.set_exception(error)
    return future
