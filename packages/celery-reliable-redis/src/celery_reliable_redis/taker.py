"""Asks one connection for messages, and reads the answers. Decides how to wait; delivers nothing.

While there is work, one TAKE brings as many messages as are wanted from all queues. When there were fewer
than wanted, the next question is a BLMOVE on the queue that was last of use: it waits, and its message comes
with no further question, to one consumer alone. No TAKE is sent along, for the server would answer both
together: the message would wait for a script. Of the other queues, whether of another name or another
priority, the server tells on the same connection (CLIENT TRACKING, RESP3): the waiting is then ended (CLIENT
UNBLOCK), and a TAKE brings the news.

A server may refuse some of it. Where nobody may end a BLMOVE, the consumer waits for a list of its own, into
which it puts something when the server tells of a message in any queue. Where the server does not tell, the
waiting is short.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import redis

from celery_reliable_redis import scripts
from celery_reliable_redis.redis_versions import listen_for_news, read_unasked
from celery_reliable_redis.reservation import Reservation
from celery_reliable_redis.servers import is_refusal

logger = logging.getLogger(__name__)

#: How long to wait for one queue where the server does not tell of the others, or refuses to move: at first,
#: after a message, and at most, when there was none for long. In seconds.
BLIND_S = 0.005, 0.05


class Taken(NamedTuple):
    """A message that has been moved from a queue into a list of ours."""

    queue: str
    key: str
    raw: bytes


class Question(NamedTuple):
    """A question that the server has not answered yet."""

    keys: list[str]
    #: The list for each queue.
    lists: dict[str, str]
    wanted: int
    #: Whether the first answer is to a command that waits.
    waits: bool
    #: The queue from which that command moves a message, if it is a BLMOVE. If not, the last answer is to a
    #: TAKE.
    moves_from: str | None


class Taker:
    """The dialogue on one connection. `connect` makes a client for the commands outside of it."""

    def __init__(self, connect: Callable[[], redis.Redis]) -> None:
        self._connect = connect
        self.forget()

    def forget(self) -> None:
        """Forget what was asked and watched on a connection that is gone."""
        self._question: Question | None = None
        #: The server's number for the connection, whether it tells of new messages, whether it may be told
        #: to end a BLMOVE.
        self._number: int | None = None
        self._is_told = self._may_unblock = False
        #: Whether to wait by BLMOVE.
        self._moves = True
        self._introduced = False
        #: The list by which to wake the connection.
        self._wake_key = ""
        #: The queue of the last message, and the one that the last TAKE did not watch.
        self._hot = self._unwatched = ""
        #: The queues in which the last TAKE found too little: only where no other is asked may the question
        #: wait.
        self._dry: list[str] = []
        #: Whether the server is out of memory.
        self._full = False
        #: Whether the last answer ended at a suspect, which was not to be taken.
        self.met_suspect = False
        self._blind_s = BLIND_S[0]

    def ask(
        self,
        connection: Any,
        reservation: Reservation,
        keys: list[str],
        width: int,
        wanted: int,
        suspects: str,
        patience_s: float,
    ) -> None:
        """Ask for up to `wanted` messages from queues, `width` of which are of one priority.

        What to do with `suspects`, `scripts.TAKE` says. When nothing comes, the answer comes after
        `patience_s` at the latest: well below every lease.
        """
        if not self._introduced:
            self._introduce(connection)
        self._wake_key = reservation.wake_key
        lists = {key: reservation.lists[key].current for key in keys}
        commands: list[tuple[Any, ...]] = []
        moves_from = None
        if self._may_wait(connection, keys):
            if self._moves and not self._full:
                moves_from = self._unwatched
            commands.append(self._make_waiting(lists, moves_from, patience_s))
        waits = bool(commands)
        if not moves_from:
            commands.append(("EVAL", scripts.TAKE, *self._make_take(lists, width, wanted, suspects)))
        self._question = Question(keys, lists, wanted, waits, moves_from)
        connection.send_packed_command(connection.pack_commands(commands))

    def _may_wait(self, connection: Any, keys: list[str]) -> bool:
        if self._is_told and self._dry:
            # News may have come together with the last answer: it is in the parser, and wakes nobody there.
            read_unasked(connection)
        return set(keys) <= set(self._dry) and (self._unwatched in keys or not self._moves)

    def _make_take(self, lists: Mapping[str, str], width: int, wanted: int, suspects: str) -> tuple[Any, ...]:
        keys = [*lists]
        self._unwatched = (self._hot if self._hot in keys else keys[0]) if self._moves else ""
        watched = [key for key in keys if key != self._unwatched]
        return make_take_arguments(lists, width, wanted, suspects, watched)

    @property
    def awaits_answer(self) -> bool:
        """Whether we have asked for messages, and have not read the answer yet."""
        return self._question is not None

    def answer(self, connection: Any) -> list[Taken]:
        """Read the server's answer: what has been taken."""
        assert self._question is not None
        keys, lists, wanted, waits, moves_from = self._question
        taken: list[Taken] = []
        self._dry = []
        self.met_suspect = False
        if waits:
            first = self._read_waited(connection, moves_from)
            if moves_from and isinstance(first, bytes):
                taken.append(Taken(moves_from, lists[moves_from], first))
        if not moves_from:
            flat = connection.read_response()
            self.met_suspect = bool(len(flat) % 2)
            for i, raw in zip(flat[::2], flat[1::2], strict=False):  # the last number stands for no message
                taken.append(Taken(queue := keys[i - 1], lists[queue], raw))
            # A TAKE that watched all but one says nothing, if nobody waits for that one any more.
            is_dry = len(flat) // 2 < wanted and not self.met_suspect
            if is_dry and (self._moves or not self._unwatched):
                self._dry = keys
        if taken:
            self._hot = taken[-1].queue
        self._blind_s = BLIND_S[0] if taken else min(2 * self._blind_s, BLIND_S[1])
        self._question = None
        return taken

    def _read_waited(self, connection: Any, moves_from: str | None) -> Any:
        try:
            answer = connection.read_response()
        except redis.exceptions.OutOfMemoryError:
            self._full = True
            return None
        except redis.ResponseError as error:
            if moves_from is None or not is_refusal(error):
                raise
            self._moves = False
            return None
        self._full = False
        return answer

    def interrupt(self) -> None:
        """Have the server end its wait, and answer now."""
        if self._question is None or not self._question.waits:
            return
        if not self._question.moves_from:
            self._connect().eval(scripts.WAKE, 1, self._wake_key)
        elif self._may_unblock:
            try:
                if not self._unblock():  # it has overtaken the BLMOVE, or there is an answer
                    self._unblock()
            except redis.exceptions.NoPermissionError:  # since a moment ago
                self._may_unblock = self._moves = False

    def _unblock(self) -> int:
        return self._connect().client_unblock(self._number)  # type: ignore[arg-type]

    def _on_news(self, _: Any) -> None:
        self._dry = []  # what had no message before, has one
        with contextlib.suppress(redis.RedisError, OSError):  # then the waiting ends by itself
            self.interrupt()

    def _introduce(self, connection: Any) -> None:
        hello = connection.handshake_metadata or {}  # RESP3 only
        self._number = hello.get(b"id", hello.get("id"))
        if self._number is not None:
            listen_for_news(connection, self._on_news)
            self._is_told = _is_granted(connection, "CLIENT", "TRACKING", "ON", "NOLOOP")
            self._may_unblock = _is_granted(connection, "CLIENT", "UNBLOCK", self._number)
        self._moves = self._may_unblock or not self._is_told
        self._introduced = True

    def _make_waiting(
        self, lists: Mapping[str, str], moves_from: str | None, patience_s: float
    ) -> tuple[Any, ...]:
        patience_s = patience_s if self._is_told and not self._full else self._blind_s
        if moves_from:
            return "BLMOVE", moves_from, lists[moves_from], "RIGHT", "LEFT", patience_s
        return "BRPOP", self._wake_key, patience_s


def _is_granted(connection: Any, *command: Any) -> bool:
    """Return whether the server grants the command. Raises the error of a server that cannot serve now."""
    connection.send_command(*command)
    try:
        connection.read_response()
    except redis.ResponseError as error:
        logger.info("The broker refuses %s %s (%s): it is done without", *command[:2], error)
        return False
    return True


def make_take_arguments(
    lists: Mapping[str, str], width: int, wanted: int, suspects: str, watched: Sequence[str] = ()
) -> tuple[Any, ...]:
    """Make the keys and arguments for `scripts.TAKE` to move up to `wanted` messages into lists, by queue."""
    return len(watched), *watched, wanted, width, suspects, *lists, *lists.values()
