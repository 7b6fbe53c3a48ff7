"""What is said of the guarantees of contenders that are compared with peers, in terminal and page alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from producer.contender_name import ContenderName
from producer.stats.guarantees import guarantee_of, guarantees
from producer.words import NOTHING, listed


def write_guarantee(name: ContenderName) -> str:
    """Write when a contender acknowledges, for its cell in a table."""
    guarantee = guarantee_of(name)
    return guarantee.acks if guarantee else NOTHING


def describe_guarantees(names: Iterable[ContenderName]) -> Iterator[str]:
    """Say what each guarantees, those that guarantee the same in one line; nothing where no peer is there."""
    alike: dict[tuple[str, bool, str], list[str]] = {}
    for each in guarantees(names):
        alike.setdefault((each.acks, each.result_stored, each.on_death), []).append(str(each.contender))
    for (acks, stored, on_death), whose in alike.items():
        result = "result stored" if stored else "result not stored"
        yield f"{listed(whose)}: acknowledged {acks}, {result}; a job whose worker dies {on_death}."
