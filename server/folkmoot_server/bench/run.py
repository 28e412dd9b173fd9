"""Starts what is measured and what measures it, one pair of processes after the other."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from ..common.terminal import _
from ..config.documents import load_documents
from ..demo.play import interruptible
from ..main import raise_file_limit
from ..storage.check.seed import seed
from .loads import DEFAULT_LOADS, LOADS, WARM_UP_S, Found, Job, Load, Place, Progress
from .processes import cores, pin

START_S = 60.0
STOP_S = 30.0
NO_LIMITS = (
    "posts_per_second",
    "requests_per_second",
    "acts_per_minute",
    "group_acts_per_minute",
    "sign_ins_per_minute",
    "connections_per_address",
)
"""Limits of the server that are about people, not about what a server can do; everything else stays as it is."""

Tell = Callable[[float, float], None]
"""Told how much is done, of how much."""


class BenchError(Exception):
    """A server or the generator did not do its part."""


class Pair(NamedTuple):
    """What was found of the server and of the reference under the same load."""

    name: str
    load: Load
    folkmoot: Found
    reference: Found


def choose(names: Sequence[str], shape: Mapping[str, int | None]) -> dict[str, Load]:
    """Return loads by name, the default ones if none is named, with `shape` in place of their own where it is given.

    Raises ValueError when there would be more senders than members.
    """
    given = {name: value for name, value in shape.items() if value is not None}
    chosen = {name: replace(LOADS[name], **given) for name in names or DEFAULT_LOADS}
    for load in chosen.values():
        if load.senders > load.groups * load.members:
            text = _("{senders} members cannot post where there are {members}.")
            raise ValueError(text.format(senders=load.senders, members=load.groups * load.members))
    return chosen


def measure(loads: Mapping[str, Load], seconds: float, tell: Tell) -> list[Pair]:
    """Measure each load for so many seconds, the server and the reference in turn. Raises BenchError, StorageError."""
    raise_file_limit()
    pairs = []
    total = 2 * len(loads) * (WARM_UP_S + seconds)
    done = 0.0

    def one(load: Load, *, reference: bool) -> Found:
        nonlocal done
        found = measure_one(load, seconds, lambda elapsed_s: tell(done + elapsed_s, total), reference=reference)
        done += WARM_UP_S + seconds
        return found

    with interruptible():
        for name, load in loads.items():
            pairs.append(Pair(name, load, one(load, reference=False), one(load, reference=True)))
    return pairs


def measure_one(load: Load, seconds: float, tell: Callable[[float], None], *, reference: bool = False) -> Found:
    """Measure one server under one load, in a temporary directory. Raises BenchError, StorageError."""
    with tempfile.TemporaryDirectory(prefix="folkmoot-bench-", ignore_cleanup_errors=True) as directory:
        where = Path(directory)
        places = make_places(load) if reference else seed_places(where, load)
        with serving(where, reference=reference) as (url, pid):
            job = Job(url=url, pid=pid, load=load, seconds=seconds, places=tuple(places), reference=reference)
            return generate(job, where / "generator.log", tell)


def make_places(load: Load) -> list[Place]:
    """Return the members of a reference, which knows nobody."""
    return [Place(group, str(group)) for group in range(load.groups) for _ in range(load.members)]


def seed_places(where: Path, load: Load) -> list[Place]:
    """Write the groups into the store that the server will open; return the members."""
    data, tokens = where / "data", where / "tokens"
    seed(data, load.groups, load.members, tokens, agreement=load_documents(data).agreement.version)
    lines = (line.split() for line in tokens.read_text().splitlines())
    return [Place(int(group), code, token) for group, _number, _user, token, code in lines]


@contextmanager
def serving(
    where: Path,
    *,
    reference: bool = False,
    settings: Sequence[str] = NO_LIMITS,
    more: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[tuple[str, int]]:
    """Run a server while the block runs; give its address and its process. The limits `settings` are lifted; `more` is
    what its environment has besides."""
    ready, log = where / "ready.json", where / "server.log"
    arguments = [f"{__package__}.reference", str(ready)]
    if not reference:
        arguments = ["folkmoot_server.cli", "serve", "--profile", "open", "--listen", "127.0.0.1:0"]
        arguments += ["--data", str(where / "data"), "--ready-file", str(ready)]
    with log.open("wb") as written:
        environment = own_environment() | {f"FOLKMOOT_LIMITS__{name.upper()}": "0" for name in settings} | {**more}
        # In a session of its own: Ctrl-C is for the command, which stops the server in order.
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments], env=environment, stdout=written, stderr=written, start_new_session=True
        )
    try:
        keep_on_core(process, 0)
        until = time.monotonic() + START_S
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > until:
                raise BenchError(_("The server did not start: {log}").format(log=tail(log)))
            time.sleep(0.02)
        yield json.loads(ready.read_text())["ws"], process.pid
    finally:
        end(process)


def own_environment() -> dict[str, str]:
    """Return the environment without settings of a server, which are not meant for this one."""
    return {name: value for name, value in os.environ.items() if not name.startswith("FOLKMOOT_")}


def keep_on_core(process: "subprocess.Popen[bytes]", which: int) -> None:
    """Keep a server (0) or a generator (1) on a core of its own, where there are two."""
    pair = cores()
    if pair is not None:
        pin(process.pid, pair[which])


def generate(job: Job, log: Path, tell: Callable[[float], None]) -> Found:
    """Run a generator on a job; return what it has found. Raises BenchError."""
    command = [sys.executable, "-m", f"{__package__}.generator"]
    with log.open("wb") as written:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=written, start_new_session=True
        )
    try:
        keep_on_core(process, 1)
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(msgspec.json.encode(job))
        process.stdin.close()
        for line in process.stdout:
            message = msgspec.json.decode(line, type=Progress | Found)
            if isinstance(message, Found):
                return message
            tell(message.elapsed_s)
        raise BenchError(_("The load generator failed: {log}").format(log=tail(log)))
    finally:
        end(process)


def tail(log: Path) -> str:
    """Return the end of what a process has written."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-10:])


def end(process: "subprocess.Popen[bytes]") -> None:
    """End a process in order, or else at once."""
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
