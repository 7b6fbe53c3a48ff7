"""Holds an exhibition in one way after the other, or in several at once: starts, plays, checks, stops."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from producer.exhibition.account import account
from producer.exhibition.held import Held, Watcher
from producer.exhibition.ideal import ideal_s
from producer.exhibition.in_process import InProcess
from producer.exhibition.lane import Lane
from producer.exhibition.moves import MoveMade, OnMove, Played
from producer.exhibition.program import Program
from producer.measure.comparison_lock import comparison_lock
from producer.system.broker import open_broker, require_transport
from producer.system.reaper import Reaper
from worker.errors import ContenderError, SimulError
from worker.settings import TRANSPORTS

#: How often moves that were made are handed on, in seconds: to show each at once would take time from
#: players.
LOOK_S = 0.05


class Players(Protocol):
    """Who plays an exhibition in one way."""

    def start(self) -> None: ...
    def play(self, on_move: OnMove) -> Played: ...
    def stop(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """In which ways to hold an exhibition, and with what."""

    program: Program
    lanes: Sequence[Lane]
    #: Whether all play at once.
    race: bool = False
    #: Your broker, or None for an embedded one.
    broker_url: str | None = field(default=None, repr=False)  # it may hold a password
    #: Whether somebody else has started the workers, and the hosts of those that are awaited.
    external: bool = False
    awaited: Sequence[str] = ()
    transport: str = TRANSPORTS[0]


def hold(plan: Plan, watcher: Watcher) -> list[Held]:
    """Hold the exhibition in every lane, and return what came of each.

    Raises:
        BrokerUnavailableError: nothing answers at the broker's address, or it is not for the transport.
    """
    lanes = [Held(lane, _ideal_s(plan.program, lane)) for lane in plan.lanes]
    with Reaper() as reaper, _makers(plan, reaper, watcher) as make:
        placed = list(enumerate(lanes))
        for group in [placed] if plan.race else [[alone] for alone in placed]:
            _hold_at_once(group, plan.program, make, watcher)
    return lanes


def _ideal_s(program: Program, lane: Lane, judits: int | None = None, slots: int | None = None) -> float:
    return ideal_s(
        program.plies,
        judits=1 if lane.spec.way == "serial" else judits or program.judits,
        slots=slots or lane.spec.total_slots,
        judit_s=program.judit_s,
        opponent_s=program.opponent_s,
        in_turn=lane.in_turn,
    )


Make = Callable[[Lane], Players]


@contextmanager
def _makers(plan: Plan, reaper: Reaper, watcher: Watcher) -> Iterator[Make]:
    """Open what the lanes need; yields what makes the players of one."""
    with ExitStack() as stack:
        over_celery: Make | None = None
        if any(lane.spec.celery_pool for lane in plan.lanes):
            # Not at the top: these load Celery.
            from producer.contenders.celery_workers.maker import WorkersMaker
            from producer.exhibition.workers import make_players

            broker = stack.enter_context(open_broker(plan.broker_url, reaper))
            stack.enter_context(
                comparison_lock(broker.url, watcher.queueing) if plan.external else nullcontext()
            )
            if not broker.embedded:
                reaper.set_broker(broker.url)
            if not plan.external:
                require_transport(broker.url, plan.transport)
            workers = WorkersMaker(
                broker=broker,
                reaper=reaper,
                external=plan.external,
                awaited=plan.awaited,
                awaiting=watcher.awaiting,
                transport=plan.transport,
            )
            over_celery = partial(make_players, plan.program, workers=workers)

        def make(lane: Lane) -> Players:
            if lane.spec.celery_pool:
                assert over_celery
                return over_celery(lane)
            return InProcess(lane.spec.way, plan.program, lane.spec.total_slots, lane.in_turn)

        yield make


def _hold_at_once(group: Sequence[tuple[int, Held]], program: Program, make: Make, watcher: Watcher) -> None:
    """Start the players of some lanes, and have them play at the same time."""
    ready: list[tuple[int, Held, Players]] = []
    try:
        for place, held in group:
            watcher.starting(place, held)
            began = time.monotonic()
            try:
                if why := held.lane.spec.unavailable():
                    raise ContenderError(why)
                players = make(held.lane)
                ready.append((place, held, players))
                players.start()
            except SimulError as error:
                ready = [other for other in ready if other[1] is not held]
                held.problems.append(str(error))
                watcher.ended(place, held)
            held.startup_s = time.monotonic() - began
        _play_at_once(ready, program, watcher)
    finally:
        for _, _, players in ready:
            players.stop()


def _play_at_once(ready: Sequence[tuple[int, Held, Players]], program: Program, watcher: Watcher) -> None:
    games = [_Playing(place, held, players) for place, held, players in ready]
    for game in games:
        watcher.playing(game.place, game.held)
    for game in games:
        game.thread.start()
    running = list(games)
    while running:
        running[0].over.wait(LOOK_S)
        for game in tuple(running):
            over = game.over.is_set()  # asked before, so that nothing made before it is missed
            if moves := game.take():
                watcher.moved(game.place, moves)
            if over:
                _judge(game.held, program)
                watcher.ended(game.place, game.held)
                running.remove(game)


class _Playing:
    """The players of one lane, in a thread: this one can be interrupted meanwhile."""

    def __init__(self, place: int, held: Held, players: Players) -> None:
        self.place = place
        self.held = held
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._play, daemon=True, name=f"exhibition-{place}")
        self._players = players
        self._made: deque[MoveMade] = deque()

    def take(self) -> list[MoveMade]:
        """Take the moves that were made since."""
        return [self._made.popleft() for _ in range(len(self._made))]

    def _play(self) -> None:
        try:
            self.held.played = self._players.play(self._made.append)
        except SimulError as error:
            self.held.problems.append(str(error))
        except BaseException as error:  # ours: the others play on, and who holds them is told
            self.held.problems.append(f"it broke off: {error!r}")
            raise
        finally:
            self.over.set()


def _judge(held: Held, program: Program) -> None:
    """Find out whether what was played counts, and where its time went."""
    played = held.played
    if played is None:
        return
    held.problems += played.problems
    held.ideal_s = _ideal_s(program, held.lane, played.judits, played.slots)
    if played.problems:
        return
    for board, (game, right) in enumerate(zip(held.games, program.games, strict=True)):
        if game != right.moves:
            held.problems.append(f"board {board + 1} was not played as its seed says")
    held.account = account(played, program, held.ideal_s)
