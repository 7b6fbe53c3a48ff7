"""Names what can go wrong: one class for each thing that a user can do about it.

A message says what failed, in which phase, and what to do next. Only the command line turns an
error into an exit code. This module imports nothing.
"""


class SimulError(Exception):
    """The root of every error that simul raises on purpose."""


class SettingsError(SimulError):
    """An environment variable of simul's makes no sense; the message names it."""


class UnknownNameError(SimulError):
    """No workload, contender or pool has that name; the message lists those that exist."""


class InvalidJobError(SimulError):
    """A message or a description is no valid job. It is rejected and recorded, and never retried."""


class TargetError(SimulError):
    """The function that a user names cannot be found, imported, or called with these arguments."""


class CallError(SimulError):
    """A function of the user's did what no job may: it tried to end its process."""


class InvalidPositionError(InvalidJobError):
    """A chess position is illegal, or the game is over in it."""


class TimeLimitError(SimulError):
    """A job took longer than a job may. It has failed, and is recorded."""


class StoppedError(SimulError):
    """A job was interrupted because its worker is being stopped. Another worker does it."""


class DataError(SimulError):
    """A data directory cannot be read or written."""


class AnswerError(SimulError):
    """A prediction is none, or is of what is not compared; the message says what it may be."""


class BrokerUnavailableError(SimulError):
    """Nothing answers at the broker's address, the broker refuses us, or the address is no address."""


class UnavailableError(SimulError):
    """A contender cannot run on this machine; the message says why."""


class ContenderError(SimulError):
    """A contender should run here, but did not start or died."""


class NothingMeasuredError(SimulError):
    """A comparison has no valid run of some workload; the message says what stood in the way."""


class ResultError(SimulError):
    """A result file cannot be read, or would be overwritten."""


class SheetError(SimulError):
    """A lab sheet cannot be read."""


class ReaderGoneError(SimulError):
    """The reader of the output has closed it, and wants no more."""
