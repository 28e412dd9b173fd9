"""The real PostgreSQL and NATS of `folkmoot_server.demo.services`, for tests that also make them stand still."""

import signal

import psutil

from folkmoot_server.demo import services
from folkmoot_server.demo.services import Missing, running

__all__ = ["Missing", "Nats", "Postgres", "Service", "running"]


class Service(services.Service):
    """A server that can be stopped in the middle of what it does."""

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        if self.process is not None:
            self.signal_all(signal.SIGCONT)
        super().stop(how)

    def signal_all(self, which: signal.Signals) -> None:
        """Send a signal, such as SIGSTOP, to the process and those that it has started."""
        assert self.process is not None
        process = psutil.Process(self.process.pid)
        for one in (process, *process.children(recursive=True)):
            one.send_signal(which)


class Postgres(Service, services.Postgres):
    """PostgreSQL. Without vacuuming on its own, sizes of tables stay what they were.

    It may lose what the machine loses, which no test takes from it: processes that end, however, lose nothing. Syncing,
    each database that is made or dropped costs more than most tests.
    """

    options = {**services.Postgres.options, "autovacuum": "off", "fsync": "off"}

    def dump(self, database: str, *how: str) -> str:
        """Return all that is in a database, as `pg_dump` writes it."""
        return self._run("pg_dump", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", *how, database)


class Nats(Service, services.Nats):
    """NATS."""
