"""WebSocket frames: those that the server sends, and where those of a client end."""

TEXT, BINARY = 0x81, 0x82


def make_frame(payload: bytes, *, binary: bool) -> bytes:
    """Return `payload` as one finished, unmasked WebSocket frame (RFC 6455, section 5.2)."""
    opcode, size = (BINARY if binary else TEXT), len(payload)
    if size < 126:
        return bytes((opcode, size)) + payload
    if size < 65536:
        return bytes((opcode, 126, size >> 8, size & 0xFF)) + payload
    return bytes((opcode, 127)) + size.to_bytes(8) + payload


def find_payload(data: bytes | bytearray, position: int, max_size: int) -> tuple[int, int]:
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
