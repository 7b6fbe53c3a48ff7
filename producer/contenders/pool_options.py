"""Lists what can be chosen of a Celery worker beside its slots, which pools have it, and how it is told.

Options are written behind a contender's name, each with its own slash: `celery:prefork@4/prefetch=1/ofair`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from producer.ranges import MAX_SLOTS
from producer.words import listed
from worker.errors import UnknownNameError
from worker.pools import POOLS
from worker.settings import ACKS, TRANSPORTS

#: The options that a worker was given, a name and its value each; the value of a flag is empty.
Options = tuple[tuple[str, str], ...]

#: The most messages for each slot, and the most jobs for each process, that may be asked for.
MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class PoolOption:
    """What can be chosen of a Celery worker."""

    #: How it is written: "prefetch=N".
    form: str
    #: What its value has to be, in words that follow "is": "a number from 0 to 9".
    meaning: str
    is_valid: Callable[[str], bool]
    #: The pools whose implementation in Celery, or ours, heeds it.
    pools: tuple[str, ...] = tuple(POOLS)
    #: The option of `celery worker` that it is, or the environment variable.
    argument: str = ""
    variable: str = ""


def _number(least: int) -> Callable[[str], bool]:
    return lambda value: is_number(value) and least <= int(value) <= MOST


def is_number(text: str) -> bool:
    """Tell whether a text is a whole number as it is written: ASCII digits, no sign, no zero before them."""
    return text.isascii() and text.isdigit() and len(text) <= 9 and str(int(text)) == text


def _is_autoscale(value: str) -> bool:
    most, _, fewest = value.partition(",")
    return is_number(most) and is_number(fewest) and 1 <= int(fewest) <= int(most) <= MAX_SLOTS


def _among(choices: Sequence[str]) -> Callable[[str], bool]:
    return lambda value: value in choices


#: Every option, in the order in which a name has them.
POOL_OPTIONS: Mapping[str, PoolOption] = MappingProxyType(
    {
        "prefetch": PoolOption(
            "prefetch=N",
            f"a number from 0 (no limit) to {MOST:,}, of messages reserved for each slot",
            _number(0),
            argument="--prefetch-multiplier",
        ),
        "acks": PoolOption(
            f"acks={'|'.join(ACKS)}", f"{' or '.join(ACKS)}", _among(ACKS), variable="SIMUL_ACKS"
        ),
        "transport": PoolOption(
            f"transport={'|'.join(TRANSPORTS)}",
            f"{' or '.join(TRANSPORTS)}",
            _among(TRANSPORTS),
            variable="SIMUL_TRANSPORT",
        ),
        # What Celery's solo and threads lack is `grow` and `shrink`.
        "autoscale": PoolOption(
            "autoscale=MOST,FEWEST",
            f"the most slots and the fewest, as in autoscale=8,2: from 1 to {MAX_SLOTS:,}, the most first",
            _is_autoscale,
            pools=("prefork", "gevent", "eventlet", "asyncio"),
            argument="--autoscale",
        ),
        "max-tasks-per-child": PoolOption(
            "max-tasks-per-child=N",
            f"a number from 1 to {MOST:,}, of jobs after which a process is replaced",
            _number(1),
            pools=("prefork",),
            argument="--max-tasks-per-child",
        ),
        # It is what prefork does anyway since Celery 4.0 (celery/concurrency/asynpool.py, SCHED_STRATEGIES).
        "ofair": PoolOption(
            "ofair", "a flag, without a value", _among([""]), pools=("prefork",), argument="-Ofair"
        ),
    }
)
#: Options whose value is one number: a sweep can have them for its axis.
NUMERIC = ("prefetch", "max-tasks-per-child")


def read_options(pool: str, texts: Iterable[str]) -> Options:
    """Read the options of a worker with that pool, "prefetch=1" each, into the order of the table.

    Raises:
        UnknownNameError: the pool has no such option, a value makes no sense, or an option is there twice.
    """
    options: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        option = POOL_OPTIONS.get(name)
        if option is None:
            raise UnknownNameError(f"no option is called {name!r}; {_what_there_is(pool)}")
        if pool not in option.pools:
            whose = f"it is of {listed(option.pools)}"
            raise UnknownNameError(f"the pool {pool} has no option {name}: {whose}; {_what_there_is(pool)}")
        if name in options:
            raise UnknownNameError(f"the option {name} is there twice")
        if not option.is_valid(value) or (equals and not value):
            raise UnknownNameError(f"{name} is {option.meaning}, not {value!r}")
        options[name] = value
    return tuple((name, options[name]) for name in POOL_OPTIONS if name in options)


def _what_there_is(pool: str) -> str:
    forms = [option.form for option in POOL_OPTIONS.values() if pool in option.pools]
    return f"{pool} has /{', /'.join(forms)}"


def split_contenders(text: str) -> list[str]:
    """Split a list of contenders at its commas, but for the comma in autoscale=8,2."""
    parts: list[str] = []
    for part in (part.strip() for part in text.split(",")):
        number = part.partition("/")[0]
        if parts and number.isdigit() and is_number(parts[-1].rpartition("/autoscale=")[2]):
            parts[-1] += f",{part}"
        elif part:
            parts.append(part)
    return parts


def most_slots(options: Options) -> int | None:
    """Return the most slots that autoscaling gives a worker; None where it has no such option."""
    value = dict(options).get("autoscale")
    return int(value.partition(",")[0]) if value else None


def arguments(options: Options) -> list[str]:
    """Make the arguments of `celery worker` for these options; nothing of one that is not in the table."""
    known = ((POOL_OPTIONS[name].argument, value) for name, value in options if name in POOL_OPTIONS)
    return [f"{argument}={value}" if value else argument for argument, value in known if argument]


def variables(options: Options) -> dict[str, str]:
    """Make the environment variables of a worker for these options."""
    named = ((POOL_OPTIONS[name].variable, value) for name, value in options)
    return {variable: value for variable, value in named if variable}
