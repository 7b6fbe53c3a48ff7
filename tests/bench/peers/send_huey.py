"""Sends with huey, one by one: it has no call for many."""

import sys
from importlib.metadata import version

from huey import RedisHuey
from sender import message, serve

huey = RedisHuey("huey", url=sys.argv[1], results=False)


@huey.task()
def job(**_):
    pass


def send(count: int) -> None:
    for number in range(count):
        job(**message(number))


serve(send, f"huey {version('huey')}, redis {version('redis')}")
