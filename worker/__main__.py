"""Runs Celery's command as `python -m worker`, so that Ctrl-C ends it without a traceback while it starts.

Celery handles the signal only after a second of imports; until then Python would raise KeyboardInterrupt in
any of them. Nothing else is imported here: Celery patches for gevent and eventlet before it imports.
"""

import signal

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)

    from celery.__main__ import main

    main()
