"""The command `celery-reliable-redis`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from celery_reliable_redis import delayed_command
from celery_reliable_redis.broker_options import BrokerOptionError, connect


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns its exit code: 0, or 1 where something is not there; 2 for what cannot be."""
    parser = argparse.ArgumentParser("celery-reliable-redis", description="What Celery has in Redis.")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    delayed_command.add_to(subparsers)
    parsed = parser.parse_args(arguments)
    try:
        with connect(parsed) as broker:
            return int(parsed.run(broker, parsed))
    except BrokerOptionError as error:
        print(f"celery-reliable-redis: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever reads has seen enough
        return 0
