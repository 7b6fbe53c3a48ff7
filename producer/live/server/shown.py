"""Keeps what browsers are shown: the newest state of the last runs, and their moves. It is bounded.

Events come from Redis, where others can write, too: what is no event is ignored.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import msgspec

from producer.live.server.places import without_paths

#: Runs that are kept, moves of all of them together, and the bytes of an event.
MOST_RUNS, MOST_MOVES, MOST_BYTES = 20, 60_000, 1024 * 1024
#: The states of a run that is over.
ENDED = frozenset({"done", "failed", "interrupted"})

State = dict[str, Any]
Id = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{12}$")]
Place = Annotated[int, msgspec.Meta(ge=0, le=1000)]
Move = tuple[
    Place,
    Annotated[int, msgspec.Meta(ge=0, le=10_000)],
    Annotated[str, msgspec.Meta(max_length=10)],
    float,
    float,
]


class Moves(msgspec.Struct, tag="moves"):
    """Moves of a lane."""

    id: Id
    lane: Annotated[int, msgspec.Meta(ge=0, le=99)]
    moves: list[Move]


class Heading(msgspec.Struct, tag="state"):
    """What every state has."""

    id: Id
    kind: Annotated[str, msgspec.Meta(max_length=20)]
    status: Annotated[str, msgspec.Meta(max_length=20)]
    lanes: list[dict[str, Any]]


_decode = msgspec.json.Decoder(Moves | Heading).decode


class Shown:
    """What a browser that comes now is shown."""

    def __init__(self, contenders: Sequence[str] = (), lessons: Sequence[dict[str, Any]] = ()) -> None:
        self.contenders = list(contenders)
        #: What can be predicted, and the questions about it.
        self.lessons = list(lessons)
        self.broker: dict[str, Any] = {"up": True, "says": ""}
        self.queue: list[dict[str, Any]] = []
        #: The run that this server carries out, and can stop; others may go on elsewhere.
        self.own: str | None = None
        self.workers: dict[str, Any] = {"answering": []}
        self.depths: dict[str, dict[str, int]] = {}
        self._states: dict[str, State] = {}
        #: By run and lane, by board and ply: what is published again is known.
        self._moves: dict[str, dict[int, dict[tuple[int, int], Move]]] = {}

    def take(self, data: bytes) -> tuple[str, dict[str, Any]] | None:
        """Take an event; returns its name and what is new in it, None where nothing is."""
        if len(data) > MOST_BYTES:
            return None
        try:
            event = _decode(data)
            state = without_paths(msgspec.json.decode(data)) if isinstance(event, Heading) else {}
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None
        if isinstance(event, Moves):
            new = self._take_moves(event)
            return ("moves", {"id": event.id, "lane": event.lane, "moves": new}) if new else None
        return ("state", state) if self.put(state) else None

    def put(self, state: State) -> bool:
        """Keep the state of a run; whether it is another than before."""
        id_ = state["id"]
        if self._states.get(id_) == state:
            return False
        self._states[id_] = state
        if len(self._states) > MOST_RUNS:
            ended = (known for known, other in self._states.items() if other["status"] in ENDED)
            oldest = next(ended, next(iter(self._states)))
            del self._states[oldest]
            self._moves.pop(oldest, None)
        return True

    def state(self, id_: str) -> State | None:
        """Return the state of a run; None where it is not known."""
        return self._states.get(id_)

    def going_on(self) -> Iterator[State]:
        """Yield the states of the runs that are not over."""
        return (state for state in tuple(self._states.values()) if state["status"] not in ENDED)

    def snapshot(self) -> dict[str, Any]:
        """Return all of it."""
        return {
            "runs": sorted(self._states.values(), key=_began),
            "moves": {
                id_: {str(lane): [*moves.values()] for lane, moves in lanes.items()}
                for id_, lanes in self._moves.items()
            },
            "queue": self.queue,
            "own": self.own,
            "broker": self.broker,
            "workers": self.workers,
            "depths": self.depths,
            "contenders": self.contenders,
            "lessons": self.lessons,
        }

    def _take_moves(self, event: Moves) -> list[Move]:
        if not event.moves:
            return []
        known = self._moves.setdefault(event.id, {}).setdefault(event.lane, {})
        new = [move for move in event.moves if (move[0], move[1]) not in known]
        known.update({(move[0], move[1]): move for move in new})
        while self._count() > MOST_MOVES:
            del self._moves[next(iter(self._moves))]
        return new

    def _count(self) -> int:
        return sum(len(moves) for lanes in self._moves.values() for moves in lanes.values())


def ended(state: State, status: str, says: str) -> State:
    """Return the state of a run that has ended so, as somebody else than the run says."""
    return {**state, "status": status, "says": without_paths(says), "ended": time.time()}


def _began(state: State) -> float:
    began = state.get("began")
    return began if isinstance(began, int | float) else float("inf")
