"""Writes a log from a thread, and has a forked child write a line, too. The child never does. Run it."""

import os
import threading
import warnings

#: After so many seconds the child gives up, and says so: without that it would wait for ever.
PATIENCE_S = 2.0

log_lock = threading.Lock()
writing, may_end = threading.Event(), threading.Event()


def write_a_long_line() -> None:
    """Hold the log until the line is written."""
    with log_lock:
        writing.set()
        may_end.wait()


def write_in_the_child() -> int:
    """Write one line to the log; return the child's exit code."""
    if not log_lock.acquire(timeout=PATIENCE_S):
        print(f"child: no log after {PATIENCE_S:g} s, and nobody here who holds it", flush=True)
        print(f"child: threads here: {threading.active_count()}", flush=True)
        return 1
    log_lock.release()
    print("child: wrote its line", flush=True)
    return 0


def main() -> None:
    """Fork while the thread is writing, and say what became of the child."""
    writer = threading.Thread(target=write_a_long_line)
    writer.start()
    writing.wait()
    print(f"parent: threads here: {threading.active_count()}", flush=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # since 3.12 Python says what is wrong here
        child = os.fork()
    if child == 0:
        os._exit(write_in_the_child())
    may_end.set()
    writer.join()
    with log_lock:
        print("parent: wrote its line, for here the log was let go", flush=True)
    _, status = os.waitpid(child, 0)
    print(f"parent: the child {'came to it' if status == 0 else 'never did'}", flush=True)


if __name__ == "__main__":
    main()
