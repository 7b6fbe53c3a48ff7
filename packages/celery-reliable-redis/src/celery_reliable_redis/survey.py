"""Looks through a database for lists of consumers that the registry does not know, and registers them.

The registry has an expiry, so that it is not left in somebody's Redis for ever; a list of messages has none.
So a list may outlive its registration, when all workers died together and no other came for a day. Once a
day, and when there is no registry, one consumer goes through all keys, a piece at each heartbeat: no lease
waits for it.
"""

from __future__ import annotations

import json
import logging
import re
from collections import defaultdict
from typing import Any

import redis

from celery_reliable_redis import lease_scripts
from celery_reliable_redis.servers import is_refusal

logger = logging.getLogger(__name__)

#: Keys that the server looks at in one call, and calls at one beat: it is not busy for long, nor are we.
KEYS_AT_ONCE, CALLS_AT_ONCE = 1000, 50
#: A consumer, and the number of one of its lists.
CONSUMER = re.compile(r"(\d+-[0-9a-f]{32})(?:\.(\d{1,5}))?")


def escape_pattern(text: str) -> str:
    """Return the pattern by which SCAN finds this text alone."""
    return re.sub(r"([][*?\\])", r"\\\1", text)


class Survey:
    """One walk through all keys, in pieces."""

    def __init__(self, base: str, registry: list[str]) -> None:
        self.base = base
        self._registry = registry
        self._pattern = escape_pattern(base) + "*-*:*"
        self._cursor = 0
        #: For each consumer, the highest number of its lists for each queue.
        self._lists: defaultdict[str, dict[str, int]] = defaultdict(dict)

    def look_further(self, client: redis.Redis) -> bool:
        """Look at some more keys. Returns whether that is all."""
        try:
            return self._look_further(client)
        except redis.ResponseError as error:
            if not is_refusal(error):
                raise
            return True  # whoever may, does it in a while: nothing depends on it but what is long forgotten

    def _look_further(self, client: redis.Redis) -> bool:
        for _ in range(CALLS_AT_ONCE):
            answer: Any = client.scan(self._cursor, self._pattern, KEYS_AT_ONCE, "list")
            self._cursor, keys = answer
            for key in keys:
                self._note(key)
            if not self._cursor:
                entries = ((who, json.dumps({"queues": queues})) for who, queues in self._lists.items())
                filled = [text for entry in entries for text in entry]
                client.eval(lease_scripts.SURVEYED, len(self._registry), *self._registry, *filled)
                return True
        return False

    def _note(self, key: bytes) -> None:
        consumer, _, queue = key.decode(errors="replace")[len(self.base) :].partition(":")
        if match := CONSUMER.fullmatch(consumer):
            queues = self._lists[match[1]]
            queues[queue] = max(queues.get(queue, 1), int(match[2] or 1))
