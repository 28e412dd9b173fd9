"""A Python that finds this folder on its path takes the machine for one whose clock somebody sets.

The file that WRONG_CLOCK names holds by how many seconds it is ahead; without one it is right. Only the time of day is
wrong: what measures how long something takes goes on as ever.
"""

import os
import time

_time, _time_ns = time.time, time.time_ns


def _ahead_s() -> int:
    path = os.environ.get("WRONG_CLOCK")
    if not path:
        return 0
    with open(path) as file:
        return int(file.read() or 0)


time.time = lambda: _time() + _ahead_s()
time.time_ns = lambda: _time_ns() + _ahead_s() * 1_000_000_000
