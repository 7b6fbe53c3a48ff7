"""The pools that can execute tasks inside a Celery worker."""
