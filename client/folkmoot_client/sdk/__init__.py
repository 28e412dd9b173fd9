"""An asyncio client of Folkmoot servers: `Client`, its events and its errors."""

from .acts import Acts
from .address import DEFAULT_SERVER, parse_server
from .backoff import Backoff
from .book import ClientEvent, Connected, Disconnected
from .bot import Bot, Message
from .client import Client
from .errors import ClientError, ConnectionLost, NotReachable, RequestRefused, SessionEnded
from .feed import GroupFeed

__all__ = [
    "DEFAULT_SERVER",
    "Acts",
    "Backoff",
    "Bot",
    "Client",
    "ClientError",
    "ClientEvent",
    "Connected",
    "ConnectionLost",
    "Disconnected",
    "GroupFeed",
    "Message",
    "NotReachable",
    "RequestRefused",
    "SessionEnded",
    "parse_server",
]
