"""The line that shows what a comparison does."""

from __future__ import annotations

import io

from rich.console import Console

from producer.contenders.spec import Spec
from producer.measure.progress import ProgressWatcher
from producer.workloads import build
from worker.settings import PROJECT_DATA

WAITS = build("waits", 1, 1, 1, PROJECT_DATA)


def test_the_contender_that_all_wait_for_is_named_while_others_start_beside_it() -> None:
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, color_system=None, width=120)
    slow, other = Spec("celery:gevent", 4), Spec("threads", 8)
    with ProgressWatcher(console) as watcher:
        watcher.starting(WAITS, [slow])
        assert "waits: starting celery:gevent@4 " in output.getvalue()
        watcher.starting(WAITS, [slow, other])
    assert "waits: starting celery:gevent@4 and 1 more " in output.getvalue()
