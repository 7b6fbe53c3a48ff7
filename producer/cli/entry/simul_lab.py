"""The entry point of the command `simul`; in a wheel, the only module of the lab that others can import.

There the packages `worker` and `producer`, and the data files, lie in the directory of this package.
In a checkout they are found where they are.
"""

import sys
from pathlib import Path


def main() -> None:
    """Run the command line."""
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    from producer.cli import main as run

    run()
