"""Connections over which HTTP comes: several requests, broken ones, TLS, the server's end."""

import asyncio
import datetime
import http.client
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from websockets.asyncio.client import connect

from tests.integration.server import Launch, Server

HOST = b"Host: localhost\r\n"


def request(path: str, *headers: bytes, method: str = "GET") -> bytes:
    return b"%s %s HTTP/1.1\r\n" % (method.encode(), path.encode()) + HOST + b"".join(headers) + b"\r\n"


class Peer:
    """A client that sends bytes as it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        with suppress(ConnectionError):
            await self.writer.drain()

    async def reply(self) -> tuple[int, bytes]:
        """Return status and body of the next response."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        size = int(head.partition(b"content-length: ")[2].partition(b"\r")[0])
        return int(head.split()[1]), await self.reader.readexactly(size)

    async def rest(self) -> bytes:
        """Return what comes until the server ends the connection."""
        received = bytearray()
        with suppress(ConnectionError):
            while data := await self.reader.read(65536):
                received += data
        return bytes(received)


@asynccontextmanager
async def peer_of(server: Server) -> AsyncIterator[Peer]:
    """Connect to a server."""
    parts = urlsplit(server.urls["http"])
    peer = Peer(*await asyncio.open_connection(parts.hostname, parts.port))
    try:
        yield peer
    finally:
        peer.writer.close()


async def test_a_connection_takes_one_request_after_the_other(shared: Server) -> None:
    async with peer_of(shared) as peer:
        for _ in range(2):
            await peer.send(request("/healthz"))
            assert await peer.reply() == (200, b"ok\n")
            await peer.send(request("/nowhere"))
            assert await peer.reply() == (404, b"404 not found\n")
            await peer.send(request("/rules", b"Content-Length: 3\r\n", method="POST") + b"abc")
            assert await peer.reply() == (405, b"405 method not allowed\n")
        await peer.send(request("/healthz", b"Connection: close\r\n"))
        assert (await peer.rest()).endswith(b"ok\n")


async def test_requests_that_come_together_are_answered_in_their_order(shared: Server) -> None:
    paths = ["/healthz", "/nowhere", "/readyz", "/asyncapi.json", "/healthz"]
    async with peer_of(shared) as peer:
        await peer.send(b"".join(map(request, paths)))
        replies = [await peer.reply() for _ in paths]
    assert [status for status, _ in replies] == [200, 404, 200, 200, 200]
    assert [body for _, body in replies if len(body) < 20] == [b"ok\n", b"404 not found\n", b"ready\n", b"ok\n"]


async def test_http_1_0_is_answered_too(shared: Server) -> None:
    """HAProxy's `httpchk` asks that way."""
    async with peer_of(shared) as peer:
        await peer.send(b"GET /readyz HTTP/1.0\r\n\r\n")
        assert (await peer.rest()).endswith(b"\r\n\r\nready\n")


@pytest.mark.parametrize(
    "data",
    [
        b"GARBAGE\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        bytes(1 << 20),
        request("/", b"X: ", b"x" * (1 << 20), b"\r\n"),
        request("/", *[b"X: y\r\n"] * (1 << 17)),
        request("/", b"Content-Length: 1\r\nContent-Length: 2\r\n"),
        request("/", b"Transfer-Encoding: chunked\r\n", method="POST") + b"no chunk\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
    ids=["garbage", "TLS", "zeros", "long header", "many headers", "two lengths", "broken body", "no host"],
)
async def test_what_is_no_request_is_refused(shared: Server, data: bytes) -> None:
    for before in (b"", request("/healthz")):
        async with peer_of(shared) as peer:
            await peer.send(before)
            if before:
                assert await peer.reply() == (200, b"ok\n")
            await peer.send(data)
            answer = await peer.rest()
            # Who is cut off while it still sends may not see why.
            assert not answer or answer.startswith(b"HTTP/1.1 400 ")
    async with peer_of(shared) as peer:
        await peer.send(request("/healthz"))
        assert await peer.reply() == (200, b"ok\n")


async def test_a_body_is_not_asked_for_where_none_is_taken(shared: Server) -> None:
    async with peer_of(shared) as peer:
        await peer.send(request("/", b"Content-Length: 9\r\nExpect: 100-continue\r\n", method="POST"))
        answer = await peer.rest()
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert b"\r\nconnection: close\r\n" in answer


async def test_who_asks_for_an_upgrade_elsewhere_gets_the_page(shared: Server) -> None:
    async with peer_of(shared) as peer:
        await peer.send(request("/healthz", b"Connection: Upgrade\r\n", b"Upgrade: h2c\r\n"))
        assert await peer.reply() == (200, b"ok\n")


async def test_the_server_ends_with_connections_in_every_state(launch: Launch) -> None:
    server = launch()
    async with peer_of(server) as silent, peer_of(server) as half, peer_of(server) as kept:
        await half.send(b"GET /he")
        await kept.send(request("/healthz"))
        assert await kept.reply() == (200, b"ok\n")
        assert await asyncio.to_thread(server.terminate) == 0
        assert [await peer.rest() for peer in (silent, half, kept)] == [b"", b"", b""]


def make_certificate(place: Path) -> tuple[Path, Path]:
    """Write a certificate of this machine's own, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
        .not_valid_after(datetime.datetime(2120, 1, 1, tzinfo=datetime.UTC))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    form, no_password = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    files = place / "certificate.pem", place / "key.pem"
    files[0].write_bytes(certificate.public_bytes(pem))
    files[1].write_bytes(key.private_bytes(pem, form, no_password))
    return files


def fetch(server: Server, paths: Sequence[str], context: ssl.SSLContext) -> list[int]:
    """Fetch pages over one connection; return their statuses."""
    connection = http.client.HTTPSConnection(urlsplit(server.urls["http"]).netloc, timeout=30, context=context)
    statuses = []
    for path in paths:
        connection.request("GET", path)
        with connection.getresponse() as response:
            response.read()
            statuses.append(response.status)
    connection.close()
    return statuses


async def test_pages_and_sockets_share_tls(launch: Launch, tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    server = launch(server__tls_certificate=certificate, server__tls_key=key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    async with connect(server.url, ssl=context) as socket:
        assert await asyncio.to_thread(fetch, server, ["/", "/asyncapi.json", "/nowhere"], context) == [200, 200, 404]
        assert "hello" in str(await socket.recv())
