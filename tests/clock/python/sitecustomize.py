"""Python under libfaketime, which finds this by PYTHONPATH.

Debian's libfaketime 0.9.10 spoils clock_nanosleep() on the monotonic clock when it is told to leave that
clock alone (wolfcw/libfaketime#426), and Python's sleep() is made of it. select() waits as well.
"""

import select
import time


def sleep(seconds: float) -> None:
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    select.select([], [], [], seconds)


if __name__ == "sitecustomize":  # not where a test imports it
    time.sleep = sleep
