"""Messages of syslog (RFC 5424), framed for a stream of TLS by counting octets (RFC 5425, 4.3)."""

import re
import socket
from datetime import UTC, datetime
from enum import IntEnum
from importlib.metadata import version

LOG_AUDIT = 13
"""The facility (RFC 5424, 6.2.1)."""
MOST_SEQUENCE = 2**31 - 1
NIL = "-"
_NOT_PRINTED = re.compile(r"[^\x21-\x7e]")


class Severity(IntEnum):
    """How bad it is (RFC 5424, 6.2.1), as far as that is used."""

    WARNING = 4
    NOTICE = 5
    INFO = 6


def name_of(text: str, most: int) -> str:
    """Return a text as a field of the header: printed characters of ASCII, and no more than that."""
    return _NOT_PRINTED.sub("_", text)[:most] or NIL


class Writer:
    """Makes messages of one node, which it counts. `message` is ASCII: JSON that escapes all else."""

    def __init__(self, node: str) -> None:
        self._host = name_of(socket.gethostname(), 255)
        self._node = name_of(node, 128)
        self._version = name_of(version("folkmoot"), 32)
        self._sequence = 0

    def frame(self, ts: int, severity: Severity, kind: str, message: bytes) -> bytes:
        """Return a message in its frame; `ts` in Unix ms."""
        self._sequence = self._sequence % MOST_SEQUENCE + 1
        moment = datetime.fromtimestamp(ts / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        head = f"<{LOG_AUDIT * 8 + severity}>1 {moment} {self._host} folkmoot {self._node} {name_of(kind, 32)}"
        data = f'[meta sequenceId="{self._sequence}"][origin software="folkmoot" swVersion="{self._version}"]'
        whole = f"{head} {data} ".encode() + message
        return b"%d %s" % (len(whole), whole)
