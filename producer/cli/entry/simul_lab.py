"""The entry point of the command `simul`; in a wheel, the only module of the lab that others can import.

There the packages `worker` and `producer`, and the data files, lie in the directory of this package.
In a checkout they are found where they are.
"""

import signal
import sys
from pathlib import Path


def main() -> None:
    """Run the command line."""
    # Until the command listens for it, Ctrl-C ends it by the signal, without a traceback out of its imports.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    from producer.cli import main as run

    run()
