"""An interrupt is not lost, whatever is running when it comes."""

from __future__ import annotations

import gc
import signal
import sys
import threading
import weakref
from collections.abc import Callable, Iterator

import pytest

from producer import cli
from producer.system import interrupts
from producer.system.interrupts import SIGNALS, handle_signals
from tests.helpers import SOON_S


class Interrupted:
    """A Ctrl-C comes when it is finalised."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


def by_finaliser() -> None:
    Interrupted()


def by_collector() -> None:
    round_about = Interrupted()
    round_about.itself = round_about  # type: ignore[attr-defined]
    del round_about
    gc.collect()


def by_weak_reference() -> None:
    gone = type("Gone", (), {})()
    there = weakref.ref(gone, lambda _: signal.raise_signal(signal.SIGINT))
    del gone
    assert there() is None


@pytest.fixture(autouse=True)
def answered() -> Iterator[None]:
    """This process answers as the command line does."""
    numbers = (*SIGNALS, signal.SIGALRM)
    handlers, hook = {number: signal.getsignal(number) for number in numbers}, sys.unraisablehook
    handle_signals()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        sys.unraisablehook = hook


@pytest.mark.parametrize("lose", [by_finaliser, by_collector, by_weak_reference])
def test_an_interrupt_that_comes_where_nothing_can_be_raised_comes_again(lose: Callable[[], None]) -> None:
    def lose_and_wait() -> None:
        lose()
        threading.Event().wait(SOON_S)

    with pytest.raises(KeyboardInterrupt):
        lose_and_wait()
    signal.raise_signal(signal.SIGINT)  # the second one is nothing


def test_other_failures_of_finalisers_are_still_told() -> None:
    class Failing:
        def __del__(self) -> None:
            raise ValueError("in a finaliser")

    told: list[BaseException | None] = []
    sys.unraisablehook = lambda lost: told.append(lost.exc_value)
    handle_signals()
    Failing()
    assert [str(error) for error in told] == ["in a finaliser"]


def test_an_interrupt_in_the_very_first_instant_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    def handle_and_interrupt() -> None:
        handle_signals()
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(interrupts, "handle_signals", handle_and_interrupt)
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == interrupts.EXIT_CODE
