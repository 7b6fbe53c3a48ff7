"""The settings of the lab's Celery app that no other test would miss."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from worker.app import app


def test_all_threads_and_greenlets_share_one_backend() -> None:
    # Where they do not, gevent makes a backend for each job: a fifth of its CPU.
    with ThreadPoolExecutor(1) as another_thread:
        assert another_thread.submit(lambda: app.backend).result() is app.backend
