"""`send_many` leaves in the queue what `apply_async` would have left, on a real server."""

from __future__ import annotations

import functools
import json
import uuid
from collections.abc import Iterator
from datetime import date, time, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from celery import Celery, Task, chain, signals
from kombu import Exchange, Queue, serialization
from kombu.exceptions import EncodeError
from kombu.transport import pyamqp

from celery_reliable_redis import sending, template
from celery_reliable_redis.prototype import Caught, make_prototype_of
from celery_reliable_redis.sending import NotAllSentError, send_many
from celery_reliable_redis.target import Target
from transport_lab import RELIABLE, Server
from transport_messages import NOW, route, sending_app, take

JOBS: list[tuple[Any, Any]] = [
    ((1,), None),
    ([2, "é\"'\\%s"], {}),
    ((), {"x": {"k": [None, True, 1.5]}}),
    ((3,), {"y": "%d{}"}),
]


@pytest.fixture
def app(valkey: Server) -> Iterator[Any]:
    with sending_app(valkey) as app:
        yield app


@pytest.fixture
def applied(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Grows whenever Celery itself makes a message for `send_many`."""
    calls: list[Any] = []
    ordinary = Target.apply

    def apply(*arguments: Any, **options: Any) -> Any:
        calls.append(options)
        return ordinary(*arguments, **options)

    monkeypatch.setattr(Target, "apply", apply)
    return calls


def same_as_a_loop(
    task: Any, jobs: list[tuple[Any, Any]], client: redis.Redis, **options: Any
) -> dict[str, Any]:
    """Assert that both ways leave the same; returns what they leave."""
    assert send_many(task, jobs, **options) == len(jobs)
    ours = take(client)
    for args, kwargs in jobs:
        task.apply_async(args, kwargs, **options)
    assert ours == take(client)
    return ours


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"queue": "other"},
        {"queue": Queue("made", Exchange("made"), "made")},
        {"priority": 0, "queue": 'q"%s'},
        {"priority": 4},
        {"priority": 99},
        {"expires": 10, "countdown": 5},
        {"expires": NOW + timedelta(hours=1)},
        {"eta": NOW + timedelta(days=1)},
        {"headers": {"mine": ["ü", '"'], "%s": "%(x)s"}},
        {"time_limit": 10, "soft_time_limit": 5, "shadow": "shown as", "retries": 2},
        {"ignore_result": False, "reply_to": "me"},
        {"argsrepr": "", "kwargsrepr": "<hidden>"},
        {"argsrepr": None, "kwargsrepr": "only this"},
        {"group_id": "g", "group_index": 3, "parent_id": "p"},
        {"delivery_mode": 1, "retry": False, "mine": "a property"},
        {"serializer": "pickle"},
        {"compression": "zlib"},
        {"compression": "bzip2", "serializer": "pickle"},
    ],
    ids=str,
)
def test_the_messages_are_those_of_apply_async(
    app: Any, client: redis.Redis, applied: list[Any], options: dict[str, Any]
) -> None:
    same_as_a_loop(app.tasks["add"], JOBS, client, **options)
    assert len(applied) == 1  # and are written here, all but the one after which they are made


def test_callbacks_are_the_same_for_all(app: Any, client: redis.Redis) -> None:
    add = app.tasks["add"]
    left = same_as_a_loop(add, JOBS, client, link=[add.s(1), add.s(2)], link_error=add.si(9))
    assert len(left["celery"][0]["body"][2]["callbacks"]) == 2


def test_callbacks_need_not_be_json(app: Any, client: redis.Redis) -> None:
    same_as_a_loop(app.tasks["own"], JOBS, client, link=app.tasks["add"].si({1, 2}))


def test_values_that_kombus_json_knows_are_sent(app: Any, client: redis.Redis, applied: list[Any]) -> None:
    values = [
        NOW,
        date(2000, 1, 2),
        time(1, 2),
        Decimal("1.5"),
        uuid.UUID(int=5),
        b"x",
        b"\xff",
        10**40,
        float("inf"),
    ]
    same_as_a_loop(app.tasks["add"], [((value,), {"y": [value]}) for value in values], client)
    assert len(applied) == 1


def test_a_serializer_of_ones_own_is_used_under_the_name_of_json(app: Any, client: redis.Redis) -> None:
    content_type, encoding, _ = serialization.dumps({}, "json")
    original = serialization.registry._encoders["json"], serialization.registry._decoders[content_type]
    serialization.register("json", lambda _: '[["mine"], {}, {}]', original[1], content_type, encoding)
    try:
        left = same_as_a_loop(app.tasks["add"], JOBS, client)
    finally:
        serialization.register("json", original[0].encoder, original[1], content_type, encoding)
    assert left["celery"][0]["body"][0] == ["mine"]


def test_a_tasks_own_options_and_the_routes_and_the_priorities_of_the_app_count(
    app: Any, client: redis.Redis, applied: list[Any]
) -> None:
    assert list(same_as_a_loop(app.tasks["own"], JOBS, client)) == ["own\x06\x163"]
    app.conf.update(task_routes={"ad*": {"queue": "routed", "priority": 6}}, task_default_priority=9)
    app.amqp.flush_routes()
    assert list(same_as_a_loop(app.tasks["add"], JOBS, client)) == ["routed\x06\x166"]
    assert len(applied) == 2


def test_a_name_is_sent_as_send_task_sends_it(app: Any, client: redis.Redis) -> None:
    for name in ("add", "own", "elsewhere.task"):
        assert send_many(name, JOBS, app=app, expires=5) == len(JOBS)
        ours = take(client)
        for args, kwargs in JOBS:
            app.send_task(name, args, kwargs, expires=5)
        assert ours == take(client)


def test_a_signature_adds_its_arguments_and_options(app: Any, client: redis.Redis) -> None:
    add = app.tasks["add"]
    same_as_a_loop(
        add.s(5).set(queue="signed", priority=3), [((1,), None), (None, {"y": 1}), ((), {})][:2], client
    )
    same_as_a_loop(add.si(5, y=6).set(countdown=3), JOBS, client, countdown=None)
    assert send_many(chain(add.si(1), add.si(2)), [((), {})] * 2) == 2
    assert [len(message["body"][2]["chain"]) for message in take(client)["celery"]] == [1, 1]


@pytest.mark.parametrize("transport", [None, RELIABLE, "celery_reliable_redis.stock:ClientTransport"])
def test_queues_priorities_and_prefixes_are_those_of_the_transport(
    valkey: Server, client: redis.Redis, transport: str | None, applied: list[Any]
) -> None:
    options: Any = {"priority_steps": [0, 5], "sep": ":", "global_keyprefix": "here."}
    with sending_app(valkey, transport, **options) as app:
        left = same_as_a_loop(app.tasks["add"], JOBS, client, priority=7)
        assert list(left) == ["here.celery:5"]
        assert len(applied) == 1
        assert client.exists("here._kombu.binding.celery")


def test_the_queue_is_declared_once(app: Any, client: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    declared: list[Any] = []
    original = Queue.declare

    def declare(*arguments: Any, **options: Any) -> Any:
        declared.append(arguments)
        return original(*arguments, **options)

    monkeypatch.setattr(Queue, "declare", declare)
    queue = uuid.uuid4().hex  # kombu keeps connections, and remembers what has been declared on them
    send_many(app.tasks["add"], [((n,), {}) for n in range(3 * sending.BLOCK)], queue=queue)
    assert len(declared) == 1
    assert client.smembers(f"_kombu.binding.{queue}")


def nothing(x: Any = 0, y: Any = 0) -> None: ...


def own_apply_async(app: Any) -> Any:
    class Tagged(Task):  # type: ignore[misc]  # Celery is untyped
        def apply_async(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
            return super().apply_async(args, kwargs, headers={"first": args[0] if args else None}, **options)

    return app.task(nothing, name="tagged", shared=False, base=Tagged)


def test_a_wrapper_around_celerys_own_apply_async_sees_each_message(
    app: Any, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    celerys = Task.apply_async

    @functools.wraps(celerys)
    def traced(self: Any, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        return celerys(self, args, kwargs, headers={"trace": args[0] if args else None}, **options)

    monkeypatch.setattr(Task, "apply_async", traced)
    left = same_as_a_loop(app.tasks["add"], JOBS, client)["celery"]
    assert len({message["headers"]["trace"] for message in left}) > 1


@pytest.mark.usefixtures("client")
def test_an_apply_async_of_ones_own_may_return_nothing(app: Any) -> None:
    class Later(Task):  # type: ignore[misc]  # Celery is untyped
        def apply_async(self, *_: Any, **__: Any) -> None: ...

    task = app.task(nothing, name="later", shared=False, base=Later)
    assert send_many(task, JOBS) == len(JOBS)


@pytest.mark.parametrize("uniform", [True, False])
def test_they_are_sent_over_the_connection_that_is_given(
    app: Any, client: redis.Redis, uniform: bool, applied: list[Any]
) -> None:
    with Celery("elsewhere", set_as_current=False).connection(f"{app.conf.broker_url[:-1]}4") as other:
        options = {} if uniform else {"queue": Queue("expiring", expires=60.0)}
        assert send_many(app.tasks["add"], JOBS, connection=other, **options) == len(JOBS)
        assert len(applied) == (1 if uniform else 1 + len(JOBS))
        with other.channel() as channel:
            name = "celery" if uniform else "expiring"
            assert channel.queue_declare(name, passive=True).message_count == len(JOBS)
            channel.queue_purge(name)
    assert not client.keys()


def show(_: Any, args: Any, *__: Any) -> str:
    return f"for {args}"


def own_shadow(app: Any) -> Any:
    return app.task(nothing, name="shaded", shared=False, shadow_name=show)


@pytest.mark.parametrize("make", [own_apply_async, own_shadow])
def test_a_task_with_its_own_way_of_sending_is_sent_in_that_way(
    app: Any, client: redis.Redis, make: Any
) -> None:
    left = same_as_a_loop(make(app), JOBS, client)["celery"]
    assert len({str(message["headers"]) for message in left}) == len(JOBS)


@pytest.mark.parametrize(
    "settings",
    [
        {"task_routes": route},
        {"task_routes": [{"add": {"queue": "x"}}, "transport_messages.route"]},
        {"task_send_sent_event": True},
    ],
    ids=["router", "routers", "events"],
)
def test_what_may_look_at_each_message_sees_each(
    app: Any, client: redis.Redis, settings: dict[str, Any], applied: list[Any]
) -> None:
    app.conf.update(settings)
    same_as_a_loop(app.tasks["add"], [(args or (), kwargs or {}) for args, kwargs in JOBS], client)
    assert len(applied) == len(JOBS)


def test_protocol_1_is_left_to_celery(app: Any, client: redis.Redis) -> None:
    app.conf.task_protocol = 1
    assert send_many(app.tasks["add"], JOBS) == len(JOBS)
    assert client.llen("celery") == len(JOBS)


@pytest.mark.parametrize("sender", [None, "add"])
def test_receivers_of_signals_see_and_change_each_message(
    app: Any, client: redis.Redis, sender: str | None
) -> None:
    seen = []

    def before(body: Any, headers: Any, **_: Any) -> None:
        headers["changed"] = str(body[:2])

    def after(headers: Any, **_: Any) -> None:
        seen.append(headers["changed"])

    signals.before_task_publish.connect(before, sender=sender)
    signals.after_task_publish.connect(after, sender=sender)
    try:
        left = same_as_a_loop(app.tasks["add"], JOBS, client)
    finally:
        signals.before_task_publish.disconnect(before, sender=sender)
        signals.after_task_publish.disconnect(after, sender=sender)
    assert [message["headers"]["changed"] for message in left["celery"]] * 2 == seen


@pytest.mark.usefixtures("client")
def test_who_listens_to_other_tasks_slows_nothing(app: Any, applied: list[Any]) -> None:
    def receiver(**_: Any) -> None: ...

    signals.before_task_publish.connect(receiver, sender="another")
    try:
        send_many(app.tasks["add"], JOBS)
    finally:
        signals.before_task_publish.disconnect(receiver, sender="another")
    assert len(applied) == 1


def test_a_named_exchange_is_left_to_celery(app: Any, client: redis.Redis) -> None:
    topic = Queue("by topic", Exchange("topics", "topic"), "a.#")
    app.amqp.queues.add(topic)
    left = same_as_a_loop(app.tasks["add"], JOBS, client, queue="by topic", routing_key="a.b")
    assert list(left) == ["by topic"]


def test_eager_tasks_are_done_at_once(app: Any, client: redis.Redis) -> None:
    done = []
    app.conf.task_always_eager = True

    @app.task(name="eager", shared=False)  # type: ignore[untyped-decorator]  # Celery is untyped
    def eager(number: int) -> None:
        done.append(number)

    assert send_many(eager, [((1,), None), ((2,), None)]) == 2
    assert done == [1, 2]
    assert not client.keys()


def test_another_broker_gets_them_one_by_one() -> None:
    with Celery("elsewhere", broker="memory://", set_as_current=False) as app:
        assert send_many("add", JOBS, app=app) == len(JOBS)
        with app.connection_for_read() as connection:
            assert connection.default_channel.queue_declare("celery", passive=True).message_count == len(JOBS)


def test_the_ids_are_told_in_the_order_of_the_jobs(app: Any, client: redis.Redis) -> None:
    ids: list[str] = []
    send_many(app.tasks["add"], (((n,), {}) for n in range(1234)), on_sent=ids.extend)
    assert len({*ids}) == 1234
    raws: Any = client.lrange("celery", 0, -1)
    assert all(f'"id": "{task_id}"'.encode() in raw for task_id, raw in zip(ids, reversed(raws), strict=True))


@pytest.mark.usefixtures("client")
def test_a_time_from_now_is_counted_anew_for_later_messages(
    app: Any, applied: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "RENEW_S", -1.0)
    jobs = [((n,), None) for n in range(3 * sending.BLOCK)]
    options: Any
    for options, made in [({"countdown": 5}, 4), ({"expires": 5}, 4), ({"eta": NOW}, 1)]:
        applied.clear()
        send_many(app.tasks["add"], jobs, **options)
        assert len(applied) == made


def test_no_message_is_older_than_its_job(
    app: Any, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [NOW]
    monkeypatch.setattr(app, "now", lambda: clock[0])
    for module in (sending, template):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock[0].timestamp()))

    def jobs() -> Iterator[tuple[Any, Any]]:
        for number in range(4):
            clock[0] += timedelta(minutes=1)
            yield (number,), None

    send_many(app.tasks["add"], jobs(), expires=30)
    raws: Any = reversed(client.lrange("celery", 0, -1))
    expiries = [json.loads(raw)["headers"]["expires"] for raw in raws]
    assert expiries == [(NOW + timedelta(minutes=n + 1, seconds=30)).isoformat() for n in range(4)]


def test_no_job_needs_no_broker() -> None:
    with Celery("nowhere", broker="redis://127.0.0.1:1/0", set_as_current=False) as app:
        assert send_many("add", [], app=app) == 0


def test_no_more_jobs_are_taken_than_are_on_their_way(app: Any, client: redis.Redis) -> None:
    most = 0

    def jobs() -> Iterator[tuple[Any, Any]]:
        nonlocal most
        for number in range(5000):
            most = max(most, number - client.llen("celery"))
            yield (number,), None

    assert send_many(app.tasks["add"], jobs()) == 5000
    assert most <= 10 * sending.BLOCK


@pytest.mark.parametrize("count", [150, 2 * sending.BLOCK])
def test_what_came_before_a_faulty_job_is_sent(app: Any, client: redis.Redis, count: int) -> None:
    add = app.tasks["add"]
    good: list[Any] = [((n,), {}) for n in range(count)]
    bad: Any
    for bad, error in [(((), {}), TypeError), ((object(),), TypeError), (((object(),), {}), EncodeError)]:
        told: list[str] = []
        with pytest.raises(error):
            send_many(add, [*good, bad, ((1,), {})], on_sent=told.extend)
        assert len(told) == client.llen("celery") == count
        client.delete("celery")


def test_the_error_of_an_iterator_comes_after_what_it_gave(app: Any, client: redis.Redis) -> None:
    def jobs() -> Iterator[tuple[Any, Any]]:
        yield from [((n,), None) for n in range(3)]
        raise OSError("a file of mine")

    with pytest.raises(OSError, match="a file of mine"):
        send_many(app.tasks["add"], jobs())
    assert client.llen("celery") == 3


def test_what_came_before_a_job_that_could_not_send_is_told(app: Any) -> None:
    inner = NotAllSentError(7, "of a job")

    def jobs() -> Iterator[tuple[Any, Any]]:
        yield from [((n,), None) for n in range(3)]
        raise inner

    told: list[str] = []
    with pytest.raises(NotAllSentError) as failed:
        send_many(app.tasks["add"], jobs(), on_sent=told.extend)
    assert failed.value is inner
    assert len(told) == 3


def test_an_interrupt_leaves_a_producer_that_works(app: Any, client: redis.Redis) -> None:
    add = app.tasks["add"]

    def jobs() -> Iterator[tuple[Any, Any]]:
        yield from [((n,), None) for n in range(450)]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        send_many(add, jobs())
    assert send_many(add, JOBS, queue="next") == len(JOBS)
    add.apply_async((1,), queue="next")
    assert client.llen("next") == len(JOBS) + 1


@pytest.mark.parametrize(
    ("task", "options", "words"),
    [("add", {}, "needs app="), (print, {}, "a task, a signature"), (None, {"task_id": "x"}, "task_id")],
)
def test_what_cannot_be_is_refused(app: Any, task: Any, options: dict[str, Any], words: str) -> None:
    with pytest.raises(TypeError, match=words):
        send_many(app.tasks["add"] if task is None else task, JOBS, **options)


def test_a_task_that_sends_gets_children_only_where_asked(app: Any, client: redis.Redis) -> None:
    add = app.tasks["add"]
    children = []

    @app.task(name="parent", shared=False, bind=True)  # type: ignore[untyped-decorator]  # Celery is untyped
    def parent(self: Any, **options: Any) -> None:
        send_many(add, JOBS, **options)
        children.append(len(self.request.children))

    parent.apply()
    parent.apply(kwargs={"add_to_parent": True})
    assert children == [0, len(JOBS)]
    raws: Any = client.lrange("celery", 0, -1)
    assert all(b'"parent_id": "' in raw for raw in raws)


def test_with_a_transport_whose_messages_are_no_dicts_celery_sends(app: Any, client: redis.Redis) -> None:
    add = app.tasks["add"]
    with app.producer_or_acquire() as producer:
        caught = Caught(producer)
        add.apply_async((1,), producer=caught)
        caught.producer = SimpleNamespace(channel=pyamqp.Channel.__new__(pyamqp.Channel), serializer="json")
        caught.producer.compression, caught.options["retry"] = None, False
        assert make_prototype_of(caught, "tag") is None
    assert not client.keys()
