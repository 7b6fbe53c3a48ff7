"""The heartbeat beside greenlets: neither may stop the other, and the locks of `logging` are not for both."""

from __future__ import annotations

import subprocess
import sys

import pytest

from transport_lab import HERE, PATIENCE_S

PROGRAM = """
import sys
if sys.argv[1] == "eventlet":
    import eventlet
    eventlet.monkey_patch()
if sys.argv[1] == "gevent":
    from gevent import monkey
    monkey.patch_all()
import itertools, logging, threading, time
from celery_reliable_redis import native
from celery_reliable_redis.acks import Acks
from celery_reliable_redis.heartbeat import Heartbeat
from celery_reliable_redis.release import Release

logging.basicConfig(stream=open("/dev/null", "w"), level=logging.DEBUG)
heartbeat, beats, inside = Heartbeat(), [], []
lock, both = native.allocate_lock(), []

def alone(who):
    if lock.acquire(blocking=False):
        inside.append(who)
        both.extend(inside[1:])
        inside.remove(who)
        lock.release()

class Restless:
    "Somebody has died whenever it looks."
    id, lease_s, abandoned, acks = "restless", 0.001, False, Acks(None)
    release, lists = Release("", lease_s), {}
    def hangs_for(self): return 0.0
    def renew(self, client): alone("heartbeat")
    def rescue(self, client): beats.append(1); return 1

def jobs(number):
    for count in itertools.count():
        if count >= 2000 and len(beats) > 10:
            break
        logging.info("a job")
        alone(number)
        heartbeat.log_news()
        time.sleep(0)

heartbeat.add(Restless(), lambda: None)
threads = [threading.Thread(target=jobs, args=(number,)) for number in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(both or "went on")
"""


@pytest.mark.parametrize("kind", ["threads", "gevent", "eventlet"])
def test_what_the_heartbeat_has_to_say_stops_nobody(kind: str) -> None:
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, kind]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=PATIENCE_S)
    assert (done.stdout, done.returncode) == ("went on\n", 0), done.stderr
