"""A model worker that may crash between any two commands, on a real server, with every message accounted for.

Each rule is one command to the server, or one thing that happens on one side only: so whatever is between
two rules is between two commands, and hypothesis chooses where the crash is.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from celery_reliable_redis import scripts
from celery_reliable_redis.redelivery import mark_redelivered
from celery_reliable_redis.reservation import Held, Reservation
from transport_lab import Server

QUEUES = ("urgent", "normal")


class Message:
    """What a job holds on to."""

    def __init__(self, raw: bytes) -> None:
        payload = json.loads(raw)
        self.number: int = payload["number"]
        self.headers: dict[str, Any] = payload["headers"]


@dataclass(eq=False)
class ModelWorker:
    reservation: Reservation
    jobs: dict[Held, Message] = field(default_factory=dict)
    finished: list[Held] = field(default_factory=list)

    def receive(self, queue: str, key: str, raw: bytes) -> None:
        held = Held(self.reservation, queue, key, raw)
        held.note_received(message := Message(raw))
        self.jobs[held] = message

    @property
    def unfinished(self) -> list[Held]:
        return [held for held in self.jobs if held not in self.finished]


class AnyCrash(RuleBasedStateMachine):
    client: ClassVar[redis.Redis]

    def __init__(self) -> None:
        super().__init__()
        self.client.flushall()
        self.sent = 0
        self.done: Counter[int] = Counter()
        self.workers: list[ModelWorker] = []

    def any_of(self, choice: int) -> ModelWorker:
        return self.workers[choice % len(self.workers)]

    @rule(queue=st.sampled_from(QUEUES))
    def send(self, queue: str) -> None:
        payload = {"number": self.sent, "headers": {}, "properties": {"delivery_info": {}}}
        self.client.lpush(queue, json.dumps(payload))
        self.sent += 1

    @precondition(lambda self: len(self.workers) < 4)
    @rule()
    def start(self) -> None:
        worker = ModelWorker(Reservation(self.client, "", 60))
        worker.reservation.register(QUEUES)
        self.workers.append(worker)

    @precondition(lambda self: self.workers)
    @rule(choice=st.integers(0, 3), wanted=st.integers(1, 3), reply=st.booleans())
    def take(self, choice: int, wanted: int, reply: bool) -> None:
        worker = self.any_of(choice)
        lists = worker.reservation.lists
        keys = [lists[queue].current for queue in QUEUES]
        suspects = "stop" if worker.jobs else "alone"
        taken: Any = self.client.eval(scripts.TAKE, 0, wanted, 1, suspects, *QUEUES, *keys)
        pairs = zip(taken[::2], taken[1::2], strict=False)
        self.hear(worker, [(QUEUES[i - 1], keys[i - 1], raw) for i, raw in pairs], reply)

    @precondition(lambda self: self.workers)
    @rule(choice=st.integers(0, 3), queue=st.sampled_from(QUEUES), reply=st.booleans())
    def wait(self, choice: int, queue: str, reply: bool) -> None:
        worker = self.any_of(choice)
        client: Any = self.client
        key = worker.reservation.lists[queue].current
        raw = client.execute_command("BLMOVE", queue, key, "RIGHT", "LEFT", 0.001)
        self.hear(worker, [(queue, key, raw)] if raw else [], reply)

    def hear(self, worker: ModelWorker, taken: list[tuple[str, str, bytes]], reply: bool) -> None:
        if worker.reservation.abandoned:
            return  # a command that was still on its way: nobody is there to read the answer
        if reply:
            for queue, key, raw in taken:
                worker.reservation.note_taken(queue, key)
                worker.receive(queue, key, raw)
        else:  # the connection was lost before the answer was read
            worker.reservation.abandon()

    @precondition(lambda self: any(worker.jobs for worker in self.workers))
    @rule(choice=st.integers(0, 3))
    def finish_a_job(self, choice: int) -> None:
        worker = self.any_of(choice)
        for held in list(worker.jobs)[:1]:
            self.done[worker.jobs[held].number] += 1
            worker.finished.append(held)
            if len(worker.finished) % 3:
                self.acknowledge(choice)

    @precondition(lambda self: any(worker.finished for worker in self.workers))
    @rule(choice=st.integers(0, 3))
    def acknowledge(self, choice: int) -> None:
        worker = self.any_of(choice)
        for held in worker.finished:
            worker.reservation.ack(held)
            worker.jobs.pop(held, None)
        worker.finished.clear()

    @precondition(lambda self: self.workers)
    @rule(choice=st.integers(0, 3))
    def flush(self, choice: int) -> None:
        self.any_of(choice).reservation.acks.flush()

    @rule()
    def connections_are_closed(self) -> None:
        """By the server, all but the one that says so: those for acknowledgements among them."""
        self.client.client_kill_filter(_type="normal", skipme=True)

    @precondition(lambda self: self.workers)
    @rule(choice=st.integers(0, 3))
    def confirm(self, choice: int) -> None:
        """As the heartbeat does."""
        self.any_of(choice).reservation.acks.confirm_by(self.client, 0.0)

    @precondition(lambda self: self.workers)
    @rule(choice=st.integers(0, 3), as_asked=st.booleans())
    def requeue(self, choice: int, as_asked: bool) -> None:
        worker = self.any_of(choice)
        for held in worker.unfinished[:1]:
            del worker.jobs[held]
            (worker.reservation.requeue if as_asked else worker.reservation.give_back)(held)

    @precondition(lambda self: self.workers)
    @rule(choice=st.integers(0, 3))
    def crash(self, choice: int) -> None:
        worker = self.any_of(choice)
        worker.reservation.acks.hang_up()
        self.workers.remove(worker)

    @precondition(lambda self: self.workers)
    @rule(choice=st.integers(0, 3))
    def shut_down(self, choice: int) -> None:
        worker = self.any_of(choice)
        worker.reservation.give_back_to_head([*worker.reservation.held])
        assert worker.reservation.end()
        self.workers.remove(worker)

    @precondition(lambda self: self.workers)
    @rule(choice=st.integers(0, 3))
    def forget_prefetched(self, choice: int) -> None:
        """As Celery does after a lost connection: the objects are gone, the reservation is not."""
        worker = self.any_of(choice)
        worker.reservation.abandon()
        for held in worker.unfinished:
            del worker.jobs[held]
        worker.reservation.give_back_unknown(self.client)

    @rule()
    def leases_run_out(self) -> None:
        """For the dead, and for the living that were stopped too long; not for so long as to be forgotten."""
        members: Any = self.client.zrange("reliable:consumers", 0, -1)
        seconds, _ = self.client.time()
        for member in members:
            self.client.zadd("reliable:consumers", {member: (seconds - 1) * 1000})

    @precondition(lambda self: self.workers)
    @rule(choice=st.integers(0, 3))
    def renew(self, choice: int) -> None:
        self.any_of(choice).reservation.renew(self.client)

    @precondition(lambda self: self.workers)
    @rule(choice=st.integers(0, 3))
    def rescue(self, choice: int) -> None:
        self.any_of(choice).reservation.rescue(self.client)

    def places(self) -> Counter[int]:
        keys: Any = self.client.keys("reliable:*:*")
        lists = [*QUEUES, *keys]
        messages: list[Any] = [raw for key in lists for raw in self.client.lrange(key, 0, -1)]
        return Counter(json.loads(raw)["number"] for raw in messages)

    @invariant()
    def every_message_is_in_one_place_or_done(self) -> None:
        places = self.places()
        assert all(count == 1 for count in places.values()), places
        for number in range(self.sent):
            assert number in places or self.done[number], f"message {number} is lost"

    def teardown(self) -> None:
        for _ in list(self.workers):
            self.crash(0)
        self.start()
        survivor = self.workers[0].reservation
        for _ in range(2):
            self.leases_run_out()
            survivor.rescue(self.client)
        survivor.renew(self.client)
        while any(self.client.llen(queue) for queue in QUEUES):
            self.take(0, 3, True)
            for _ in range(3):
                self.finish_a_job(0)
                self.acknowledge(0)
        with survivor.acks.settled():
            pass
        survivor.acks.hang_up()
        assert not self.places()
        assert set(self.done) == set(range(self.sent))


@pytest.mark.parametrize("steps", [30])
def test_no_crash_between_any_two_commands_loses_a_message(valkey: Server, steps: int) -> None:
    with valkey.client(9) as client:
        AnyCrash.client = client
        chosen = settings(
            max_examples=40, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
        )
        run_state_machine_as_test(AnyCrash, settings=chosen)


@pytest.mark.parametrize("raw", [b"", b"\xff", b"[]", b"{}", b'{"headers": 3}'])
def test_what_is_no_message_stays_as_it_is(raw: bytes) -> None:
    assert mark_redelivered(raw, counted=True) == (raw, 0, None)
