"""The contenders: every way of having jobs done, under one protocol.

A contender is written `threads@8` or `celery:gevent@100`: a design in this machine's own processes, or
a pool in a Celery worker, and its slots. What each is made of stands in `designs` and `celery_workers`.
"""
