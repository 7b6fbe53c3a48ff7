"""The options by which a command of this package finds its broker: an address, or an app of Celery's."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import redis
from kombu import Connection
from kombu.exceptions import OperationalError

from celery_reliable_redis.servers import UnsupportedServerError
from celery_reliable_redis.transport import Transport


class Broker(NamedTuple):
    """A server, and what is before all keys of Celery's there."""

    client: redis.Redis
    prefix: str


class BrokerOptionError(Exception):
    """There is no such app, or no broker that answers; the text says why."""


def add_broker_options(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("-b", "--broker", metavar="URL", help="the broker's address, as redis://host:6379/0")
    which.add_argument("-A", "--app", metavar="APP", help="an app of Celery's, as `celery -A` takes it")
    parser.add_argument(
        "--prefix", metavar="PREFIX", help="the global_keyprefix (with --app, the app's by default)"
    )


@contextlib.contextmanager
def connect(arguments: argparse.Namespace) -> Iterator[Broker]:
    """Connect to the broker that the options name, for the length of a `with`.

    Raises:
        BrokerOptionError: there is none, or it fails meanwhile.
    """
    try:
        with _make_connection(arguments) as connection, connection.channel() as channel:
            yield Broker(channel.plain_client(), channel.global_keyprefix)
    except (redis.RedisError, OperationalError, UnsupportedServerError) as error:
        raise BrokerOptionError(f"the broker cannot be used: {error}") from error


def _make_connection(arguments: argparse.Namespace) -> Any:
    options = {} if arguments.prefix is None else {"global_keyprefix": arguments.prefix}
    try:
        if arguments.broker:
            return Connection(arguments.broker, transport=Transport, transport_options=options)
        given = _find_app(arguments.app).connection_for_write()
        return given.clone(transport=Transport, transport_options={**given.transport_options, **options})
    except BrokerOptionError:
        raise
    except Exception as error:  # an app is anybody's code
        raise BrokerOptionError(f"{arguments.app or arguments.broker}: {error}") from error


def _find_app(name: str) -> Any:
    try:
        from celery.app.utils import find_app
    except ImportError as error:
        raise BrokerOptionError("--app needs Celery: install it, or name the broker by --broker") from error
    return find_app(name)
