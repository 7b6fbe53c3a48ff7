"""A channel that has messages wait in Redis until they are due, where their ETA is far enough ahead.

Its producers put them there at once. What an ordinary producer has put into a queue is moved there by the
consumer that meets it. `release` brings them back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from kombu.utils.json import dumps

from celery_reliable_redis import delay_scripts
from celery_reliable_redis.consumer import BASE
from celery_reliable_redis.eta import read_eta_ms
from celery_reliable_redis.mistakes import SettingError
from celery_reliable_redis.punctual import PunctualChannel
from celery_reliable_redis.release import LOOKS_PER_LEASE, DelayKeys, make_delay_keys
from celery_reliable_redis.reservation import Held


class DelayingChannel(PunctualChannel):
    """kombu's channel, with messages that wait on the server."""

    #: Seconds; a message whose ETA is at least so far ahead waits in Redis. None: no message does.
    #: `broker_transport_options = {"delay_from": 10}`
    delay_from: float | None = None
    from_transport_options = (*PunctualChannel.from_transport_options, "delay_from")

    def check_delay(self, lease_s: float) -> None:
        """Check the option against the lease.

        Raises:
            SettingError: workers would look too seldom for what is due so soon, or it is no number.
        """
        if self.delay_from is None:
            return
        least = lease_s / LOOKS_PER_LEASE
        try:
            self.delay_from = float(self.delay_from)
        except (TypeError, ValueError):
            self.delay_from = math.nan
        if not least <= self.delay_from < math.inf:
            raise SettingError(
                f"delay_from has to be a number of seconds, {least:g} or more: with a lease of "
                f"{lease_s:g} s, workers look that often for what is due."
            )

    def may_wait(self, message: Mapping[str, Any]) -> bool:
        """Return whether a message is not simply pushed into its queue, as the server may have it wait."""
        return self.delay_from is not None and read_eta_ms(message.get("headers")) is not None

    def _put(self, queue: str, message: dict[str, Any], **options: Any) -> None:
        # kombu calls it for each queue that a message is published to.
        if not self.may_wait(message) or self._forgets(queue):
            super()._put(queue, message, **options)
            return
        key = self.global_keyprefix + self._q_for_pri(queue, self._get_message_priority(message))
        arguments = self._make_arguments(key, key, message, dumps(message))
        batch = options.get("_publish_batch")
        if batch is not None:
            batch.add("eval", delay_scripts.DELAY, *arguments)
        else:
            self.plain_client().eval(delay_scripts.DELAY, *arguments)

    def park(self, envelope: Mapping[str, Any], held: Held) -> bool:
        """Have the server delay a message that we have just taken. Returns whether it does."""
        eta_ms, reservation = read_eta_ms(envelope.get("headers")), held.reservation
        if self.delay_from is None or eta_ms is None or reservation is None or self._forgets_key(held.queue):
            return False
        now_ms = datetime.now(timezone.utc).timestamp() * 1000  # the server is asked only where that says so
        if eta_ms - now_ms < self.delay_from * 1000:
            return False
        arguments = self._make_arguments(held.queue, held.key, envelope, held.raw)
        is_parked = bool(reservation.client.eval(delay_scripts.PARK, *arguments))
        if is_parked:
            reservation.lists[held.queue].note_left(held.key)
        return is_parked

    def _make_arguments(self, key: str, place: str, message: Mapping[str, Any], raw: Any) -> tuple[Any, ...]:
        assert self.delay_from is not None
        # What cannot be encoded has come from anywhere: a name is all that it has to be.
        name = f"{message['headers'].get('id')}/{message['properties']['delivery_tag']}"
        member = name.encode(errors="replace")
        least_ms = math.ceil(self.delay_from * 1000)
        return 3, *self._delay_keys(key), place, member, raw, read_eta_ms(message.get("headers")), least_ms

    def _delay_keys(self, key: str) -> DelayKeys:
        return make_delay_keys(self.global_keyprefix + BASE, key)

    def _forgets(self, queue: str) -> bool:
        # A queue that expires when nobody uses it: what waits elsewhere would outlive it.
        return queue in (getattr(self, "_expires", None) or ())

    def _forgets_key(self, key: str) -> bool:
        return self._forgets(self.names.get(key[len(self.global_keyprefix) :], ""))

    # -- with a queue, its delayed messages go

    def _purge(self, queue: str) -> int:
        return int(super()._purge(queue)) + self._drop_delayed(queue)

    def _delete(self, queue: str, *arguments: Any, **options: Any) -> None:
        super()._delete(queue, *arguments, **options)
        if self.delay_from is not None:  # whoever has no need of it needs no right to it
            self._drop_delayed(queue)

    def queue_delete(
        self, queue: str, if_unused: bool = False, if_empty: bool = False, **options: Any
    ) -> None:
        """Delete a queue; with `if_empty`, only if it has no message, delayed or not."""
        if not (if_empty and self.delay_from is not None and self.count_delayed(queue)):
            super().queue_delete(queue, if_unused, if_empty, **options)

    def count_delayed(self, queue: str) -> int:
        """Count the delayed messages of a queue."""
        client = self.plain_client()
        counts: list[Any] = [client.zcard(keys.due) for keys in self._all_delay_keys(queue)]
        return sum(counts)

    def _all_delay_keys(self, queue: str) -> list[DelayKeys]:
        steps = self.priority_steps
        return [self._delay_keys(self.global_keyprefix + self._q_for_pri(queue, step)) for step in steps]

    def _drop_delayed(self, queue: str) -> int:
        with self.plain_client().pipeline() as pipe:
            for keys in self._all_delay_keys(queue):
                pipe.zcard(keys.due)
                pipe.unlink(*keys)  # the server frees them in a thread of its own
            counts: list[int] = pipe.execute()[::2]
        return sum(counts)
