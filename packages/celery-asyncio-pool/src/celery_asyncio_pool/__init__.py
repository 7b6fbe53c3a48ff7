"""A Celery pool that runs `async def` tasks on one event loop, in a thread of the worker.

    CELERY_CUSTOM_WORKER_POOL=celery_asyncio_pool:TaskPool celery -A app worker --pool=custom -c 100

It works for any Celery app, and patches nothing of Celery's. Three threads take part:

- the worker's own (kombu's hub) receives messages, hands out slots here, and acknowledges;
- the tracers' thread runs what Celery does around a task, one greenlet for each. When the body
  turns out to be a coroutine its greenlet switches away, and is switched back to with the outcome;
- the loop's thread runs the coroutines, and nothing that blocks.

The greenlet is SQLAlchemy's way between synchronous code and asyncio. There it runs on the loop's
thread. Here it does so only for a task that ignores its result and has no links: otherwise Celery's
tracer talks to the broker and the result backend, which takes a round trip on a good day and minutes on
a bad one, and all coroutines would stand still.

Plain `def` tasks run in threads, tracer and all, exactly as in Celery's threads pool, or on the loop
where that is asked for. The pool refuses to interrupt a plain `def`, and to start a task without a slot.
"""

from celery_asyncio_pool.app import Celery, Task
from celery_asyncio_pool.awaiting import aget
from celery_asyncio_pool.calling import aapply_async, adelay
from celery_asyncio_pool.eager import Eager
from celery_asyncio_pool.lifespan import Lifespan, lifespan
from celery_asyncio_pool.pool import TaskPool
from celery_asyncio_pool.versions import say_what_is_missing

__all__ = ["Celery", "Eager", "Lifespan", "Task", "TaskPool", "aapply_async", "adelay", "aget", "lifespan"]

say_what_is_missing()
