"""What can go wrong, one class for each thing a user can do about it. Imports nothing.

A message says what failed, in which phase, and what to do next. Only the command line turns an
error into an exit code.
"""


class SimulError(Exception):
    """The root of every error that simul raises on purpose."""


class SettingsError(SimulError):
    """An environment variable of simul's that makes no sense; the message names it."""


class UnknownNameError(SimulError):
    """No workload, contender or pool has that name; the message lists those that exist."""


class InvalidJobError(SimulError):
    """A message or a description that is no valid job. It is rejected and recorded, never retried."""


class InvalidPositionError(InvalidJobError):
    """A chess position that is illegal, or in which the game is over."""


class TimeLimitError(SimulError):
    """A job that took longer than a job may. It has failed, and is recorded."""


class StoppedError(SimulError):
    """A job that was interrupted because its worker is being stopped. It is not recorded: another does it."""


class DataError(SimulError):
    """A data directory that cannot be read or written."""


class BrokerUnavailableError(SimulError):
    """Nothing answers at the broker's address, it refuses us, or the address is none."""


class UnavailableError(SimulError):
    """A contender that cannot run on this machine; the message says why."""


class ContenderError(SimulError):
    """A contender that should run here, but did not start or died."""


class NothingMeasuredError(SimulError):
    """A comparison without one valid run of some workload; the message says what stood in the way."""


class ResultError(SimulError):
    """A result file that cannot be read, or would be overwritten."""


class ReaderGoneError(SimulError):
    """Whoever read what is being written has gone, and wants no more of it."""
