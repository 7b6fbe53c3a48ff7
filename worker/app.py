"""Makes the lab's Celery app. Each setting stands with its reason; all others are Celery's defaults."""

from __future__ import annotations

import worker.logs  # has Celery tell it of its loggers
import worker.ready
import worker.restart  # noqa: F401  # both have Celery tell them of workers that start
from worker.lab_app import BOUNDS, LabApp
from worker.pools import POOLS
from worker.settings import RELIABLE_TRANSPORT, Settings, tls_options

settings = Settings.read()

#: What Celery calls each of `TRANSPORTS`.
BROKER_TRANSPORTS = {
    "reliable": RELIABLE_TRANSPORT,
    "stock": "celery_reliable_redis.stock:Transport",
}

app = LabApp("simul", broker=settings.broker_url, include=["worker.tasks"], control="worker.control:Control")

app.conf.update(
    # Both take whatever is in a queue for a message, where kombu's own ends the worker.
    broker_transport=BROKER_TRANSPORTS[settings.transport],
    # Refuses and records what is no call of our task; Celery's would end, or tell nobody.
    worker_consumer="worker.consumer:Consumer",
    broker_use_ssl=tls_options(settings.broker_url),
    # Messages come from a queue that others may write to: JSON can only be data, pickle can be code.
    accept_content=["json"],
    task_serializer="json",
    # The records are the results. A backend costs a SUBSCRIBE per job on the producer and a
    # SETEX and a PUBLISH on the worker.
    task_ignore_result=True,
    # There is no backend, and none can be had that threads could not share. Else Celery makes one for each
    # thread, and where greenlets are patched in for threads that is one for each job: a fifth of its CPU.
    result_backend_thread_safe=True,
    # A job whose worker dies is done again: its message is dropped only after its record is written. With
    # SIMUL_ACKS=early, which is Celery's default, it is dropped when the job begins, and such a job is lost.
    task_acks_late=settings.acks == "late",
    task_reject_on_worker_lost=True,
    # Who sends a task by name to the app itself (not through simul) reaches the prefork workers.
    task_default_queue=POOLS["prefork"].queue,
    # Events, and a "started" message per task, cost more than a small job does; Flower can turn them on.
    worker_send_task_events=False,
    task_track_started=False,
    # A worker may be up before its broker is (compose), and outlives its restarts.
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        **BOUNDS,
        # How long a message may be unacknowledged before another worker gets it too.
        "visibility_timeout": settings.visibility_timeout_s,
        # Look for such messages often enough that a short timeout means something.
        "unacked_restore_interval": max(0.5, min(10.0, settings.visibility_timeout_s / 4)),
        "unacked_restore_throttle": 1 if settings.visibility_timeout_s < 60 else 10,
        # The lock under which one worker looks for them is left behind by a worker that is killed, or that
        # loses the broker, just then. With kombu's default nobody could look for five minutes.
        "unacked_mutex_expire": 10,
        # Each slot that acknowledges a message borrows a connection for it. With more slots than
        # connections, kombu's default of 10 raises MaxConnectionsError now and then; the worker takes
        # that for a lost connection, starts to consume anew, and jobs are done twice or lost.
        "max_connections": 10_000,
        # A broker that does not answer is noticed by a producer within seconds.
        "socket_connect_timeout": 3,
    },
)
