"""Starts each contender once, and keeps it as long as a later workload wants it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

from producer.contenders.protocol import Contender
from producer.contenders.spec import Spec


class Roster:
    """Starts contenders, of which several threads may start one each, and stops them together.

    Use it as a context manager: leaving it stops all of them.
    """

    def __init__(self, make: Callable[[Spec], Contender]) -> None:
        #: Seconds from nothing to warm, by contender, with whatever else started meanwhile.
        self.startups_s: dict[Spec, float] = {}
        self._make = make
        self._contenders: dict[Spec, Contender] = {}

    def contender(self, spec: Spec) -> Contender:
        """Return the contender; it is made where there is none yet, and not started."""
        if spec not in self._contenders:
            self._contenders[spec] = self._make(spec)
        return self._contenders[spec]

    def start(self, spec: Spec) -> Contender:
        """Start the contender unless it runs already, and return it.

        Raises:
            ContenderError: it did not become ready.
        """
        contender = self.contender(spec)
        if contender.alive():
            return contender
        contender.stop()
        before = time.monotonic()
        contender.start()
        self.startups_s[spec] = time.monotonic() - before
        return contender

    def stop_all_but(self, wanted: Collection[Spec]) -> None:
        """Stop those that nobody wants any more."""
        unwanted = [spec for spec in self._contenders if spec not in wanted]
        if unwanted:
            with ThreadPoolExecutor(len(unwanted)) as stoppers:
                list(stoppers.map(lambda spec: self._contenders[spec].stop(), unwanted))
        for spec in unwanted:
            del self._contenders[spec]

    def __enter__(self) -> Roster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop_all_but(())
