"""Runs a worker as `python -m worker`: what `celery -A worker worker` does, and sooner.

Ctrl-C ends it without a traceback while it starts: Celery handles the signal only after half a second of
imports, and until then Python would raise KeyboardInterrupt in any of them. Nothing of Celery's is imported
here: it patches for gevent and eventlet before it imports.
"""

import signal

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)

    from worker.start import main

    main()
