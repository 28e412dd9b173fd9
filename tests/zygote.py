"""A process that has the packages imported and forks a `folkmoot` for each order. See `tests/commands.py`.

Importing is most of what a short command does, and a test run starts hundreds. A fork is a process like any other:
it has arguments, environment, files and an end of its own, and runs the command line from its first line on.
"""

import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from contextlib import suppress
from functools import partial

# Only what reads neither environment nor arguments when it is imported: the command line itself does.
AHEAD = (
    "alembic.command",
    "folkmoot_client.sdk",
    "folkmoot_server.demo.play",
    "folkmoot_server.bus.nats",
    "folkmoot_server.storage.postgres.store",
    "folkmoot_server.storage.check.tools",
    "logging.config",
    "prompt_toolkit",
    "rich.progress",
    "rich.table",
    "typer._adapters",
)
FILES = 4
"""Come with an order: its standard input, output and error, and a socket for its process id and its end."""


def take_order(control: socket.socket) -> tuple[dict[str, object], list[int]] | None:
    """Wait for an order; return it with its files, None when nobody can give one any more."""
    data, files, _, _ = socket.recv_fds(control, 65536, FILES)
    while data and not data.endswith(b"\n"):
        data += control.recv(65536)
    return (json.loads(data), files) if data else None


def tell_ends(running: dict[int, int]) -> None:
    """Tell of commands that have ended how they did. `running` has, by process id, where to."""
    while running:
        ended, status = os.waitpid(-1, os.WNOHANG)
        if not ended:
            return
        answer = running.pop(ended)
        with suppress(BrokenPipeError):  # who gave the order need not care
            os.write(answer, f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os.close(answer)


def fork_on_order(control: socket.socket) -> bool:
    """Serve orders. Return True in each process that is to run a command, False when there will be no more."""
    running: dict[int, int] = {}
    ends, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell)
    signal.signal(signal.SIGCHLD, lambda _signal, _frame: None)
    while True:
        ready, _, _ = select.select([control, ends], [], [])
        if ends in ready:
            os.read(ends, 4096)
            tell_ends(running)
        if control not in ready:
            continue
        if (given := take_order(control)) is None:
            return False
        order, files = given
        command = os.fork()
        if command == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for one in (control.detach(), ends, tell, *running.values()):
                os.close(one)
            become(order, files)
            return True
        running[command] = files[3]
        with suppress(BrokenPipeError):
            os.write(files[3], f"{command}\n".encode())
        for one in files[:3]:
            os.close(one)


def become(order: dict[str, object], files: list[int]) -> None:
    """Take on what a process gets from whoever starts it."""
    for target, one in enumerate(files[:3]):
        os.dup2(one, target)
    for one in files:
        os.close(one)
    os.environ.clear()
    os.environ.update(order["environment"])  # type: ignore[call-overload]
    sys.argv = ["folkmoot", *order["arguments"]]  # type: ignore[misc]


def hash_cheaply() -> None:
    """Let passwords be hashed with the least parameters: nobody is to guess those of tests.

    The usual ones, which a test of `Passwords` holds, cost each server a fifth of a second before anybody signs in.
    """
    from argon2 import PasswordHasher, profiles

    from folkmoot_server.crypto import passwords

    passwords.PasswordHasher = partial(PasswordHasher.from_parameters, profiles.CHEAPEST)  # type: ignore[assignment,misc]


def compile_statements() -> None:
    """Compile the statements that are constants: each server would do it as it starts, a third of what that costs."""
    from sqlalchemy import CompoundSelect, Select

    from folkmoot_server.storage.sql.fetch import compiled

    for name, module in list(sys.modules.items()):
        if name.startswith("folkmoot_server.storage."):
            for one in list(vars(module).values()):
                if isinstance(one, Select | CompoundSelect):
                    compiled(one)


def main() -> None:
    """Import, then fork on order until the control socket closes."""
    for name in AHEAD:
        with suppress(ModuleNotFoundError):  # extras that are not installed
            importlib.import_module(name)
    hash_cheaply()
    compile_statements()
    # A ^C in the terminal is for the tests: they end what they started.
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    if fork_on_order(socket.socket(fileno=int(sys.argv[1]))):
        signal.signal(signal.SIGINT, previous)
        from folkmoot_server.cli import main as folkmoot

        folkmoot()


if __name__ == "__main__":
    main()
