"""Things that are done beside each other: how many, in which order, and how they are broken off."""

from __future__ import annotations

import threading
from concurrent.futures import Future

import pytest

from producer.measure.side_by_side import side_by_side
from tests.helpers import SOON_S

HERE = threading.current_thread


class Doing:
    """Does things as it is told, and writes down what happens in the thread of the test."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.threads: set[threading.Thread] = set()

    def go(self, things: str, at_once: int) -> None:
        side_by_side(things, self.do, at_once, begin=self.begin, end=self.end, break_off=self.break_off)

    def do(self, thing: str) -> str:
        self.threads.add(HERE())
        return thing.upper()

    def begin(self, thing: str) -> None:
        self.log.append(f"begin {thing}")

    def end(self, thing: str, future: Future[str]) -> None:
        self.log.append(f"end {thing}: {future.exception() or future.result()}")

    def break_off(self, thing: str) -> None:
        self.log.append(f"break off {thing}")


def test_one_at_a_time_is_done_here() -> None:
    doing = Doing()
    doing.go("abc", 1)
    assert doing.log == ["begin a", "end a: A", "begin b", "end b: B", "begin c", "end c: C"]
    assert doing.threads == {HERE()}


def test_several_are_done_at_the_same_time_and_no_more_than_that() -> None:
    meeting = threading.Barrier(2)

    class Meeting(Doing):
        begun, most = 0, 0

        def begin(self, thing: str) -> None:
            super().begin(thing)
            self.begun += 1
            self.most = max(self.most, self.begun)

        def do(self, thing: str) -> str:
            meeting.wait(SOON_S)  # each of them meets another, or this fails
            return super().do(thing)

        def end(self, thing: str, future: Future[str]) -> None:
            super().end(thing, future)
            self.begun -= 1

    doing = Meeting()
    doing.go("abcd", 2)
    assert [line for line in doing.log if line.startswith("begin")] == [f"begin {name}" for name in "abcd"]
    assert sorted(line for line in doing.log if line.startswith("end")) == [
        f"end {name}: {name.upper()}" for name in "abcd"
    ]
    assert doing.most == 2
    assert HERE() not in doing.threads


@pytest.mark.parametrize("at_once", [1, 2])
def test_what_fails_is_told_and_the_others_are_done(at_once: int) -> None:
    class Failing(Doing):
        def do(self, thing: str) -> str:
            if thing == "b":
                raise ValueError("no b")
            return super().do(thing)

    doing = Failing()
    doing.go("abc", at_once)
    assert sorted(doing.log) == ["begin a", "begin b", "begin c", "end a: A", "end b: no b", "end c: C"]


def test_an_interrupt_breaks_off_what_is_not_done_and_nothing_more_begins() -> None:
    broken_off = threading.Event()

    class Interrupted(Doing):
        def do(self, thing: str) -> str:
            if thing == "b":
                assert broken_off.wait(SOON_S)
            return super().do(thing)

        def end(self, thing: str, future: Future[str]) -> None:
            super().end(thing, future)
            raise KeyboardInterrupt

        def break_off(self, thing: str) -> None:
            if self.log[-1] != "break off b":
                super().break_off(thing)
            else:  # it may not be heard at once
                broken_off.set()

    doing = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        doing.go("abcd", 2)
    assert doing.log == ["begin a", "begin b", "end a: A", "break off b"]
