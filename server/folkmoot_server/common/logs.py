"""How the process logs, and which request a line belongs to."""

import logging
import sys
from collections.abc import Callable, MutableMapping
from contextvars import ContextVar
from typing import Any

import structlog

from .clock import Ticks, ticks_of_machine
from .rate_limit import Bucket

LINES_AT_ONCE, LINES_PER_S = 100, 5
"""Lines of one kind: those beyond are counted, and the next one that is written says how many they were. What strangers
can cause again and again is not to fill a disk."""

LEVELS = ("debug", "info", "warning", "error")

current_request: ContextVar[tuple[int, int] | None] = ContextVar("current_request", default=None)
"""The request that a task carries out: the number of its connection on this node, and its own `id`."""


class AtOnce:
    """The request that is being carried out in one step of the loop, as nearly all are; `connection` is 0 for none.

    Two numbers set cost a post a tenth of what a context variable does.
    """

    __slots__ = ("connection", "request")

    def __init__(self) -> None:
        self.connection = self.request = 0


at_once = AtOnce()


def get_current_request() -> tuple[int, int] | None:
    """Return the request that is being carried out, if there is one."""
    return (at_once.connection, at_once.request) if at_once.connection else current_request.get()


def request_id(connection: int, request: int) -> str:
    """Return the name of a request as log lines and the answer to an internal error have it: `17.4`."""
    return f"{connection}.{request}"


class KindsOfLines:
    """Says of lines by their kind, a text of the code, whether there is room for them."""

    def __init__(self, ticks: Callable[[], Ticks] = ticks_of_machine) -> None:
        self._ticks = ticks
        self._kinds: dict[str, tuple[Bucket, int]] = {}

    def admit(self, kind: str) -> int | None:
        """Return how many of its kind were left out before this line; None if it is left out itself."""
        bucket, left_out = self._kinds.get(kind) or (Bucket(LINES_PER_S, LINES_AT_ONCE), 0)
        is_one_too_many = bucket.take(self._ticks()) > 0
        self._kinds[kind] = bucket, left_out + 1 if is_one_too_many else 0
        return None if is_one_too_many else left_out


class Bounded(logging.Filter):
    """Bounds the lines of libraries, and of our own (as a processor of structlog)."""

    def __init__(self, kinds: KindsOfLines) -> None:
        super().__init__()
        self._kinds = kinds

    def filter(self, record: logging.LogRecord) -> bool:
        """See logging.Filter."""
        left_out = self._kinds.admit(f"{record.pathname}:{record.lineno}")
        if left_out:
            record.msg, record.args = f"{record.getMessage()} left_out={left_out}", None
        return left_out is not None

    def __call__(self, logger: object, method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Let a line through, or raise structlog.DropEvent."""
        left_out = self._kinds.admit(str(fields["event"]))
        if left_out is None:
            raise structlog.DropEvent
        return {**fields, "left_out": left_out} if left_out else fields


def set_up_logging(level: str = "info") -> None:
    """Write logs of at least `level` to stderr, one line each, with UTC times and the request that a line belongs to.

    No line ever has a message's text, a display name, a token or a number that shows who somebody is.
    """
    number = getattr(logging, level.upper())
    # What libraries say is of use only when something is wrong, or to somebody who looks for it. What they say for
    # debugging is never written: frames and statements, with all that people said, and tokens.
    libraries = logging.INFO if number == logging.DEBUG else max(number, logging.WARNING)
    logging.basicConfig(stream=sys.stderr, level=libraries, format="%(levelname)s %(name)s %(message)s")
    bounded = Bounded(KindsOfLines())
    for handler in logging.getLogger().handlers:
        handler.addFilter(bounded)
    structlog.configure(
        processors=[
            bounded,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            add_request,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def add_request(logger: object, method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add the request that is being carried out, if there is one (a processor of structlog)."""
    current = get_current_request()
    if current is not None:
        fields["request_id"] = request_id(*current)
    return fields
