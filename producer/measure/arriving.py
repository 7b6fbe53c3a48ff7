"""Has the jobs of a workload arrive at a contender as offered, over and over; says if they came too late."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from producer.contenders.arrivals import NS, Offer, Repeated
from producer.contenders.protocol import Contender, Outcome, Progress, QueueContender
from producer.results import Offered
from worker.jobs import Job

#: How late the broker may get a job, in seconds; where that is later for more than one in a hundred, it is
#: the sender that is measured, and not the contender.
LATE_S = 0.05


class Arriving:
    """One run of jobs that arrive."""

    def __init__(self, contender: Contender, offer: Offer, jobs: Sequence[Job]) -> None:
        self._contender = cast(QueueContender, contender)  # `LoadPlan` sees to it
        self._offer = offer
        self._arrivals = offer.arrivals()
        #: The jobs in the order in which they arrive.
        self.jobs = Repeated(jobs, len(self._arrivals))

    def run(self, progress: Progress) -> Outcome:
        """Have them done; the run is invalid where the sender did not keep its schedule."""
        sender = self._contender.sender
        burst = self._arrivals.index(int(self._offer.burst_at_s * NS)) if self._offer.burst else None
        publish = sender.when_due(self._arrivals, burst)
        outcome = self._contender.run_sent(publish, self.jobs, progress)
        self._sent = sender.sent
        if self._sent.late_p99_s > LATE_S:
            outcome.problems.append(
                f"the sender was late (send): by {self._sent.late_p99_s:.2f} s or more for one job in a "
                f"hundred, and by up to {self._sent.late_max_s:.2f} s; offer fewer jobs (--rate), or use a "
                "machine with more cores"
            )
        return outcome

    def offered(self) -> Offered:
        """Say how they arrived."""
        offer, sent = self._offer, self._sent
        return Offered(
            offer.rate,
            offer.for_s,
            self._arrivals[0] / NS if self._arrivals else 0.0,
            offer.burst,
            offer.burst_at_s,
            sent.late_p99_s,
            sent.late_max_s,
        )
