"""Celery workers as contenders: those that the lab starts, and those that somebody else has started."""
