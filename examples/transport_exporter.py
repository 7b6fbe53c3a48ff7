# /// script
# dependencies = ["celery-reliable-redis", "celery[redis]>=5.5", "prometheus-client>=0.20"]
# ///
"""Tells Prometheus what the workers of an app have done, and have in hand: celery_reliable_* on port 9108.

    uv run --with prometheus-client python examples/transport_exporter.py redis://127.0.0.1:6379/0

It asks the workers each time Prometheus asks, as `celery inspect stats` does, and the broker for what was put
aside.
"""

import sys
import time
from collections.abc import Iterator
from typing import Any

from celery import Celery
from prometheus_client import REGISTRY, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from celery_reliable_redis import DeadLetters

PORT = 9108
#: Seconds that a worker has to answer; one that is busy (solo, with a long job) is left out.
PATIENCE_S = 1.0
COUNTED = {
    "taken": "Messages moved from a queue into the hands of this worker",
    "acknowledged": "Messages that were done, or rejected",
    "rescued": "Messages that this worker put back after their worker had died",
    "dead_lettered": "Messages that this worker put aside",
}
NOW = {
    "reserved": "Messages in the hands of this worker",
    "oldest_reserved_s": "Seconds for which it has had the oldest of these",
}


class Collector:
    """Asks, and gives the answers as Prometheus wants them."""

    def __init__(self, app: Celery, queues: list[str]) -> None:
        self.app, self.queues = app, queues

    def collect(self) -> Iterator[Any]:
        """Ask once."""
        answers = self.app.control.inspect(timeout=PATIENCE_S).stats() or {}
        numbers = {name: stats["broker"]["reliable"] for name, stats in answers.items()}
        for kinds, family in ((COUNTED, CounterMetricFamily), (NOW, GaugeMetricFamily)):
            for kind, text in kinds.items():
                name = kind.removesuffix("_s") + "_seconds" if kind.endswith("_s") else kind
                metric = family(f"celery_reliable_{name}", text, labels=["worker"])
                for worker, of_worker in numbers.items():
                    metric.add_metric([worker], of_worker[kind])
                yield metric
        aside = GaugeMetricFamily("celery_reliable_dead", "Messages put aside", labels=["queue"])
        with self.app.connection_for_read() as connection, connection.channel() as channel:
            for queue in self.queues:
                aside.add_metric([queue], len(DeadLetters(channel.client, queue)))
        yield aside


def main() -> None:
    """Serve the answers until somebody ends it."""
    url, *queues = sys.argv[1:]
    app = Celery(broker=url)
    app.conf.broker_transport = "celery_reliable_redis:Transport"
    REGISTRY.register(Collector(app, queues or ["celery"]))
    start_http_server(PORT, addr="127.0.0.1")
    print(f"http://127.0.0.1:{PORT}/metrics", flush=True)
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    main()
