"""`celery-reliable-redis delayed`: what waits in Redis until it is due."""

from __future__ import annotations

import argparse
import base64
import binascii
import contextlib
import itertools
import json
import sys
from datetime import datetime, timezone
from typing import Any

from celery_reliable_redis.broker_options import Broker, add_broker_options
from celery_reliable_redis.delayed import Delayed, find_delayed, list_delayed, revoke_delayed

EXAMPLES = """examples:
  celery-reliable-redis delayed list -b redis://localhost:6379/0 --limit 20
  celery-reliable-redis delayed show -A project 0c1f0f0e-2f0a-4a3e-9a6b-4d1c5b1f2a3d
  celery-reliable-redis delayed revoke -A project ID ID
"""


def add_to(subparsers: Any) -> None:
    """Add the command to those of `celery-reliable-redis`."""
    parser = subparsers.add_parser(
        "delayed",
        help="list, show and revoke tasks that wait in Redis for their ETA",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = _add_action(actions, "list", _list, "list what waits, queue by queue, the next first")
    listing.add_argument("--limit", type=_count, metavar="N", help="no more than N")
    _add_action(actions, "show", _show, "print the messages of tasks").add_argument("id", nargs="+")
    _add_action(actions, "revoke", _revoke, "remove tasks, so that they never start").add_argument(
        "id", nargs="+"
    )


def _add_action(actions: Any, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=text)
    add_broker_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, one object a line")
    parser.set_defaults(run=run)
    return parser


def _count(text: str) -> int:
    if (count := int(text)) < 0:
        raise ValueError
    return count


def _list(broker: Broker, arguments: argparse.Namespace) -> int:
    for item in itertools.islice(list_delayed(broker.client, broker.prefix), arguments.limit):
        summary = _summarise(item)
        print(json.dumps(summary) if arguments.json else "  ".join(map(_plain, summary.values())))
    return 0


def _show(broker: Broker, arguments: argparse.Namespace) -> int:
    missing = set(arguments.id)
    for item in find_delayed(broker.client, set(arguments.id), broker.prefix):
        missing.discard(item.task_id)
        whole = {**_summarise(item), "message": _with_readable_body(item.read())}
        print(json.dumps(whole, indent=None if arguments.json else 2))
    return _tell_missing(missing)


def _revoke(broker: Broker, arguments: argparse.Namespace) -> int:
    revoked = revoke_delayed(broker.client, set(arguments.id), broker.prefix)
    for task_id in dict.fromkeys(arguments.id):
        if arguments.json:
            print(json.dumps({"id": task_id, "revoked": task_id in revoked}))
        elif task_id in revoked:
            print(f"revoked {_plain(task_id)}")
    return _tell_missing(set(arguments.id) - revoked)


def _tell_missing(ids: set[str]) -> int:
    for task_id in sorted(ids):
        print(f"not among the delayed: {_plain(task_id)}", file=sys.stderr)
    return 1 if ids else 0


def _summarise(item: Delayed) -> dict[str, str]:
    headers = item.read().get("headers")
    task = headers.get("task") if isinstance(headers, dict) else None
    try:
        eta = datetime.fromtimestamp(item.due, timezone.utc).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        eta = str(item.due)
    return {"eta": eta, "id": item.task_id, "task": str(task), "queue": item.queue}


def _with_readable_body(message: dict[str, Any]) -> dict[str, Any]:
    body, properties = message.get("body"), message.get("properties")
    if isinstance(body, str) and isinstance(properties, dict) and properties.get("body_encoding") == "base64":
        with contextlib.suppress(binascii.Error, ValueError):  # packed, or no text: as it is
            return {**message, "body": base64.b64decode(body).decode()}
    return message


def _plain(text: str) -> str:
    # Names come from anybody who may send: none of their characters moves a terminal's cursor.
    return json.dumps(text)[1:-1]
