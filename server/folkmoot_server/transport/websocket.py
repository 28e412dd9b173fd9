"""WebSocket connections on asyncio, over the websockets library's Sans-I/O core.

The library keeps handshake, fragmentation, control frames and close as it has them. A small whole data frame, which
nearly all are, takes a short path past it: an open connection hardly ever needs the library's core, and has none then.
A connection whose first bytes ask for anything else than a WebSocket is handed over, with those bytes.
"""

import asyncio
import ssl
from collections import deque
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from time import monotonic
from typing import Protocol, cast

import structlog
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import SERVER, State
from websockets.protocol import Protocol as Core
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from folkmoot_protocol.errors import CloseCode

from ..common.clock import Ticks
from ..common.rate_limit import Bucket
from .accept_throttle import AcceptThrottle
from .handshake import Greeter, Opening, Settings, new_handshake

try:
    from websockets.speedups import apply_mask
except ImportError:  # a platform for which the library has no compiled part
    from websockets.utils import apply_mask

log = structlog.get_logger()

HANDSHAKE_S = 10
"""How long a peer may take to send its request, or to take a refusal."""
CLOSE_S = 5
"""How long a peer may take to answer a close frame."""
PING_S = 20
"""How often a silent peer is asked whether it is there; one that has said nothing by the next time is given up."""
BACKLOG = 4096

TEXT, BINARY = 0x81, 0x82
WHOLE = frozenset((TEXT, BINARY))
"""First byte of a data frame that is a whole message, not compressed (RFC 6455, section 5.2)."""
PING = b"\x89\x00"

FRAMES_AT_ONCE = 16
"""Frames of one connection that are taken in one turn of the loop; those beyond wait for their share of `TURN_S`."""
TURN_S = 0.001
"""How long, in one turn of the loop, frames are taken of connections that sent more than that, all of them together."""
MUCH = 512
"""Bytes of a fragment from which on it is not counted as odd."""
ODD_PER_S, ODD_AT_ONCE = 50, 400
"""Frames of one connection that are no whole data frames (pings, pongs, fragments): beyond them it is closed, 4429."""

DATA_OPCODES = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)


class Receiver(Protocol):
    """What listens to one open connection. None of these may raise."""

    def on_message(self, data: bytes | str) -> None:
        """Take a whole message; `str` if it was text."""
        ...

    def on_pace(self) -> None:
        """What the connection takes has changed: `is_backed_up` or `is_open`."""
        ...

    def on_close(self) -> None:
        """The connection has ended, whoever ended it."""
        ...


class App(Protocol):
    """What connections are for."""

    def on_request(self, socket: "WebSocket", request: Request) -> tuple[HTTPStatus, str] | None:
        """Refuse a request with a status and a text, or return None: the WebSocket may open."""
        ...

    def on_open(self, socket: "WebSocket") -> tuple[Receiver, bytes]:
        """Say who listens to a connection whose handshake is done, and the frames that greet it."""
        ...


class HttpServer(Protocol):
    """What takes the connections that ask for something else than a WebSocket."""

    def new_connection(self) -> asyncio.Protocol:
        """Return what takes one connection over: it is told of the transport, then gets the bytes that came."""
        ...

    async def close(self) -> None:
        """End all connections that were taken over, those whose request is being answered last."""
        ...


class WebSocket(asyncio.Protocol):
    """One connection; `is_open` between handshake and close. `address` is what the app takes for the peer's.

    `is_backed_up`: the peer has not taken all that was written so far.

    While it is open, its user may write finished frames to `transport`. Who listens may `pause` while it takes a
    message: the next one comes after `resume`.
    """

    __slots__ = (
        "_core",
        "_deferred",
        "_fragments",
        "_heard",
        "_is_text",
        "_needed",
        "_odd",
        "_paused",
        "_receiver",
        "_rest",
        "_server",
        "_timer",
        "address",
        "is_backed_up",
        "is_open",
        "subprotocol",
        "transport",
    )

    transport: asyncio.Transport

    def __init__(self, server: "WebSocketServer") -> None:
        self._server = server
        self._receiver: Receiver | None = None
        self._core: Core | None = None
        self._fragments: bytearray | None = None
        self._is_text = False
        self._rest: bytearray | None = None
        self._needed = 0
        self._odd: Bucket | None = None
        self._deferred: tuple[bytes, int] | None = None
        self._paused = False
        self._heard = True
        self._timer: asyncio.TimerHandle | None = None
        self.subprotocol: Subprotocol | None = None
        self.address = ""
        self.is_backed_up = False
        self.is_open = False

    @property
    def is_busy(self) -> bool:
        """Whether a request is being carried out, so that nothing else is read."""
        return self._paused and self._deferred is None

    @property
    def peer(self) -> str:
        """The peer's IP address; empty if it has none."""
        peer = self.transport.get_extra_info("peername")
        return str(peer[0]) if isinstance(peer, tuple) else ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the peer's request. See asyncio.Protocol, also for the five that follow."""
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(0)
        self._end_after(HANDSHAKE_S)
        self._server.sockets.add(self)

    def data_received(self, data: bytes) -> None:
        """Take what came over the network."""
        self._heard = True
        if self._rest is not None or self._paused:
            if self._rest is None:
                self._rest = bytearray()
            self._rest += data
            if self._paused:
                self.transport.pause_reading()
                return
            if len(self._rest) < self._needed:
                return
            data, self._rest = bytes(self._rest), None
        if self._receiver is not None:
            self._read(data)
        elif not self._server.door.enter(partial(self._shake_hands, data)):
            self.transport.pause_reading()

    def eof_received(self) -> None:
        """The peer will send no more."""
        self._rest = None
        core = self._get_core()
        core.receive_eof()
        self._write_out(core)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self.is_open = False
        self._rest = self._fragments = self._core = self._deferred = None
        if self._timer is not None:
            self._timer.cancel()
        self._server.discard(self)
        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            receiver.on_close()

    def pause_writing(self) -> None:
        """Something waits to be written."""
        self.is_backed_up = True
        self._tell_pace()

    def resume_writing(self) -> None:
        """All is written."""
        self.is_backed_up = False
        self._tell_pace()

    def pause(self) -> None:
        """Bring no message before `resume` is called. Once something came meanwhile, no more is read."""
        self._paused = True

    def resume(self) -> None:
        """Go on with what came meanwhile, then read again."""
        if not self._paused:
            return
        self._paused = False
        rest, self._rest = self._rest, None
        if rest is not None:
            self._read(bytes(rest))
        if not self._paused and not self.transport.is_closing():
            self.transport.resume_reading()

    def close(self, code: int, reason: str = "") -> None:
        """Close with a code (RFC 6455, section 7.4), after what was written; at the latest in `CLOSE_S`.

        A connection that is not open yet just ends.
        """
        if self.is_open:
            core = self._get_core()
            core.send_close(code, reason)
            self._write_out(core)
            # From here on only the peer's close frame matters, and nobody takes messages who might be busy.
            self.resume()
        elif self._receiver is None:
            self.transport.close()

    def go_on(self) -> None:
        """Take more of the frames that were put off, when it is the connection's turn again."""
        if self._deferred is None:
            return
        (data, position), self._deferred, self._paused = self._deferred, None, False
        self._read(data, position)
        if not self._paused and not self.transport.is_closing():
            self.transport.resume_reading()

    def keep_alive(self) -> None:
        """Ask a silent peer whether it is there, and give up one that was asked before.

        To be called every `PING_S`. Who is not read from because its last request takes so long cannot be heard.
        """
        if self._heard or (self._paused and not self.is_backed_up):
            self._heard = False
            if self.is_open:
                self.transport.write(PING)
        elif self._receiver is not None:
            self.transport.abort()

    def _shake_hands(self, data: bytes) -> None:
        """Take the peer's request. It must wait for the answer before it sends more (RFC 6455, section 4.1)."""
        if self.transport.is_closing():
            return
        self.transport.resume_reading()
        if self._core is None:
            greeter, http = self._server.greeter, self._server.http
            is_ours = http is None or greeter.asks_for_socket(data)
            if is_ours is None:
                self._rest, self._needed = bytearray(data), len(data) + 1
                return
            if http is not None and not is_ours:
                self._hand_over(data, http)
                return
            if opening := greeter.read(data):
                self._answer(opening)
                return
        core = self._get_core()
        core.receive_data(data)
        self._write_out(core)
        for event in core.events_received():
            if not isinstance(event, Request) or not data.endswith(b"\n\r\n"[-len(data) :]):
                self.transport.abort()
                return
            self._answer(Opening(event))

    def _hand_over(self, data: bytes, http: HttpServer) -> None:
        """Leave the connection, and what came over it so far, to HTTP. This object has nothing to do with it then."""
        if self._timer is not None:
            self._timer.cancel()
        protocol = http.new_connection()
        self.transport.set_write_buffer_limits()
        self.transport.set_protocol(protocol)
        protocol.connection_made(self.transport)
        self._server.discard(self)
        protocol.data_received(data)

    def _answer(self, opening: Opening) -> None:
        """Let the WebSocket open, or say why not."""
        greeter = self._server.greeter
        try:
            refusal = self._server.app.on_request(self, opening.request)
        except Exception:
            log.exception("could not answer a request")
            refusal = HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong.\n"
        if refusal is None and self._server.closing:
            refusal = HTTPStatus.SERVICE_UNAVAILABLE, "The server is shutting down.\n"
        answer = greeter.reject(*refusal) if refusal else greeter.accept(opening)
        if isinstance(answer, Response):
            core = self._handshake_core()
            core.send_response(answer)
            self._write_out(core)
        else:
            self._open(*answer)

    def _open(self, answer: bytes, subprotocol: Subprotocol | None) -> None:
        self.subprotocol = subprotocol
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._core = None
        self.is_open = True
        self._receiver, greeting = self._server.app.on_open(self)
        self.transport.write(answer + greeting)

    def _handshake_core(self) -> ServerProtocol:
        core = self._get_core()
        assert isinstance(core, ServerProtocol), "the handshake is not over"
        return core

    def _get_core(self) -> Core:
        """Return the library's core, a new one if the connection has none."""
        if self._core is None:
            settings = self._server.settings
            if self._receiver is None:
                self._core = new_handshake(settings)
            else:
                self._core = Core(SERVER, state=State.OPEN, max_size=settings.max_size)
        return self._core

    def _read(self, data: bytes, position: int = 0) -> None:
        """Take whole frames from a position on, so many at once; keep what is left for the next time."""
        end, taken, stop = len(data), 0, 0
        while position < end and not self._paused:
            start, stop = find_payload(data, position, self._server.settings.max_size)
            if stop > end:
                break
            if taken == FRAMES_AT_ONCE:
                self._defer(data, position)
                return
            taken += 1
            if self._core is None and self.is_open and start > position and data[position] in WHOLE:
                payload = apply_mask(data[start:stop], data[start - 4 : start])
                self._take(payload, is_text=data[position] == TEXT)
            else:
                self._feed(data[position:stop])
            position = stop
        if position < end:
            self._rest, self._needed = bytearray(data[position:]), 0 if self._paused else stop - position

    def _defer(self, data: bytes, position: int) -> None:
        """Take no more frames until others had their turn, and read no more from the network meanwhile."""
        self._deferred, self._paused = (data, position), True
        self.transport.pause_reading()
        self._server.put_off(self)

    def _is_too_odd(self, frame: bytes) -> bool:
        """Count a frame that is no whole data frame; end a connection that sends too many of them, and say so.

        A fragment that carries much is no more work than a message, and bounded as one.
        """
        if len(frame) >= MUCH and frame[0] & 0xF < Opcode.CLOSE:
            return False
        if self._odd is None:
            self._odd = Bucket(ODD_PER_S, ODD_AT_ONCE)
        if not self._odd.take(Ticks(int(1000 * asyncio.get_running_loop().time()))):
            return False
        if self.is_open:
            self.close(CloseCode.FLOODING)
        else:
            self.transport.abort()
        return True

    def _feed(self, frame: bytes) -> None:
        """Let the library's core take a frame, and have no core afterwards if nothing is under way in it."""
        if self._is_too_odd(frame):
            return
        core = self._get_core()
        core.receive_data(frame)
        self._write_out(core)
        for event in core.events_received():
            if self.is_open and isinstance(event, Frame) and event.opcode in DATA_OPCODES:
                self._assemble(event)
        if self.is_open and self._fragments is None:
            self._core = None

    def _assemble(self, frame: Frame) -> None:
        """Put the frames of a message together (RFC 6455, section 5.4)."""
        if frame.opcode is not Opcode.CONT:
            self._is_text = frame.opcode is Opcode.TEXT
            self._fragments = bytearray()
        assert self._fragments is not None, "the core lets no message begin with a continuation"
        self._fragments += frame.data
        if frame.fin:
            message, self._fragments = bytes(self._fragments), None
            self._take(message, is_text=self._is_text)

    def _take(self, message: bytes, *, is_text: bool) -> None:
        assert self._receiver is not None
        if not is_text:
            self._receiver.on_message(message)
            return
        try:
            text = message.decode()
        except UnicodeDecodeError as error:
            core = self._get_core()
            core.fail(1007, f"{error.reason} at position {error.start}")
            self._write_out(core)
        else:
            self._receiver.on_message(text)

    def _write_out(self, core: Core) -> None:
        """Write what the core has to say, and see to it that a connection that should end does."""
        for data in core.data_to_send():
            if data:
                self.transport.write(data)
            elif self.transport.can_write_eof():
                # The transport may have lost its peer already.
                with suppress(OSError, RuntimeError):
                    self.transport.write_eof()
            else:
                self.transport.close()
        if self.is_open and core.state is not State.OPEN:
            self.is_open = False
            self._tell_pace()
        if core.close_expected():
            self._end_after(CLOSE_S if self._receiver else HANDSHAKE_S)

    def _tell_pace(self) -> None:
        if self._receiver is not None:
            self._receiver.on_pace()

    def _end_after(self, seconds: float) -> None:
        """Give the connection up in a while; who was given a time already keeps it."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self.transport.abort)


def find_payload(data: bytes, position: int, max_size: int) -> tuple[int, int]:
    """Return where the payload of the masked frame at `position` starts and stops (RFC 6455, section 5.2).

    A stop beyond the data says that more is needed; of a head that is not whole, just enough to go on. What the library
    refuses by its head alone is not waited for: then all there is belongs to it, and its payload starts nowhere.
    """
    end = len(data)
    if position + 2 > end:
        return position, position + 2
    second = data[position + 1]
    length, start = second & 0x7F, position + 6
    if length > 125:
        size = 2 if length == 126 else 8
        start += size
        if position + 2 + size > end:
            return position, position + 2 + size
        length = int.from_bytes(data[position + 2 : position + 2 + size])
    if length > max_size or not second & 0x80:
        return position, end
    return start, start + length


class WebSocketServer:
    """Accepts connections for an app. `start` first, `close` in the end.

    `http` takes connections whose request is for another path than `settings.path`; without it there are none such.
    """

    def __init__(self, app: App, settings: Settings, http: HttpServer | None = None) -> None:
        self.app = app
        self.http = http
        self.settings = settings
        self.greeter = Greeter(settings)
        self.sockets: set[WebSocket] = set()
        self.closing = False
        self.door = AcceptThrottle()
        self._server: asyncio.Server
        self._put_off: deque[WebSocket] = deque()
        self._is_scheduled = False
        self._gone = asyncio.Event()
        self._keeper: asyncio.Task[None]

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        """Listen. Raises OSError."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: WebSocket(self), host, port, ssl=tls, backlog=BACKLOG)
        self._keeper = asyncio.create_task(self._keep_alive())

    @property
    def name(self) -> tuple[str, int]:
        """Host and port that are listened on."""
        host, port = self._server.sockets[0].getsockname()[:2]
        return str(host), int(port)

    def put_off(self, socket: WebSocket) -> None:
        """Let a connection go on with its frames in one of the next turns of the loop."""
        self._put_off.append(socket)
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        """Give the connections that were put off a share each, one after the other, as far as the time goes."""
        until = monotonic() + TURN_S
        # Whoever is put off again meanwhile stands behind the others; the turn that follows is scheduled below.
        for _ in range(len(self._put_off)):
            self._put_off.popleft().go_on()
            if monotonic() > until:
                break
        self._is_scheduled = bool(self._put_off)
        if self._is_scheduled:
            asyncio.get_running_loop().call_soon(self._go_on)

    def discard(self, socket: WebSocket) -> None:
        """Forget a connection that has ended."""
        self.sockets.discard(socket)
        if not self.sockets:
            self._gone.set()

    async def close(self, code: int) -> None:
        """Accept nothing more; close what is open with a code, give up what does not close in time."""
        self.closing = True
        self._server.close()
        self._keeper.cancel()
        for socket in list(self.sockets):
            socket.close(code)
        if self.http is not None:
            await self.http.close()
        while self.sockets:
            self._gone.clear()
            await self._gone.wait()

    async def _keep_alive(self) -> None:
        """Look after each connection every `PING_S`, a few at a time: thousands of pings at once would be felt."""
        while True:
            turn = list(self.sockets)
            slices = min(len(turn), 200) or 1
            for number in range(slices):
                for socket in turn[number::slices]:
                    socket.keep_alive()
                await asyncio.sleep(PING_S / slices)
