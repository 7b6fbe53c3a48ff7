"""Exhibitions are played by real workers, and by threads, coroutines, processes: the same games."""

from __future__ import annotations

import json
import multiprocessing
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import accumulate
from typing import Any, cast

import psutil
import pytest
import redis

from producer.contenders.celery_workers.send import producer_app
from producer.contenders.celery_workers.spawned import SpawnedWorkers
from producer.contenders.collect import Collector
from producer.contenders.exchange import SILENCE_S
from producer.contenders.spec import Spec
from producer.exhibition.held import Held
from producer.exhibition.hold import Plan, hold
from producer.exhibition.in_process import InProcess
from producer.exhibition.lane import Lane, parse_lane, parse_lanes
from producer.exhibition.moves import MoveMade, Played
from producer.exhibition.over_celery import OverCelery
from producer.exhibition.program import Program
from producer.exhibition.workers import judits as judits_of
from producer.system.broker import Broker
from producer.system.reaper import Reaper
from tests.helpers import SOON_S, until
from tests.integration.conformance import runnable
from tests.integration.post import Post
from worker.errors import ContenderError
from worker.game_move import run_of
from worker.jobs import GameMove
from worker.pass_on import message_of
from worker.pools import POOLS
from worker.records import run_stream
from worker.settings import PROJECT_DATA, TASK_NAME

#: An opponent thinks for 31 ms.
SMALL = Program(opponents=5, moves=7, hour_s=2, judits=1, seed=7)


class Silent:
    """Hears of an exhibition, and keeps what it hears of moves."""

    def __init__(self) -> None:
        self.moves: list[MoveMade] = []

    def queueing(self) -> None: ...
    def awaiting(self, answering: int, awaited: int) -> None: ...
    def starting(self, place: int, held: Held) -> None: ...
    def playing(self, place: int, held: Held) -> None: ...
    def ended(self, place: int, held: Held) -> None: ...

    def moved(self, place: int, moves: Sequence[MoveMade]) -> None:  # noqa: ARG002  # the protocol's
        self.moves += moves


def assert_played(played: Played, program: Program) -> None:
    """Every move was made once, and is the right one; nobody moved before the move before was made."""
    assert played.problems == []
    at = {(move.board, move.ply): move for move in played.moves}
    assert len(at) == len(played.moves) == sum(program.plies)
    for board, game in enumerate(program.games):
        assert tuple(at[board, ply].move for ply in range(len(game.moves))) == game.moves
    for (board, ply), move in at.items():
        assert move.handed_s <= move.received_s <= move.started_s <= move.finished_s
        assert not ply or at[board, ply - 1].finished_s <= move.started_s


@contextmanager
def over_celery(
    broker: Broker, reaper: Reaper, opponents: Spec, program: Program, in_turn: bool = False
) -> Iterator[tuple[OverCelery, SpawnedWorkers, SpawnedWorkers]]:
    """An exhibition that stands ready, its Judits and her opponents."""
    app = producer_app(broker.url)
    spec = judits_of(program, Lane(opponents, in_turn))
    judits = SpawnedWorkers(spec, broker, app, PROJECT_DATA, reaper)
    workers = SpawnedWorkers(runnable(opponents), broker, app, PROJECT_DATA, reaper)
    players = OverCelery(program, in_turn, app, broker.url, judits, workers, reaper)
    try:
        players.start()
        yield players, judits, workers
    finally:
        players.stop()


@pytest.mark.parametrize("pool", POOLS)
def test_every_pool_plays_the_same_games(broker: Broker, reaper: Reaper, pool: str) -> None:
    spec = parse_lane(f"celery:{pool}", 3).spec
    seen: list[MoveMade] = []
    with over_celery(broker, reaper, spec, SMALL) as (players, _, _):
        played = players.play(seen.append)
    assert_played(played, SMALL)
    assert seen == played.moves
    assert (played.slots, played.judits, played.remarks) == (spec.slots, 1, [])


@pytest.mark.parametrize("number", [1, 2])
def test_no_more_judits_think_at_once_than_there_are(broker: Broker, reaper: Reaper, number: int) -> None:
    program = replace(SMALL, opponents=24, judits=number)
    lane = parse_lane("celery:threads", 24)
    assert judits_of(program, lane).slots == 2
    with over_celery(broker, reaper, lane.spec, program) as (players, _, _):
        played = players.play(lambda _: None)
    assert_played(played, program)
    hers = [move for move in played.moves if move.ply % 2 == 0]
    began, ended = [(move.started_s, 1) for move in hers], [(move.finished_s, -1) for move in hers]
    thinking = accumulate(change for _, change in sorted(began + ended))
    assert max(thinking) == number


@pytest.mark.parametrize("text", ["serial", "asyncio", "threads", "processes", "asyncio@2/in-turn"])
def test_every_design_plays_the_same_games(text: str) -> None:
    lane = parse_lane(text, 3)
    players = InProcess(lane.spec.way, replace(SMALL, judits=2), lane.spec.total_slots, lane.in_turn)
    seen: list[MoveMade] = []
    players.start()
    try:
        played = players.play(seen.append)
    finally:
        players.stop()
    assert_played(played, SMALL)
    assert seen == played.moves
    assert played.judits == (1 if text == "serial" else 2)


def test_a_player_whose_process_is_killed_is_told_and_not_waited_for() -> None:
    before = {child.pid for child in multiprocessing.active_children()}
    players = InProcess("processes", replace(SMALL, hour_s=20), 3, in_turn=False)
    players.start()
    try:
        [*_, opponent] = (child for child in multiprocessing.active_children() if child.pid not in before)
        with pytest.raises(ContenderError, match=r"processes: a player gave up: .*its process has ended"):
            players.play(lambda _: opponent.kill())
    finally:
        players.stop()


def test_a_player_that_is_killed_while_it_hands_a_move_in_is_told_too() -> None:
    before = {child.pid for child in multiprocessing.active_children()}
    players = InProcess("processes", SMALL, 3, in_turn=False)
    errors = queue.SimpleQueue[str]()

    def play() -> None:
        with pytest.raises(ContenderError) as raised:
            players.play(lambda _: None)
        errors.put(str(raised.value))

    players.start()
    try:
        [*_, opponent] = (child for child in multiprocessing.active_children() if child.pid not in before)
        assert players._queues
        cast(Any, players._queues.made)._wlock.acquire()  # it is held, and its holder is killed
        opponent.kill()
        threading.Thread(target=play, daemon=True).start()
        assert "its process has ended" in errors.get(timeout=SOON_S)
    finally:
        players.stop()


def test_stock_transport_plays_them_too() -> None:
    lanes = hold(Plan(program=SMALL, lanes=parse_lanes("celery:threads@3", 5), transport="stock"), Silent())
    assert lanes[0].played
    assert_played(lanes[0].played, SMALL)


def test_in_turn_one_board_after_the_other_is_played(broker: Broker, reaper: Reaper) -> None:
    program = replace(SMALL, moves=3)
    with over_celery(broker, reaper, Spec("celery:threads", 2), program, in_turn=True) as (players, _, _):
        played = players.play(lambda _: None)
    assert_played(played, program)
    assert list(dict.fromkeys(move.board for move in played.moves)) == [0, 1, 2, 3, 4]
    assert [move.board for move in played.moves] == sorted(move.board for move in played.moves)


def once_at(move: int, do: Callable[[], object]) -> Callable[[MoveMade], None]:
    """What does it when so many moves have been made."""
    left = iter(range(move))

    def on_move(_: MoveMade) -> None:
        if next(left, None) == move - 1:
            do()

    return on_move


def killed_at(move: int, workers: SpawnedWorkers) -> Callable[[MoveMade], None]:
    """What kills a worker when so many moves have been made."""
    return once_at(move, lambda: psutil.Process(workers.processes()[0]).kill())


def test_a_killed_worker_of_the_opponents_loses_no_game(broker: Broker, reaper: Reaper) -> None:
    program = replace(SMALL, opponents=8, hour_s=10)  # 153 ms: it dies amid thoughts
    opponents = Spec("celery:threads", 4, workers=2)
    with over_celery(broker, reaper, opponents, program) as (players, _, workers):
        played = players.play(killed_at(20, workers))
        assert_played(played, program)
        [remark] = played.remarks
        assert remark == "opponents: its worker 1 of 2 was ended by SIGKILL"


def test_a_killed_judit_loses_no_game(broker: Broker, reaper: Reaper) -> None:
    program = replace(SMALL, judits=2, hour_s=10)
    with over_celery(broker, reaper, Spec("celery:threads", 5), program) as (players, judits, _):
        played = players.play(killed_at(20, judits))
        assert_played(played, program)
        [remark] = played.remarks
        assert remark == "Judit: its worker 1 of 2 was ended by SIGKILL"


def test_where_nobody_is_left_who_could_move_it_is_said(broker: Broker, reaper: Reaper) -> None:
    with over_celery(broker, reaper, Spec("celery:threads", 2), SMALL) as (players, _, workers):
        played = players.play(killed_at(8, workers))
    assert "nobody is left who could move" in played.problems
    assert any("not made" in problem for problem in played.problems)


@pytest.mark.parametrize("entry", ["99-0", "1000-7", "*"])
def test_who_writes_into_a_game_is_told_at_once(
    broker: Broker, reaper: Reaper, client: redis.Redis, entry: str
) -> None:
    def lie() -> None:  # no move of the second board is recorded any more
        [stream] = client.keys(run_stream("*-1"))
        client.xadd(stream, {"record": "{}"}, id=entry)

    with over_celery(broker, reaper, Spec("celery:threads", 2), SMALL) as (players, _, _):
        began_s = time.monotonic()
        played = players.play(once_at(8, lie))
        assert time.monotonic() - began_s < SILENCE_S  # and not when it has been silent for long
    assert any("1 record cannot be true" in problem for problem in played.problems)
    assert any("board 2: entry" in problem and "somebody else" in problem for problem in played.problems)


def test_where_the_records_are_deleted_it_is_said(
    broker: Broker, reaper: Reaper, client: redis.Redis
) -> None:
    def delete() -> None:
        client.delete(*client.keys(run_stream("*-*")))

    with over_celery(broker, reaper, Spec("celery:threads", 2), SMALL) as (players, _, _):
        played = players.play(once_at(8, delete))
    assert any("games are gone from the broker" in problem for problem in played.problems)


class Solitaire:
    """One game that one worker plays against itself."""

    def __init__(self, worker: SpawnedWorkers, broker: Broker, client: redis.Redis, plies: int) -> None:
        self.queue = worker.queue or ""
        self.first = replace(SMALL.job(in_turn=False, queues=(self.queue, self.queue)), plies=plies)
        self.run = Collector(client, plies, run=run_of("game", 0))
        self._post = Post(worker, broker, client)
        self._client = client

    def send(self, job: GameMove, redelivered: bool = False) -> None:
        """Put the message for a move into the queue."""
        message = message_of(self.run.run, job)
        if not redelivered:
            self._post.send(message)
            return
        aside = f"{self.queue}.aside"
        self._post.app.send_task(TASK_NAME, kwargs=message, queue=aside)
        raw: Any = json.loads(cast(bytes, self._client.rpop(aside)))
        raw["properties"]["delivery_info"]["redelivered"] = True  # as a transport marks it
        self._client.lpush(self.queue, json.dumps(raw))

    def entries(self) -> list[str]:
        """The ids of what is in its run, but for the first entry, which opens it."""
        entries: Any = self._client.xrange(self.run.stream)
        return [entry.decode() for entry, _ in entries][1:]

    def idle(self) -> bool:
        """Whether no message waits, and none is held."""
        return not self._client.keys(self.queue) and not self._client.keys(f"reliable:*:{self.queue}")


@pytest.fixture(scope="module")
def player(broker: Broker, reaper: Reaper) -> Iterator[SpawnedWorkers]:
    worker = SpawnedWorkers(Spec("celery:threads", 4), broker, producer_app(broker.url), PROJECT_DATA, reaper)
    worker.start()
    yield worker
    worker.stop()


@pytest.fixture
def solitaire(player: SpawnedWorkers, broker: Broker, client: redis.Redis) -> Solitaire:
    return Solitaire(player, broker, client, plies=6)


def test_a_move_that_is_made_twice_is_ignored(solitaire: Solitaire) -> None:
    with solitaire.run:
        for _ in range(3):
            solitaire.send(solitaire.first)
        until(lambda: len(solitaire.entries()) == 6 and solitaire.idle(), "the game is over")
        solitaire.send(solitaire.first)
        until(solitaire.idle, "it is ignored")
        assert solitaire.entries() == [f"{number}-0" for number in range(1, 7)]


def test_who_gets_a_move_again_whose_next_was_perhaps_not_sent_sends_it(solitaire: Solitaire) -> None:
    client = solitaire._client
    with solitaire.run:
        # As one that was recorded by a worker that died before it sent the next.
        client.xadd(solitaire.run.stream, {"record": "{}"}, id="1-0")
        solitaire.send(solitaire.first)
        until(solitaire.idle, "it is ignored")
        assert solitaire.entries() == ["1-0"]
        solitaire.send(solitaire.first, redelivered=True)
        until(lambda: len(solitaire.entries()) == 6, "the game is over")


def test_a_game_whose_run_is_closed_does_not_go_on(solitaire: Solitaire) -> None:
    solitaire.send(solitaire.first)
    until(solitaire.idle, "nobody wants to know")
    with solitaire.run:
        assert solitaire.entries() == []


def test_a_race_is_run_at_the_same_time() -> None:
    watcher = Silent()
    lanes = hold(
        Plan(program=SMALL, lanes=parse_lanes("serial,asyncio,celery:threads", 5), race=True), watcher
    )
    assert [held.problems for held in lanes] == [[], [], []]
    began = [held.played.began_s for held in lanes if held.played]
    ended = [held.played.began_s + held.played.measured_s for held in lanes if held.played]
    assert max(began) < min(ended)
    assert len(watcher.moves) == 3 * sum(SMALL.plies)
    for held in lanes:
        assert held.account
        assert held.played
        assert held.account.total_s == pytest.approx(held.played.measured_s)
