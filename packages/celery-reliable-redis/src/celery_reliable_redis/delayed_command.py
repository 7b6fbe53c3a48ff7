"""`celery-reliable-redis delayed`: what waits in Redis until it is due."""

from __future__ import annotations

import argparse
import itertools
import json
from datetime import datetime, timezone
from typing import Any

from celery_reliable_redis.broker import Broker
from celery_reliable_redis.delayed import Delayed, find_delayed, list_delayed, revoke_delayed
from celery_reliable_redis.printing import make_plain, read_message, report_missing

EXAMPLES = """examples:
  celery-reliable-redis delayed list -b redis://localhost:6379/0 --limit 20
  celery-reliable-redis delayed revoke -A project 0c1f0f0e-2f0a-4a3e-9a6b-4d1c5b1f2a3d
"""


def add_to(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the command, whose arguments beside its own are the `common` ones."""
    delayed = subparsers.add_parser(
        "delayed",
        help="tasks that wait for their ETA",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = delayed.add_subparsers(metavar="ACTION", required=True)
    chosen = argparse.ArgumentParser(add_help=False)
    chosen.add_argument("ids", nargs="+", metavar="ID", help="ids of tasks")
    for name, run, parents, text in (
        ("list", _list, [common], "list them, queue by queue, the next first"),
        ("show", _show, [common, chosen], "show the messages of some of them"),
        ("revoke", _revoke, [common, chosen], "remove some of them, so that they never start"),
    ):
        action = actions.add_parser(name, parents=parents, help=text, description=text.capitalize() + ".")
        if run is _list:
            action.add_argument("--limit", type=_count, metavar="N", help="no more than N")
        action.set_defaults(run=run)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number")
    return int(text)


def _list(broker: Broker, options: argparse.Namespace) -> int:
    items = itertools.islice(list_delayed(broker.client, broker.prefix), options.limit)
    if options.json:
        print(json.dumps([_summarise(item) for item in items], indent=2))
        return 0
    for item in items:
        print("  ".join(map(make_plain, _summarise(item).values())))
    return 0


def _show(broker: Broker, options: argparse.Namespace) -> int:
    found = list(find_delayed(broker.client, options.ids, broker.prefix))
    shown = [{**_summarise(item), "message": read_message(item.raw)} for item in found]
    if options.json:
        print(json.dumps(shown, indent=2))
    else:
        for item in shown:
            print(json.dumps(item, indent=2))
    return report_missing(options.ids, (item.task_id for item in found), "that wait")


def _revoke(broker: Broker, options: argparse.Namespace) -> int:
    revoked = revoke_delayed(broker.client, options.ids, broker.prefix)
    if options.json:
        print(json.dumps([task_id for task_id in options.ids if task_id in revoked], indent=2))
    else:
        for task_id in options.ids:
            if task_id in revoked:
                print(f"{make_plain(task_id)}: revoked")
    return report_missing(options.ids, revoked, "that wait")


def _summarise(item: Delayed) -> dict[str, str]:
    headers = item.read().get("headers")
    task = headers.get("task") if isinstance(headers, dict) else None
    try:
        eta = datetime.fromtimestamp(item.due, timezone.utc).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        eta = str(item.due)
    return {"eta": eta, "id": item.task_id, "task": str(task), "queue": item.queue}
