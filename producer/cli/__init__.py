"""`simul`: the command line. Each command is a module of its name: it parses, calls one function, renders.

Only this package prints or exits. All of it is loaded for any command, also for `--help`; therefore a
module imports at its top only what its options need, and the rest where the command begins.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys

import typer

from producer.cli import (
    check,
    classroom,
    compare,
    data,
    diff,
    judit,
    lesson,
    live,
    load,
    machine,
    queues,
    report,
    send,
    show,
    streams,
    sweep,
    worker,
)
from producer.cli.console import say
from producer.system import interrupts
from worker import errors
from worker.errors import SimulError
from worker.settings import Settings

#: One exit code per kind of error; 1 is an error of any other kind, 2 a misread command line.
EXIT_CODES: dict[type[SimulError], int] = {
    errors.SettingsError: 2,
    errors.UnknownNameError: 2,
    errors.TargetError: 2,
    errors.InvalidJobError: 2,
    errors.AnswerError: 2,
    errors.BrokerUnavailableError: 3,
    errors.ContenderError: 4,
    errors.UnavailableError: 4,
    errors.DataError: 5,
    errors.ResultError: 6,
    errors.NothingMeasuredError: 7,
    errors.SheetError: 2,
    errors.ReaderGoneError: streams.READER_GONE,
}

#: Terminals with fewer columns get help without boxes.
MIN_BOX_COLUMNS = 80

app = typer.Typer(
    help="The same jobs through every way Python has of doing many things at once: what each costs, "
    "honestly measured, side by side, on the same work.",
    epilog="First steps: `simul compare`, `simul judit --design asyncio`, `simul compare files --chunk 10`."
    "\n\n"
    "Exit codes: 0 done, 1 something failed or became slower, 2 misread, 3 no broker, 4 cannot run here, "
    "5 data files, 6 result files, 7 nothing measured, 8 an answer of a lab sheet is not supported, "
    "130 interrupted, 141 nobody reads on (`| head`).",
    # The boxes cut what does not fit, and the names of environment variables with it.
    rich_markup_mode="rich" if shutil.get_terminal_size().columns >= MIN_BOX_COLUMNS else None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for command in (
    compare.compare,
    sweep.sweep,
    load.load,
    queues.queues,
    lesson.lesson,
    show.show,
    diff.diff,
    report.report,
    check.check,
    send.send,
    worker.worker,
    judit.judit,
    live.live,
    machine.machine,
):
    app.command()(command)
app.command("class")(classroom.classroom)
app.add_typer(data.app, name="data")


def main() -> None:
    """Run the `simul` command; turn an error of the user's into one line and an exit code of its own."""
    with streams.install():
        code = _run_command()
        unread = _output_exit_code()
        sys.exit(code or unread)


def _run_command() -> int:
    try:
        interrupts.handle_signals()
        # Or every process that is started would stumble over it on its own. Not the address: --broker goes
        # before it.
        Settings.read({name: value for name, value in os.environ.items() if name != "SIMUL_BROKER_URL"})
        app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except KeyboardInterrupt:
        return interrupts.EXIT_CODE
    except SimulError as error:
        name = type(error).__name__.removesuffix("Error")
        say(f"{name}: {error}", style="red")
        return next((code for kind, code in EXIT_CODES.items() if isinstance(error, kind)), 1)
    return 0


def _output_exit_code() -> int:
    """Return the exit code of a successful command, whose results may not have reached anybody."""
    failure = streams.failure()
    if failure is None:
        return 0
    if isinstance(failure, BrokenPipeError):  # a reader that has seen enough, and wants no word about it
        return streams.READER_GONE
    why = "it is closed" if failure.errno == errno.EBADF else failure.strerror
    say(f"Output: stdout cannot be written (print): {why}. What was to be saved is saved.", style="red")
    return 1
