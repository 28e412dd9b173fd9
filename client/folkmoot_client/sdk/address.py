"""Addresses of servers, as people write them."""

from ipaddress import ip_address
from urllib.parse import urlsplit

DEFAULT_SERVER = "ws://127.0.0.1:8765/ws"
_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}


def parse_server(text: str) -> str:
    """Return the WebSocket address in `host:port`, `http(s)://…` or `ws(s)://…`; path `/ws` unless given.

    Raises ValueError when there is none.
    """
    parts = urlsplit(text if "://" in text else f"ws://{text}")
    scheme = _SCHEMES.get(parts.scheme)
    if scheme is None or not parts.hostname:
        raise ValueError(text)
    parts.port  # noqa: B018 - raises ValueError for what is no port
    return f"{scheme}://{parts.netloc}{parts.path.rstrip('/') or '/ws'}"


def is_loopback(url: str) -> bool:
    """Say whether an address means this machine, which no proxy can reach."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
