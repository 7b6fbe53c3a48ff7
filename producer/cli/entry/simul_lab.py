"""What the command `simul` runs. In a wheel, it is all of the lab that other people's imports can find.

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
