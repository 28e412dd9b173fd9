"""Files for uploads: honest ones, and those that people send who mean harm."""

import io
import random
import struct
import zlib

from PIL import Image

PLANTED = b"PLANTED"


def planted_picture(kind: str = "JPEG", size: tuple[int, int] = (640, 480)) -> bytes:
    """Return a picture that tells where it was taken, and more, wherever its kind has room for that."""
    exif = Image.Exif()
    exif[0x010E] = "PLANTED description"
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 36.0), 29: "PLANTED"})
    out = io.BytesIO()
    image = Image.radial_gradient("L").resize(size).convert("RGB")
    more = {"xmp": b"<x:xmpmeta>PLANTED</x:xmpmeta>", "comment": b"PLANTED comment"}
    image.save(out, kind, exif=exif, **more)
    return out.getvalue() + b"<script>PLANTED</script>"


def png_chunk(name: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, rows: bytes = b"", *chunks: bytes) -> bytes:
    """Return a PNG in grey that says it is so large; `rows` are compressed."""
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + png_chunk(b"IDAT", rows) + png_chunk(b"IEND", b"")


def hostile_files() -> dict[str, tuple[str, bytes]]:
    """Return what is refused, and why, by what it is."""
    honest = planted_picture(size=(64, 48))
    gif = io.BytesIO()
    frames = [Image.new("L", (1, 1), n % 256) for n in range(600)]
    frames[0].save(gif, "GIF", save_all=True, append_images=frames[1:])
    wide = io.BytesIO()
    frames = [Image.new("L", (1000, 1000), n) for n in range(60)]
    frames[0].save(wide, "GIF", save_all=True, append_images=frames[1:])
    zeros = zlib.compress(bytes(40_000_000), 9)
    return {
        "a picture of 40,000 by 40,000": ("pixels", png(40_000, 40_000, zeros)),
        "a moving one of so many pixels": ("pixels", wide.getvalue()),
        "one of more pixels than numbers have": ("pixels", png(2**31 - 1, 2**31 - 1, zeros)),
        "many frames": ("frames", gif.getvalue()),
        "a drawing": (
            "markup",
            b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>',
        ),
        "a page": ("markup", b"\xef\xbb\xbf  <!DOCTYPE html><script>alert(1)</script>"),
        "a page that begins as a picture": ("damaged", b"\xff\xd8\xff<html><script>alert(1)</script>" * 40),
        "a programme": ("unknown", b"\x7fELF" + bytes(2000)),
        "a playlist": ("unknown", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"),
        "a document": ("unknown", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"),
        "one byte": ("unknown", b"\x00"),
        "half of a picture": ("damaged", honest[: len(honest) // 3]),
        "a picture with nothing in it": ("damaged", png(10, 10)),
        "a text that is far larger than it was": (
            "damaged",
            png(10, 10, zeros, png_chunk(b"zTXt", b"k\x00\x00" + zlib.compress(bytes(90_000_000), 9))),
        ),
    }


def fuzzed_files(count: int, seed: int = 1) -> list[bytes]:
    """Return pictures of all kinds that somebody has damaged."""
    chance = random.Random(seed)
    image = Image.effect_noise((64, 48), 50).convert("RGB")
    turned = [image.rotate(angle) for angle in (10, 20, 30)]
    honest = []
    for kind in ("JPEG", "PNG", "GIF", "WEBP", "AVIF"):
        for others in ([], turned) if kind in ("GIF", "PNG", "WEBP") else ([],):
            out = io.BytesIO()
            image.save(out, kind, save_all=bool(others), append_images=others)
            honest.append(out.getvalue())
    return [damage(chance, honest[number % len(honest)]) for number in range(count)]


def damage(chance: random.Random, file: bytes) -> bytes:
    """Return a file that somebody has damaged."""
    data = bytearray(file)
    for _ in range(chance.choice((1, 2, 5, 20, 100))):
        place = chance.randrange(len(data))
        match chance.randrange(4):
            case 0:
                data[place] = chance.randrange(256)
            case 1:
                del data[place : place + chance.randrange(1, 30)]
            case 2:
                data[place:place] = chance.randbytes(chance.randrange(1, 30))
            case _:
                data[place : place + 4] = chance.choice((b"\xff" * 4, bytes(4), b"\x7f\xff\xff\xff"))
        if len(data) < 8:
            break
    return bytes(data)
