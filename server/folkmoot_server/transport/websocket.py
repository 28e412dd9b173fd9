"""WebSocket connections on asyncio, over the websockets library's Sans-I/O core.

The library keeps handshake, fragmentation, control frames and close as it has them. A small whole data frame, which
nearly all are, takes a short path past it: an open connection hardly ever needs the library's core, and has none then.
A connection whose first bytes ask for anything else than a WebSocket is handed over, with those bytes.
"""

import asyncio
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from time import monotonic
from typing import cast

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
from .frames import BINARY, TEXT, find_payload
from .handshake import Opening, new_handshake
from .peers import peer_of, port_of, taken_by
from .shared import HttpServer, Receiver, Shared

try:
    from websockets.speedups import apply_mask
except ImportError:  # a platform for which the library has no compiled part
    from websockets.utils import apply_mask

log = structlog.get_logger()

WHOLE = frozenset((TEXT, BINARY))
"""First byte of a data frame that is a whole message, not compressed (RFC 6455, section 5.2)."""
PING = b"\x89\x00"

FRAMES_AT_ONCE = 16
AT_ONCE_S = 0.002
"""Frames of one connection that are taken in one turn of the loop, and how long that may take, if no other limit of
`Turns` is reached before; those beyond wait for their share."""
GREEDY_S, GREEDY_SHARE = 0.01, 0.02
"""A connection whose frames cost more, posts aside, waits behind the others when there is much; this share of the time
that passes is taken off what it has cost."""
MUCH = 512
"""Bytes of a fragment from which on it is not counted as odd."""
ODD_PER_S, ODD_AT_ONCE = 50, 400
"""Frames of one connection that are no whole data frames (pings, pongs, fragments): beyond them it is closed, 4429."""

DATA_OPCODES = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)


class WebSocket(asyncio.Protocol):
    """One connection; `is_open` between handshake and close. `peer` is the address it comes from, which may be a
    proxy's; `address` is what the app takes for it.

    `is_backed_up`: the peer has not taken all that was written so far.

    While it is open, its user may write finished frames to `transport`. Who listens may `pause` while it takes a
    message: the next one comes after `resume`.
    """

    __slots__ = (
        "_core",
        "_cost_s",
        "_costed_at",
        "_deferred",
        "_fragments",
        "_heard",
        "_is_choked",
        "_is_counted",
        "_is_put_off",
        "_is_text",
        "_looked",
        "_needed",
        "_odd",
        "_paused",
        "_port",
        "_receiver",
        "_rest",
        "_shared",
        "_taken",
        "address",
        "is_backed_up",
        "is_open",
        "peer",
        "subprotocol",
        "transport",
    )

    transport: asyncio.Transport

    def __init__(self, shared: "Shared[WebSocket]", entered: str | None = None) -> None:
        """`entered`: the peer that has been counted already (see `Intake`)."""
        self._shared = shared
        self._is_counted = entered is not None
        self.peer = entered or ""
        self._receiver: Receiver | None = None
        self._core: Core | None = None
        self._fragments: bytearray | None = None
        self._is_text = False
        self._rest: bytearray | None = None
        self._needed = 0
        self._looked = 0
        self._odd: Bucket | None = None
        self._cost_s = self._costed_at = 0.0
        self._deferred: tuple[bytes, int] | None = None
        self._is_choked = self._is_put_off = False
        self._taken: int | None = None
        self._paused = False
        self._heard = True
        self._port: int | None = None
        self.subprotocol: Subprotocol | None = None
        self.address = ""
        self.is_backed_up = False
        self.is_open = False

    @property
    def is_made(self) -> bool:
        """Whether it has begun: from then on it says itself when it has ended."""
        return hasattr(self, "transport")

    @property
    def port(self) -> int:
        """The port that it comes from, of a proxy's where there is one."""
        # Asked again and again, and each time of the system.
        if self._port is None:
            self._port = port_of(self.transport)
        return self._port

    @property
    def is_busy(self) -> bool:
        """Whether a request is being carried out, so that the next ones wait."""
        return self._paused and self._deferred is None and not self._is_choked

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the peer's request. See asyncio.Protocol, also for the five that follow."""
        self.transport = cast(asyncio.Transport, transport)
        if not self._is_counted:
            self.peer = peer_of(self.transport)
            self._is_counted = self._shared.intake.enter(self.peer)
            if not self._is_counted:
                self.transport.abort()
                return
        self.transport.set_write_buffer_limits(0)
        self._shared.handshakes.set(self, self.transport.abort)
        self._shared.sockets.add(self)

    def data_received(self, data: bytes) -> None:
        """Take what came over the network."""
        self._heard = True
        if self._rest is not None or self._paused:
            if self._rest is None:
                self._rest = bytearray()
            self._rest += data
            if self._paused:
                self._answer_in_turn()
                return
            if len(self._rest) < self._needed:
                return
            data, self._rest = bytes(self._rest), None
        if self._receiver is not None:
            self._read_in_turn(data)
        elif not self._shared.door.enter(partial(self._shake_hands, data)):
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
        if self._is_counted:
            self._shared.intake.leave(self.peer)
        self._rest = self._fragments = self._core = self._deferred = None
        self._shared.discard(self)
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
        self._taken = None
        self._tell_pace()
        if self._is_choked:
            self._is_choked = False
            self.resume()

    def pause(self) -> None:
        """Bring no message before `resume` is called. Pings that come meanwhile are answered; once much came, no more
        is read."""
        self._paused = True

    def resume(self) -> None:
        """Go on with what came meanwhile, then read again."""
        if not self._paused:
            return
        self._paused = False
        self._looked = 0
        rest, self._rest = self._rest, None
        if rest is not None:
            self._read_in_turn(bytes(rest))
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
        self._is_put_off = False
        if self._deferred is None:
            if self._receiver is not None and self.is_busy:
                self._answer_in_turn()
            return
        (data, position), self._deferred, self._paused = self._deferred, None, False
        self._read(data, position)
        if not self._paused and not self.transport.is_closing():
            self.transport.resume_reading()

    def spend(self, began: float) -> None:
        """Count what a frame has cost since `began` (`monotonic`), for the turn and for the connection."""
        now = monotonic()
        seconds = now - began
        self._cost_s = max(0.0, self._cost_s - GREEDY_SHARE * (now - self._costed_at)) + seconds
        self._costed_at = now
        self._shared.turns.spend(seconds)

    def keep_alive(self) -> None:
        """Ask a silent peer whether it is there; give up one that was asked before, or has taken nothing since.

        To be called now and then. Who is not read from, because its last request takes so long or it has taken so
        little, cannot be heard.
        """
        if self._receiver is None:
            return
        if self.is_backed_up:
            before, self._taken = self._taken, taken_by(self.transport)
            if before is not None and self._taken <= before:
                self.transport.abort()
            return
        if not (self._heard or self._paused):
            self.transport.abort()
            return
        self._heard = False
        if self.is_open:
            self.transport.write(PING)

    def _answer_in_turn(self) -> None:
        """Answer pings, unless this turn of the loop has taken enough; read no more unless there is room."""
        if not self._shared.turns.is_over and self._answer_pings():
            self.transport.resume_reading()
            return
        self.transport.pause_reading()
        if self._shared.turns.is_over and self.is_busy and not self._is_put_off:
            self._is_put_off = True
            self._shared.turns.put_off(self, is_busy=True)

    def _answer_pings(self) -> bool:
        """Answer pings among what has to wait, which need not (RFC 6455, section 5.5.2); return whether all was looked
        at and there is room for more."""
        rest, max_size = self._rest, self._shared.settings.max_size
        if rest is None or not self.is_busy or self._receiver is None:
            return False
        for _ in range(FRAMES_AT_ONCE):
            start, stop = find_payload(rest, self._looked, max_size)
            if stop > len(rest):
                return len(rest) < max_size
            if start == self._looked or rest[self._looked] & 0xF == Opcode.CLOSE:
                return False
            if rest[self._looked] == PING[0]:
                frame = bytes(rest[self._looked : stop])
                del rest[self._looked : stop]
                self._feed(frame)
                if not self.is_open or self._shared.turns.is_over:
                    return False
            else:
                self._looked = stop
        return False

    def _shake_hands(self, data: bytes) -> None:
        """Take the peer's request. It must wait for the answer before it sends more (RFC 6455, section 4.1)."""
        if self.transport.is_closing():
            return
        self.transport.resume_reading()
        if self._core is None:
            greeter, http = self._shared.greeter, self._shared.http
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
            # What came behind the request is no business of a peer that has no answer yet; the core has given it up.
            is_whole = data.endswith(b"\n\r\n"[-len(data) :]) and not core.eof_sent
            if not isinstance(event, Request) or not is_whole:
                self.transport.abort()
                return
            self._answer(Opening(event))

    def _hand_over(self, data: bytes, http: HttpServer) -> None:
        """Leave the connection, and what came over it so far, to HTTP. This object has nothing to do with it then."""
        protocol = http.new_connection(partial(self._shared.intake.leave, self.peer))
        self._is_counted = False
        self.transport.set_write_buffer_limits()
        self.transport.set_protocol(protocol)
        protocol.connection_made(self.transport)
        self._shared.discard(self)
        protocol.data_received(data)

    def _answer(self, opening: Opening) -> None:
        """Let the WebSocket open, or say why not."""
        greeter = self._shared.greeter
        try:
            refusal = self._shared.app.on_request(self, opening.request)
        except Exception:
            log.exception("could not answer a request")
            refusal = HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong.\n"
        if refusal is None and self._shared.closing:
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
        self._shared.handshakes.drop(self)
        self._core = None
        self.is_open = True
        self._receiver, greeting = self._shared.app.on_open(self)
        self.transport.write(answer + greeting)

    def _handshake_core(self) -> ServerProtocol:
        core = self._get_core()
        assert isinstance(core, ServerProtocol), "the handshake is not over"
        return core

    def _get_core(self) -> Core:
        """Return the library's core, a new one if the connection has none."""
        if self._core is None:
            settings = self._shared.settings
            if self._receiver is None:
                self._core = new_handshake(settings)
            else:
                self._core = Core(SERVER, state=State.OPEN, max_size=settings.max_size)
        return self._core

    def _read_in_turn(self, data: bytes) -> None:
        """Take frames, unless this turn of the loop has taken enough."""
        if self._shared.turns.is_over:
            self._defer(data, 0, is_busy=self._cost_s > GREEDY_S)
        else:
            self._read(data)

    def _read(self, data: bytes, position: int = 0) -> None:
        """Take whole frames from a position on, so many at once; keep what is left for the next time."""
        end, taken, stop, until = len(data), 0, 0, 0.0
        while position < end and not self._paused:
            if self.is_backed_up and self.transport.get_write_buffer_size() > self._shared.settings.max_waiting:
                self._is_choked = self._paused = True
                self.transport.pause_reading()
                break
            start, stop = find_payload(data, position, self._shared.settings.max_size)
            if stop > end:
                break
            if taken:
                now = monotonic()
                until = until or now + AT_ONCE_S
                if taken == FRAMES_AT_ONCE or now > until or self._shared.turns.is_over:
                    self._defer(data, position, is_busy=True)
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

    def _defer(self, data: bytes, position: int, *, is_busy: bool) -> None:
        """Take no more frames until others had their turn, and read no more from the network meanwhile."""
        self._deferred, self._paused = (data, position), True
        self.transport.pause_reading()
        self._shared.turns.put_off(self, is_busy=is_busy)

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
        began = monotonic()
        core = self._get_core()
        core.receive_data(frame)
        self._write_out(core)
        for event in core.events_received():
            if self.is_open and isinstance(event, Frame) and event.opcode in DATA_OPCODES:
                self._assemble(event)
        if self.is_open and self._fragments is None:
            self._core = None
        self.spend(began)

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
            # Who is given up already keeps its time.
            deadlines = self._shared.closings if self._receiver else self._shared.handshakes
            deadlines.set(self, self.transport.abort)

    def _tell_pace(self) -> None:
        if self._receiver is not None:
            self._receiver.on_pace()
