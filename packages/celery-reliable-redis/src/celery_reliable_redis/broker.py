"""The broker that a command of this package works on, as an app or an address names it."""

from __future__ import annotations

import argparse
import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

import redis
from celery import Celery
from celery.app.utils import find_app
from kombu.exceptions import OperationalError

from celery_reliable_redis.mistakes import UnsupportedServerError

RELIABLE = "celery_reliable_redis:Transport"


@dataclass
class Broker:
    """A connection to the broker."""

    client: redis.Redis
    #: The `global_keyprefix` of the transport.
    prefix: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say which broker it is."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("-A", "--app", help="the Celery app whose broker it is: module, or module:attribute")
    which.add_argument("-b", "--broker", metavar="URL", help="its address, as in redis://127.0.0.1:6379/0")
    parser.add_argument("--prefix", help="the global_keyprefix (default: the app's, or none)")
    parser.add_argument("--json", action="store_true", help="print JSON")


@contextlib.contextmanager
def open_broker(options: argparse.Namespace) -> Iterator[Broker]:
    """Connect to the broker that the arguments name.

    Raises:
        SystemExit: there is no such app, or no such broker; the text says which.
    """
    app = _find_app(options.app) if options.app else Celery("celery-reliable-redis", broker=options.broker)
    try:
        with app.connection_for_read(transport=RELIABLE) as connection:
            channel = connection.channel()
            prefix = channel.global_keyprefix if options.prefix is None else options.prefix
            yield Broker(channel.plain_client(), prefix)
    except BrokenPipeError:
        raise
    except (
        KeyError,
        OSError,
        ValueError,
        redis.RedisError,
        OperationalError,
        UnsupportedServerError,
    ) as error:
        # kombu, who could hide the password, cannot read every address.
        address = re.sub(r"//[^@]*@", "//:**@", str(app.conf.broker_read_url or app.conf.broker_url))
        text = f"celery-reliable-redis: the broker {address} cannot be used: {error}"
        raise SystemExit(text) from None


def _find_app(name: str) -> Celery:
    try:
        return find_app(name)
    except (ImportError, AttributeError, ValueError) as error:
        raise SystemExit(f"celery-reliable-redis: there is no app {name!r}: {error}") from None
