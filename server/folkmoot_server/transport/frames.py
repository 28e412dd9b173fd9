"""WebSocket frames that the server sends."""

TEXT, BINARY = 0x81, 0x82


def make_frame(payload: bytes, *, binary: bool) -> bytes:
    """Return `payload` as one finished, unmasked WebSocket frame (RFC 6455, section 5.2)."""
    opcode, size = (BINARY if binary else TEXT), len(payload)
    if size < 126:
        return bytes((opcode, size)) + payload
    if size < 65536:
        return bytes((opcode, 126, size >> 8, size & 0xFF)) + payload
    return bytes((opcode, 127)) + size.to_bytes(8) + payload
