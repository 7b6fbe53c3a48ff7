"""The producer: makes jobs, has them done in every way, measures, and shows."""
