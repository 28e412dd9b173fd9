"""Making a picture anew: what is kept of one is its pixels and its colour profile, never a byte of the file it came in.

This runs in a worker's process alone; see `worker`.
"""

import io
from collections.abc import Sequence
from typing import IO, NamedTuple

from PIL import (
    AvifImagePlugin,
    GifImagePlugin,
    Image,
    ImageChops,
    ImageOps,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from .likeness import likeness_of

PLUGINS = (
    *(AvifImagePlugin, GifImagePlugin, ImageChops, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, TiffImagePlugin),
    WebPImagePlugin,
)
"""Pillow imports them when it first needs them; a worker cannot any more."""

QUALITY, SMALL_QUALITY = 85, 75
PROFILE_BYTES = 1 << 18
SHORTEST_MS, LONGEST_MS = 20, 10_000
"""Between two frames."""

TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


# A worker may have no threads.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1


class Bad(Exception):
    """Why a file is not taken: a key of `folkmoot_governance.media.REASONS`."""


class Bounds(NamedTuple):
    """What a picture may have, and how large it is kept."""

    pixels: int
    frames: int
    side: int
    thumbnail: int


class Made(NamedTuple):
    """What became of a picture."""

    type: str
    width: int
    height: int
    likeness: str


# Bounds are asked before anything is decoded; this would only warn.
Image.MAX_IMAGE_PIXELS = None


def warm_up(kind: str) -> None:
    """Have Pillow load all that it needs for a kind, by writing and reading a picture of it."""
    Image.preinit()
    exif = Image.Exif()
    exif[0x0112] = 6
    source = io.BytesIO()
    Image.new("RGB", (8, 8)).save(source, kind, exif=exif)
    source.seek(0)
    make(kind, source, io.BytesIO(), io.BytesIO(), Bounds(1000, 2, 8, 4))


def make(kind: str, source: IO[bytes], main: IO[bytes], small: IO[bytes], bounds: Bounds) -> Made:
    """Read a picture, and write it anew and small. Raises `Bad`, and whatever Pillow does for what is damaged."""
    with Image.open(source, formats=[kind]) as image:
        frames = _count(image, kind, bounds)
        if kind == "JPEG":
            # Decoded to no more than what is needed, an eighth at least: less memory and time for large ones.
            image.draft(None, (bounds.side, bounds.side))
        profile = _profile(image)
        if frames > 1:
            pictures, times, loop = _frames(image, frames, bounds)
            # Of a film of several frames the colours are those of the screen.
            _write_moving(pictures, times, loop, main)
            first, made_kind = pictures[0], "WEBP"
        else:
            image.load()
            first = _upright(image, bounds.side)
            made_kind = _write_still(first, kind, profile, main)
    _write_small(first, profile if frames == 1 else None, small, bounds.thumbnail)
    return Made(TYPES[made_kind], *first.size, likeness_of(first))


def _count(image: Image.Image, kind: str, bounds: Bounds) -> int:
    """Return how many frames a picture has, after its size was looked at. One is shown of an AVIF."""
    width, height = image.size
    if width * height > bounds.pixels:
        raise Bad("pixels")
    frames = 1 if kind == "AVIF" else int(getattr(image, "n_frames", 1))
    if frames > bounds.frames:
        raise Bad("frames")
    if width * height * frames > bounds.pixels:
        raise Bad("pixels")
    return frames


def _profile(image: Image.Image) -> bytes | None:
    """Return the colour profile of a picture, if it is one: 36 bytes in stands what every profile has (ICC.1)."""
    profile = image.info.get("icc_profile")
    if not isinstance(profile, bytes) or len(profile) > PROFILE_BYTES or profile[36:40] != b"acsp":
        return None
    # What is no profile of grey or of red, green and blue does not fit what the picture is made into.
    return profile if profile[16:20] in (b"RGB ", b"GRAY") and image.mode not in ("CMYK", "YCCK", "LAB") else None


def _upright(image: Image.Image, side: int) -> Image.Image:
    """Return the pixels as they are to be seen, at most `side` long, and nothing else that came with them."""
    seen = _plain(ImageOps.exif_transpose(image))
    seen.thumbnail((side, side), Image.Resampling.LANCZOS)
    seen.info.clear()
    return seen


def _plain(image: Image.Image) -> Image.Image:
    """Return a picture as grey, or as red, green and blue, with transparency where it has some."""
    mode = image.mode
    if mode.startswith("I"):
        return image.convert("I").point(lambda value: value / 256).convert("L")
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image.copy() if mode in ("L", "RGB") else image.convert("L" if mode in ("1", "F") else "RGB")


def _write_still(image: Image.Image, kind: str, profile: bytes | None, main: IO[bytes]) -> str:
    """Write a picture in the kind that it came in, as far as browsers know it; return that."""
    if profile is not None and (profile[16:20] == b"GRAY") != (image.mode == "L"):
        profile = None
    if kind == "JPEG":
        image.save(main, "JPEG", quality=QUALITY, progressive=True, icc_profile=profile)
        return "JPEG"
    if kind in ("PNG", "GIF"):
        image.save(main, "PNG", compress_level=6, icc_profile=profile)
        return "PNG"
    image.save(main, "WEBP", quality=QUALITY, method=2, icc_profile=profile or b"")
    return "WEBP"


def _frames(image: Image.Image, count: int, bounds: Bounds) -> tuple[list[Image.Image], list[int], int]:
    """Return the frames of a moving picture, for how long each is shown (ms), and how often all are (0: for ever)."""
    pictures, times = [], []
    loop = image.info.get("loop", 0)
    for number in range(count):
        image.seek(number)
        shown = int(image.info.get("duration", 100) or 100)
        frame = image.convert("RGBA")
        frame.thumbnail((bounds.side, bounds.side), Image.Resampling.BILINEAR)
        frame.info.clear()
        pictures.append(frame)
        times.append(min(max(shown, SHORTEST_MS), LONGEST_MS))
    return pictures, times, loop if isinstance(loop, int) and 0 <= loop < 1000 else 0


def _write_moving(pictures: Sequence[Image.Image], times: Sequence[int], loop: int, main: IO[bytes]) -> None:
    first, *others = pictures
    first.save(
        main, "WEBP", save_all=True, append_images=others, duration=list(times), loop=loop, quality=QUALITY, method=0
    )


def _write_small(image: Image.Image, profile: bytes | None, small: IO[bytes], side: int) -> None:
    """Write the small version of a picture."""
    tiny = image.copy()
    tiny.thumbnail((side, side), Image.Resampling.LANCZOS)
    if profile is not None and profile[16:20] == b"GRAY":
        profile = None
    tiny.save(small, "WEBP", quality=SMALL_QUALITY, method=2, icc_profile=profile or b"")
