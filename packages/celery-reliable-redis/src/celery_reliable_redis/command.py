"""The command `celery-reliable-redis`: looks after what waits in the broker for a person to decide."""

from __future__ import annotations

import argparse
import sys

from celery_reliable_redis import dead_command, delayed_command
from celery_reliable_redis.broker import add_arguments, open_broker


def main() -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="celery-reliable-redis", description=__doc__)
    common = argparse.ArgumentParser(add_help=False)
    add_arguments(common)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    dead_command.add_to(commands, common)
    delayed_command.add_to(commands, common)
    options = parser.parse_args()
    try:
        with open_broker(options) as broker:
            code: int = options.run(broker, options)
            return code
    except BrokenPipeError:  # whoever read has seen enough
        sys.stderr.close()
        return 1


if __name__ == "__main__":
    sys.exit(main())
