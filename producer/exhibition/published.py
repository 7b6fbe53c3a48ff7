"""Publishes an exhibition, as it goes on, to those who watch: its lanes, and every move (see `live.feed`)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from producer.exhibition.held import Held
from producer.exhibition.hold import Plan
from producer.exhibition.moves import MoveMade
from producer.exhibition.sentences import title, what_is_seen
from producer.exhibition.timetable import JUDIT_S, OPPONENT_S
from producer.live.feed import Feed, broken_off
from worker.game import openings


class PublishingWatcher:
    """Hears of an exhibition as a `Watcher` does, and publishes it. Use it as a context manager."""

    def __init__(self, plan: Plan) -> None:
        program = plan.program
        self._program = program
        self._feed = Feed(plan.broker_url)
        #: When the first board of each lane was handed over, by the monotonic clock.
        self._began_s: dict[int, float] = {}
        self._lanes: list[dict[str, Any]] = [
            {
                "name": lane.name,
                "in_turn": lane.in_turn,
                "slots": lane.spec.total_slots,
                "status": "waiting",
                "ideal_s": 0.0,
                "measured_s": None,
                "plies": program.plies,
                "results": [game.result for game in program.games],
                "account": None,
                "sentence": "",
                "problems": [],
            }
            for lane in plan.lanes
        ]
        self._state: dict[str, Any] = {
            "kind": "exhibition",
            "title": title(program),
            "status": "starting",
            "says": "making ready",
            "race": plan.race,
            "hour_s": program.hour_s,
            "opponents": program.opponents,
            "moves": program.moves,
            "judits": program.judits,
            "seed": program.seed,
            "judit_s": JUDIT_S,
            "opponent_s": OPPONENT_S,
            "openings": [opening.name for opening in openings(program.seed, program.opponents)],
            "began": time.time(),
            "ended": None,
            "lanes": self._lanes,
        }

    def __enter__(self) -> PublishingWatcher:
        self._feed.__enter__()
        self._publish()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._state["ended"] = time.time()
        if error is None:
            problems = [lane["problems"] for lane in self._lanes]
            if all(problems):
                self._say("failed", problems[0][0])
            else:
                self._say("done", "over")
        else:
            self._say(*broken_off(error))
        self._feed.__exit__(kind, error, trace)

    def queueing(self) -> None:
        """Publish that somebody else uses the workers."""
        self._say("queueing", "somebody else uses these workers: waiting for it to end")

    def awaiting(self, answering: int, awaited: int) -> None:
        """Publish how many workers that others start are waited for."""
        self._say("starting", f"workers: {answering}{f' of {awaited}' if awaited else ''} answer")

    def starting(self, place: int, held: Held) -> None:
        """Publish that the players of a lane are being started."""
        self._update(place, held, "starting")
        self._say("starting", f"starting {held.lane.name}")

    def playing(self, place: int, held: Held) -> None:
        """Publish that they begin."""
        self._update(place, held, "playing")
        self._say("playing", "playing")

    def moved(self, place: int, moves: Sequence[MoveMade]) -> None:
        """Publish moves, with their times since the lane began."""
        began_s = self._began_s.setdefault(place, min(move.handed_s for move in moves))
        self._feed.moves(
            place,
            [
                [
                    move.board,
                    move.ply,
                    move.move,
                    round(move.started_s - began_s, 6),
                    round(move.finished_s - began_s, 6),
                ]
                for move in moves
            ],
        )

    def ended(self, place: int, held: Held) -> None:
        """Publish what came of a lane."""
        self._update(place, held, "failed" if held.problems else "done")
        self._publish()

    def _update(self, place: int, held: Held, status: str) -> None:
        lane = self._lanes[place]
        lane["status"], lane["ideal_s"] = status, held.ideal_s
        lane["sentence"], lane["problems"] = what_is_seen(held, self._program), held.problems
        if held.played:
            lane["slots"], lane["measured_s"] = held.played.slots, held.played.measured_s
        if held.account:
            parts = {"ideal": held.account.ideal_s, **held.account.parts}
            lane["account"] = [{"what": what, "s": round(part_s, 6)} for what, part_s in parts.items()]

    def _say(self, status: str, says: str) -> None:
        self._state["status"], self._state["says"] = status, says
        self._publish()

    def _publish(self) -> None:
        self._feed.state(self._state)
