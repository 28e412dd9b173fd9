"""What says how the node is: /healthz, /readyz, /metrics."""

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Protocol

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ..common.metrics import ACCOUNTS, CONNECTIONS, ROOMS
from ..config.settings import Server
from ..transport.addresses import is_loopback
from .responses import address_of, respond


class Status(Protocol):
    """How the node is at the moment."""

    @property
    def is_stopping(self) -> bool:
        """Whether connections are about to be closed."""
        ...

    @property
    def storage_answers(self) -> bool:
        """Whether storage answered when it was last asked."""
        ...

    @property
    def storage_problem(self) -> str:
        """Why the last commit failed, empty while posts are stored."""
        ...

    @property
    def in_cluster(self) -> bool:
        """Whether the storage is that of other nodes too."""
        ...

    @property
    def bus_is_connected(self) -> bool:
        """Whether the node hears of the others; true where there are none."""
        ...

    @property
    def failing_jobs(self) -> list[str]:
        """Names of the jobs and background loops whose latest round failed."""
        ...

    @property
    def remarks(self) -> Iterable[str]:
        """What an operator should see besides, a sentence each."""
        ...

    @property
    def connections(self) -> int:
        """Open WebSockets."""
        ...

    @property
    def rooms(self) -> int:
        """Groups in memory."""
        ...

    @property
    def accounts(self) -> int:
        """Accounts that are signed in here."""
        ...


def readiness(status: Status) -> Iterator[str]:
    """Yield whether clients should be sent here, then what else is amiss, a line each."""
    if status.storage_problem and not status.in_cluster:
        yield f"not ready, nothing can be posted: {status.storage_problem}"
    elif not status.storage_answers or status.storage_problem:
        # No other node could do better, and connections are worth keeping: a balancer must not take all nodes out.
        yield "ready, but the database does not answer: nothing can be posted"
    elif not status.bus_is_connected:
        # Entries of other nodes come late, by catching up, and nothing else is amiss.
        yield "ready, but cut off from the other nodes' news: they come late"
    else:
        yield "ready"
    yield from status.remarks
    for job in status.failing_jobs:
        yield f"job {job}: its latest round failed"


class Health:
    """These pages. `settings` says who may see the figures."""

    def __init__(self, status: Status, settings: Server) -> None:
        self._status = status
        self._settings = settings

    async def healthz(self, request: Request) -> Response:
        """Say that the process answers."""
        return respond("ok\n")

    async def readyz(self, request: Request) -> Response:
        """Say whether clients should be sent here."""
        if self._status.is_stopping:
            return respond("stopping\n", HTTPStatus.SERVICE_UNAVAILABLE)
        lines = list(readiness(self._status))
        status = HTTPStatus.SERVICE_UNAVAILABLE if lines[0].startswith("not ready") else HTTPStatus.OK
        return respond("".join(f"{line}\n" for line in lines), status)

    async def metrics(self, request: Request) -> Response:
        """Return the figures, to those whom the configuration lets see them."""
        who = self._settings.metrics
        address = address_of(request, self._settings.trusted_proxies)
        if who == "off" or (who == "loopback" and not is_loopback(address)):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        CONNECTIONS.set(self._status.connections)
        ROOMS.set(self._status.rooms)
        ACCOUNTS.set(self._status.accounts)
        # Never the same twice, and mostly asked for from near: not worth compressing.
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
