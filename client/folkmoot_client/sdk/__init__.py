"""An asyncio client of Folkmoot servers: `Client`, its events and its errors."""

from .address import DEFAULT_SERVER, parse_server
from .backoff import Backoff
from .book import ClientEvent, Connected, Disconnected
from .client import Client
from .errors import ClientError, ConnectionLost, NotReachable, RequestRefused, SessionEnded
from .feed import GroupFeed

__all__ = [
    "DEFAULT_SERVER",
    "Backoff",
    "Client",
    "ClientError",
    "ClientEvent",
    "Connected",
    "ConnectionLost",
    "Disconnected",
    "GroupFeed",
    "NotReachable",
    "RequestRefused",
    "SessionEnded",
    "parse_server",
]
