"""How the process logs, and which request a line belongs to."""

import logging
import sys
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any

import structlog

LEVELS = ("debug", "info", "warning", "error")

current_request: ContextVar[tuple[int, int] | None] = ContextVar("current_request", default=None)
"""The request that is being carried out: the number of its connection on this node, and its own `id`."""


def request_id(connection: int, request: int) -> str:
    """Return the name of a request as log lines and the answer to an internal error have it: `17.4`."""
    return f"{connection}.{request}"


def set_up_logging(level: str = "info") -> None:
    """Write logs of at least `level` to stderr, one line each, with UTC times and the request that a line belongs to.

    No line ever has a message's text, a display name, a token or a number that shows who somebody is.
    """
    number = getattr(logging, level.upper())
    # What libraries say is of use only when something is wrong, or to somebody who looks for it. What they say for
    # debugging is never written: frames and statements, with all that people said, and tokens.
    libraries = logging.INFO if number == logging.DEBUG else max(number, logging.WARNING)
    logging.basicConfig(stream=sys.stderr, level=libraries, format="%(levelname)s %(name)s %(message)s")
    structlog.configure(
        processors=[
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
    current = current_request.get()
    if current is not None:
        fields["request_id"] = request_id(*current)
    return fields
