"""Saves a result after every run; none is lost to a name, or to a directory that is gone.

A file is JSON, gzipped where its name ends in .gz.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import suppress
from pathlib import Path

from producer.results.growing import GrowingFile
from producer.results.model import Result, Run
from producer.system import writing
from worker.errors import ResultError


class ResultFile:
    """A result on its way to disk: a save after a run writes that run, whatever the file holds already.

    A name that somebody else has taken by the first save is left to them: ours gets a number. What cannot be
    written where it should be goes to the directory for temporary files, until it can.
    """

    def __init__(self, asked: Path | None = None, what: str = "compare") -> None:
        """`asked` is a name that no file has; None stands for one made of `what` and the time, in `results`.

        Raises:
            ResultError: there is such a file, or there can be none.
        """
        self.asked = asked or Path("results") / f"{what}-{time.strftime('%Y%m%d-%H%M%S')}.json.gz"
        #: Where the result is, or will be.
        self.path = self.asked
        #: Why that is not where it should be; None where it is.
        self.trouble: str | None = None
        self._runs: list[Run] = []
        self._home = self._file(self.asked)
        self._elsewhere: GrowingFile | None = None
        # Found out now, and not after the first run.
        try:
            writing.require_free(self.asked)
        except FileExistsError:
            if asked:
                raise ResultError(f"{asked} exists already (save): name another file with --out") from None
        except OSError as error:
            raise _cannot_be_written(self.asked, error) from None

    def add(self, run: Run) -> None:
        """Add a run; `save` writes it."""
        self._runs.append(run)

    def save(self, result: Result, anew: bool = False) -> None:
        """Bring the file up to date, or write all of it `anew`; its runs are those added, not `result.runs`.

        Raises:
            ResultError: it can be written neither where it should be nor elsewhere.
        """
        try:
            self._home.save(result, self._runs, anew)
        except OSError as error:
            self._save_elsewhere(result, anew, error)
        else:
            self._leave_elsewhere()
            self.path = self._home.path

    def _save_elsewhere(self, result: Result, anew: bool, why: OSError) -> None:
        file = self._elsewhere or self._file(Path(tempfile.gettempdir()) / self.asked.name)
        try:
            file.save(result, self._runs, anew)
        except OSError:
            raise _cannot_be_written(self.asked, why) from None
        self._elsewhere, self.path = file, file.path
        self.trouble = why.strerror or str(why)

    def _leave_elsewhere(self) -> None:
        if self._elsewhere:
            with suppress(OSError):
                self._elsewhere.path.unlink()
        self._elsewhere = self.trouble = None

    def _file(self, path: Path) -> GrowingFile:
        return GrowingFile(path, packed=self.asked.suffix == ".gz")


def _cannot_be_written(path: Path, error: OSError) -> ResultError:
    return ResultError(f"{path} cannot be written (save): {error.strerror}")
