"""The process that sends a contender's jobs: a child of the lab, which collects records meanwhile.

It sends by the contender's own means (`PeerModule.sender`): as fast as it can, or each job when it is due,
and then says by how much it was late. The lab's requests and the answers go over a pair of pipes, as pickles:
both ends are this program.
"""

from __future__ import annotations

import bisect
import gc
import importlib
import signal
import sys
import time
from array import array
from multiprocessing.connection import Connection

from producer.contenders.peers.modules import Message, PeerModule, Send
from producer.contenders.sending import Request, Sent
from worker.job_messages import to_message
from worker.records import error_line

#: The most messages that are handed over together.
BATCH = 100
#: The shortest time between two reports of how many are sent, in nanoseconds.
REPORT_NS = 50_000_000
#: Who has not caught up with a burst after so many times as many jobs never does.
MOST_BURST = 3
#: How long after a request the arrivals begin, in nanoseconds.
LEAD_NS = 100_000_000


def main(module: str, reading: int, writing: int) -> None:
    """Serve requests from the pipe `reading` until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the lab, which then closes the pipe
    requests, replies = Connection(reading, writable=False), Connection(writing, readable=False)
    gc.disable()  # nothing here goes in circles, and to look for some would make a job late
    try:
        peer: PeerModule = importlib.import_module(module)
        with peer.sender() as send:
            replies.send(("ready", None))
            while True:
                request = requests.recv()
                replies.send(("done", _Sending(send, request, replies).send_all()))
                gc.collect()
    except EOFError:
        return
    except Exception as error:  # of whatever kind a library's are
        replies.send(("failed", error_line(error)))


class _Sending:
    """Sends the jobs of one request."""

    def __init__(self, send: Send, request: Request, replies: Connection) -> None:
        self._send = send
        self._request = request
        self._replies = replies
        self._reported_ns = 0

    def send_all(self) -> Sent:
        if self._request.arrivals is not None:
            return self._send_when_due(self._request.arrivals)
        jobs = len(self._request.jobs)
        for first in range(0, jobs, BATCH):
            last = min(first + BATCH, jobs)
            self._send([self._message(index, time.monotonic_ns()) for index in range(first, last)])
            self._report(last)
        return Sent()

    def _send_when_due(self, arrivals: array[int]) -> Sent:
        begin_ns, first = time.monotonic_ns() + LEAD_NS, 0
        late, of_burst, burst = array("q"), array("q"), self._request.burst
        while first < len(arrivals):
            now_ns = time.monotonic_ns() - begin_ns
            last = bisect.bisect_right(arrivals, now_ns, first, min(first + BATCH, len(arrivals)))
            if last == first:
                if burst is not None and first > burst:  # it has caught up
                    burst, of_burst = None, array("q")
                time.sleep((arrivals[first] - now_ns) / 1e9)
                continue
            self._send([self._message(index, begin_ns + arrivals[index]) for index in range(first, last)])
            sent_ns = time.monotonic_ns() - begin_ns
            lateness = of_burst if burst is not None and last > burst else late
            lateness.extend(sent_ns - due_ns for due_ns in arrivals[first:last])
            first = last
            self._report(last)
        if burst is not None and len(arrivals) - burst > MOST_BURST * self._burst_size(arrivals, burst):
            late += of_burst  # it never caught up, in which the burst has no part
        in_order = sorted(late) or [0]
        return Sent(in_order[int(0.99 * (len(in_order) - 1))] / 1e9, in_order[-1] / 1e9)

    def _burst_size(self, arrivals: array[int], burst: int) -> int:
        return bisect.bisect_right(arrivals, arrivals[burst]) - burst

    def _message(self, index: int, enqueued_ns: int) -> Message:
        job = to_message(self._request.jobs[index])
        return {"run": self._request.run, "index": index, "enqueued_ns": enqueued_ns, "job": job}

    def _report(self, count: int) -> None:
        if (now_ns := time.monotonic_ns()) - self._reported_ns > REPORT_NS:
            self._reported_ns = now_ns
            self._replies.send(("sent", count))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
