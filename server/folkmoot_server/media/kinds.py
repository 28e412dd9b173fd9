"""What a file is, by its first bytes: what it is called, and what somebody says it is, is not asked."""

HEAD = 1024
"""So many first bytes are looked at."""

_SIGNS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "JPEG"),
    (0, b"\x89PNG\r\n\x1a\n", "PNG"),
    (0, b"GIF87a", "GIF"),
    (0, b"GIF89a", "GIF"),
    (8, b"WEBP", "WEBP"),
    (4, b"ftypavif", "AVIF"),
    (4, b"ftypavis", "AVIF"),
    (4, b"ftyp", "MP4"),
    (0, b"\x1aE\xdf\xa3", "WEBM"),
    (0, b"OggS", "OGG"),
    (0, b"fLaC", "FLAC"),
    (0, b"ID3", "MP3"),
    (0, b"\xff\xfb", "MP3"),
    (0, b"\xff\xf3", "MP3"),
    (0, b"\xff\xf2", "MP3"),
)
_MARKUP = (b"<svg", b"<html", b"<!doctype", b"<?xml", b"<script", b"<body", b"<head")

PICTURES = frozenset({"JPEG", "PNG", "GIF", "WEBP", "AVIF"})
FILMS = frozenset({"MP4", "WEBM", "OGG", "MP3", "FLAC"})
"""Films and sound."""
MARKUP = "markup"


def kind_of(head: bytes) -> str:
    """Return the name of a kind, `MARKUP` for a text with code in it, and nothing for what is not known."""
    for offset, sign, kind in _SIGNS:
        if head[offset : offset + len(sign)] == sign and (kind != "WEBP" or head.startswith(b"RIFF")):
            return kind
    lowered = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return MARKUP if any(one in lowered for one in _MARKUP) else ""
