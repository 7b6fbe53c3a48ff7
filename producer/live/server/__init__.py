"""The live server: an ASGI app of few routes, and what reads, queues and looks beside it."""
