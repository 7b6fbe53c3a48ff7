"""Bounded buffers, guarded by condition variables: one for threads, and its twin for tasks of an event loop.

Two condition variables share one lock. With a single one, `notify` could wake a producer where only a
consumer can go on, and all would wait for ever. Nobody asks again and again: who waits, sleeps until somebody
wakes it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import TypeAlias

from worker.deadline import Deadline

#: Whose message it is, counted from 0; which of its messages; and the number in it.
Message: TypeAlias = tuple[int, int, int]


class BrokenOffError(Exception):
    """Somebody else has ended the exchange. It ends a thread, and never leaves this module."""


class Buffer:
    """Holds so many messages at most, for threads, and ends them where one has failed."""

    def __init__(self, capacity: int, until: Deadline) -> None:
        self._messages: deque[Message] = deque()
        self._capacity, self._until, self._closed = capacity, until, False
        lock = threading.Lock()
        self._room, self._filled = threading.Condition(lock), threading.Condition(lock)
        #: Why the exchange is broken off; None where it is not.
        self.failure: BaseException | None = None

    def put(self, message: Message) -> None:
        """Wait for room, and add the message.

        Raises:
            BrokenOffError: the exchange is broken off.
            TimeLimitError, StoppedError: the time is up.
        """
        with self._room:
            self._room.wait_for(lambda: self.failure or len(self._messages) < self._capacity)
            self._go_on()
            self._until.check()
            self._messages.append(message)
            self._filled.notify()

    def take(self) -> Message | None:
        """Wait for a message, and remove it; return None where no more will come.

        Raises:
            BrokenOffError: the exchange is broken off.
        """
        with self._filled:
            self._filled.wait_for(lambda: self.failure or self._messages or self._closed)
            self._go_on()
            if not self._messages:
                return None
            self._room.notify()
            return self._messages.popleft()

    def close(self) -> None:
        """Say that no more messages come."""
        with self._filled:
            self._closed = True
            self._filled.notify_all()

    def break_off(self, error: BaseException) -> None:
        """End the exchange for everybody; of several errors the first one counts."""
        with self._room:
            self.failure = self.failure or error
            self._room.notify_all()
            self._filled.notify_all()

    def work(self, part: Callable[[int], object], number: int) -> None:
        """Do the part of one thread; break the exchange off where it fails."""
        try:
            part(number)
        except BrokenOffError:
            pass
        except BaseException as error:
            self.break_off(error)

    def _go_on(self) -> None:
        if self.failure is not None:
            raise BrokenOffError


class AsyncBuffer:
    """Holds so many messages at most, for tasks; they are cancelled where one has failed."""

    def __init__(self, capacity: int, until: Deadline) -> None:
        import asyncio  # not at the top: a worker without an event loop needs no asyncio

        self._messages: deque[Message] = deque()
        self._capacity, self._until, self._closed = capacity, until, False
        lock = asyncio.Lock()
        self._room, self._filled = asyncio.Condition(lock), asyncio.Condition(lock)

    async def put(self, message: Message) -> None:
        """Wait for room, and add the message.

        Raises:
            TimeLimitError, StoppedError: the time is up.
        """
        async with self._room:
            await self._room.wait_for(lambda: len(self._messages) < self._capacity)
            self._until.check()
            self._messages.append(message)
            self._filled.notify()

    async def take(self) -> Message | None:
        """Wait for a message, and remove it; return None where no more will come."""
        async with self._filled:
            await self._filled.wait_for(lambda: self._messages or self._closed)
            if not self._messages:
                return None
            self._room.notify()
            return self._messages.popleft()

    async def close(self) -> None:
        """Say that no more messages come."""
        async with self._filled:
            self._closed = True
            self._filled.notify_all()
