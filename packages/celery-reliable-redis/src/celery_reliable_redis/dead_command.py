"""`celery-reliable-redis dead`: what was put aside, on the command line."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import redis

from celery_reliable_redis.broker import Broker
from celery_reliable_redis.dead import DeadLetter, DeadLetters, find_queues
from celery_reliable_redis.printing import make_plain, read_message, report_missing


def add_to(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the command, whose arguments beside its own are the `common` ones."""
    dead = subparsers.add_parser("dead", help="messages that were delivered too often, and were put aside")
    actions = dead.add_subparsers(metavar="ACTION", required=True)
    chosen = argparse.ArgumentParser(add_help=False)
    chosen.add_argument("ids", nargs="*", metavar="ID", help="ids of tasks")
    chosen.add_argument("--all", action="store_true", help="all that were put aside")
    for name, run, parents, text in (
        ("list", _list, [common], "list them, the oldest first"),
        ("show", _show, [common, chosen], "show all that is known of some of them"),
        ("replay", _replay, [common, chosen], "put some of them back into their queue"),
        ("drop", _drop, [common, chosen], "remove some of them for ever"),
    ):
        action = actions.add_parser(name, parents=parents, help=text, description=text.capitalize() + ".")
        action.add_argument("-Q", "--queue", help="of this queue only (default: of all)")
        action.set_defaults(run=run)


def _list(broker: Broker, options: argparse.Namespace) -> int:
    found = [letter for _, letter in _go_through(broker, options)]
    if options.json:
        print(json.dumps([_as_dict(letter) for letter in found], indent=2))
        return 0
    for letter in found:
        print(_name(letter))
        print(f"    {_describe(letter)}")
    of = f" of {options.queue}" if options.queue else ""
    print(f"{len(found)} message{'' if len(found) == 1 else 's'}{of} put aside", file=sys.stderr)
    return 0


def _show(broker: Broker, options: argparse.Namespace) -> int:
    found = [letter for _, letter in _choose(broker, options)]
    if options.json:
        shown = [{**_as_dict(letter), "message": letter.raw.decode(errors="replace")} for letter in found]
        print(json.dumps(shown, indent=2))
    else:
        for letter in found:
            message = read_message(letter.raw)
            text = json.dumps(message) if message else letter.raw.decode(errors="replace")
            for name, value in {**_as_dict(letter), "message": text}.items():
                print(f"{name:>10}  {make_plain(str(value))}")
            print()
    return report_missing(options.ids, (letter.id for letter in found), "put aside")


def _replay(broker: Broker, options: argparse.Namespace) -> int:
    return _do(broker, options, DeadLetters.replay, "put back into the queue")


def _drop(broker: Broker, options: argparse.Namespace) -> int:
    return _do(broker, options, DeadLetters.drop, "dropped")


def _do(
    broker: Broker,
    options: argparse.Namespace,
    act: Callable[[DeadLetters, DeadLetter], bool],
    what: str,
) -> int:
    # Chosen first: what is put back meanwhile, and put aside anew, is another.
    done = [letter for letters, letter in list(_choose(broker, options)) if act(letters, letter)]
    if options.json:
        print(json.dumps([_as_dict(letter) for letter in done], indent=2))
    else:
        for letter in done:
            print(f"{_name(letter)}: {what}")
    return report_missing(options.ids, (letter.id for letter in done), "put aside")


def _choose(broker: Broker, options: argparse.Namespace) -> Iterator[tuple[DeadLetters, DeadLetter]]:
    if bool(options.ids) == options.all:
        raise SystemExit("celery-reliable-redis: name the ids of tasks, or say --all")
    for letters, letter in _go_through(broker, options):
        if options.all or letter.id in options.ids:
            yield letters, letter


def _go_through(broker: Broker, options: argparse.Namespace) -> Iterator[tuple[DeadLetters, DeadLetter]]:
    if options.queue:
        letters = DeadLetters(broker.client, options.queue, broker.prefix)
        yield from ((letters, letter) for letter in letters)
        return
    for queue in find_queues(broker.client, broker.prefix):
        letters = DeadLetters(broker.client, queue, broker.prefix)
        try:
            # What does not say why it is there, nobody has put aside: somebody's list is called like that.
            yield from ((letters, letter) for letter in letters if letter.reason)
        except redis.exceptions.NoPermissionError:
            print(f"no right to look into {letters.key}", file=sys.stderr)


def _name(letter: DeadLetter) -> str:
    return make_plain(" ".join([letter.id or "(no task)", letter.task, letter.args, letter.kwargs]).rstrip())


def _as_dict(letter: DeadLetter) -> dict[str, Any]:
    return {name: value for name, value in asdict(letter).items() if name != "raw"}


def _describe(letter: DeadLetter) -> str:
    times = f"delivered {letter.deliveries} time{'' if letter.deliveries == 1 else 's'}"
    said = [f"from {letter.queue}" if letter.queue else "", times, letter.reason, letter.time, letter.worker]
    return make_plain(", ".join(text for text in said if text))
