"""What is read from other processes and set for them."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid: int) -> float | None:
    """Return the CPU time that a process has used, its own and the system's for it, in seconds; None without /proc."""
    try:
        # The name, in parentheses, may have spaces in it.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory_bytes(pid: int) -> int | None:
    """Return the resident memory of a process, None without /proc."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except OSError:
        return None


def cores() -> tuple[int, int] | None:
    """Return a core for the server and one for the generator, None where processes cannot be kept on cores."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    found = sorted(os.sched_getaffinity(0))
    return (found[0], found[1]) if len(found) > 1 else None


def pin(pid: int, core: int) -> None:
    """Keep a process, and the threads that it starts from now on, on a core."""
    os.sched_setaffinity(pid, {core})
