"""A way in which an exhibition is played: a contender, and whether she plays one game after the other."""

from __future__ import annotations

from dataclasses import dataclass

from producer.contenders.parsing import parse_name
from producer.contenders.pool_options import split_contenders
from producer.contenders.spec import Spec
from producer.contenders.ways import executor_of, ways
from worker.errors import UnknownNameError

#: The designs that can play; all Celery pools can.
DESIGNS = ("serial", "asyncio", "threads", "processes")
#: What stands behind a contender's name that is to play one game after the other.
IN_TURN = "/in-turn"
#: The most slots: each is a thread, or a process.
MAX_SLOTS = 1_000


@dataclass(frozen=True, slots=True)
class Lane:
    """One way."""

    spec: Spec
    in_turn: bool

    @property
    def name(self) -> str:
        """How it is called: "celery:gevent@24/in-turn"."""
        return f"{self.spec.name}{IN_TURN if self.in_turn and self.spec.way != 'serial' else ''}"


def playing_ways() -> list[str]:
    """List every way in which games can be played."""
    return [way for way in ways() if way in DESIGNS or way.startswith("celery:")]


def parse_lanes(text: str, opponents: int) -> list[Lane]:
    """Read the lanes that `text` names, by commas; without a number of slots each opponent has one.

    Raises:
        UnknownNameError: there is no such way, or it cannot play; or none is named.
    """
    lanes = list(dict.fromkeys(parse_lane(part, opponents) for part in split_contenders(text)))
    if not lanes:
        raise UnknownNameError(f"--with names nobody; there are: {', '.join(playing_ways())}")
    return lanes


def parse_lane(text: str, opponents: int) -> Lane:
    """Read one lane.

    Raises:
        UnknownNameError: there is no such way, or it cannot play.
    """
    text = text.strip()
    name = parse_name(text.removesuffix(IN_TURN))
    if name.way not in playing_ways():
        raise UnknownNameError(f"{name.way} plays no games; there are: {', '.join(playing_ways())}")
    slots = name.slots or (opponents if executor_of(name.way).scales else 1)
    if slots * name.workers > MAX_SLOTS:
        raise UnknownNameError(f"{text!r}: an exhibition is played in up to {MAX_SLOTS:,} slots")
    spec = Spec(name.way, slots, name.workers, options=name.options)
    return Lane(spec, in_turn=name.way == "serial" or text.endswith(IN_TURN))
