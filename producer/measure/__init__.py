"""The measuring: a whole comparison, its rounds, and the only clock around a run."""
