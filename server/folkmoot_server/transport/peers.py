"""What the system knows of the other end of a connection."""

import asyncio
import socket as sockets
import sys
from contextlib import suppress

ACKED = slice(120, 128)
"""Where Linux has, in what it tells of a TCP connection, how many bytes the peer has acknowledged."""


def peer_of(transport: asyncio.BaseTransport) -> str:
    """Return the IP address that a connection comes from; empty if it has none."""
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if isinstance(peer, tuple) else ""


def port_of(transport: asyncio.BaseTransport) -> int:
    """Return the port that a connection comes from; 0 if it has none."""
    peer = transport.get_extra_info("peername")
    return int(peer[1]) if isinstance(peer, tuple) else 0


def taken_by(transport: asyncio.Transport) -> int:
    """Return a number that grows with what the peer has taken of what was written.

    Linux knows (`tcpi_bytes_acked` of `struct tcp_info`); elsewhere what waits has to become less.
    """
    known = b""
    with suppress(OSError, AttributeError):
        known = transport.get_extra_info("socket").getsockopt(sockets.IPPROTO_TCP, sockets.TCP_INFO, ACKED.stop)
    if len(known) == ACKED.stop:
        return int.from_bytes(known[ACKED], sys.byteorder)
    return -transport.get_write_buffer_size()
