"""What contenders that take jobs from a queue guarantee: read from their names, for it is chosen there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from producer.contender_name import ContenderName
from producer.contenders.peers import PEERS


@dataclass(frozen=True, slots=True)
class Guarantee:
    """What a contender guarantees of each job."""

    contender: ContenderName
    #: When its message is dropped from the broker: after it is done, or before it is begun.
    acks: Literal["late", "early"]
    #: Whether what it returns is kept anywhere; the lab's records are no such thing.
    result_stored: bool
    #: What becomes of a job whose worker dies, in words that follow "a job whose worker dies".
    on_death: str


def guarantee_of(name: ContenderName) -> Guarantee | None:
    """Return what a contender guarantees; None where its jobs never leave this machine's own processes."""
    if name.is_peer:
        peer = PEERS[name.way]
        return Guarantee(name, peer.acks, peer.result_stored, peer.on_death)
    if not name.is_celery:
        return None
    if dict(name.options).get("acks") == "early":
        return Guarantee(name, "early", False, "is lost")
    return Guarantee(name, "late", False, "is done again")


def guarantees(names: Iterable[ContenderName]) -> list[Guarantee]:
    """List what each of them guarantees, where one of them is a peer; else all guarantee the same."""
    named = list(dict.fromkeys(names))
    if not any(name.is_peer for name in named):
        return []
    return [guarantee for name in named if (guarantee := guarantee_of(name))]
