"""The machine, its processes and its broker: what a comparison runs on, and leaves as it was."""
