"""Making sound and films anew: their streams are put into a new container, and nothing else of the old one is.

What is heard and seen is not encoded again. Titles, places, subtitles, attachments and streams of data stay behind; so
do notes within the pictures of H.264 (SEI). This runs in a worker's process alone; see `worker`.
"""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages
from typing import IO, Any, NamedTuple

import av
from av.bitstream import BitStreamFilterContext
from PIL import Image

from .pictures import SMALL_QUALITY, Bad

DEMUXERS = {"MP4": "mov,mp4,m4a,3gp,3g2,mj2", "WEBM": "matroska,webm", "OGG": "ogg", "MP3": "mp3", "FLAC": "flac"}
"""By kind: what a file begins with decides who reads it, and FFmpeg guesses nothing."""

FILTERS = {"h264": "filter_units=remove_types=6", "hevc": "filter_units=remove_types=39|40"}
MOST_PACKETS = 200_000
ROTATE = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}


class Container(NamedTuple):
    """What streams are put into: FFmpeg's name, its type with and without pictures, and the codecs that it has."""

    name: str
    film: str
    sound: str
    video: frozenset[str]
    audio: frozenset[str]


# Vorbis in WebM keeps its remarks within what decoders need.
CONTAINERS = {
    "MP4": Container("mp4", "video/mp4", "audio/mp4", frozenset({"h264", "hevc", "av1"}), frozenset({"aac", "mp3"})),
    "WEBM": Container("webm", "video/webm", "audio/webm", frozenset({"vp8", "vp9", "av1"}), frozenset({"opus"})),
    "OGG": Container("ogg", "", "audio/ogg", frozenset(), frozenset({"opus", "vorbis"})),
    "MP3": Container("mp3", "", "audio/mpeg", frozenset(), frozenset({"mp3"})),
    "FLAC": Container("flac", "", "audio/flac", frozenset(), frozenset({"flac"})),
}


class Limits(NamedTuple):
    """What a film may have, and how large its picture is."""

    pixels: int
    seconds: int
    thumbnail: int


class Made(NamedTuple):
    """What became of sound or a film."""

    type: str
    width: int
    height: int
    duration_ms: int


def warm_up() -> None:
    """Load all parts of PyAV, which otherwise come when they are first needed: a worker can open nothing by then."""
    for part in walk_packages(av.__path__, "av."):
        if part.name.rpartition(".")[2] not in ("__main__", "datasets"):
            import_module(part.name)


def make(kind: str, source: IO[bytes], main: IO[bytes], small: IO[bytes], limits: Limits) -> Made:
    """Read sound or a film, and write it anew, with a picture of its beginning. Raises `Bad`, and what FFmpeg says of
    what is damaged."""
    target = CONTAINERS[kind]
    with av.open(source, format=DEMUXERS[kind], metadata_errors="ignore") as old:
        streams = list(_chosen(old, target))
        if not streams:
            raise Bad("unknown" if len(old.streams) else "damaged")
        film = next((one for one in streams if one.type == "video"), None)
        width, height = _size(film, limits) if film is not None else (0, 0)
        duration_ms = _copy(old, streams, target, main, limits)
    if film is not None:
        source.seek(0)
        width, height = _poster(kind, source, small, limits, (width, height))
    return Made(target.film if film is not None else target.sound, width, height, duration_ms)


def _chosen(old: Any, target: Container) -> Iterator[Any]:
    """Yield the first stream of pictures and the first one of sound that the new container has; a picture of a cover
    is none. One of another codec is not left out silently: the file is not taken."""
    for kind, known in (("video", target.video), ("audio", target.audio)):
        found = [one for one in getattr(old.streams, kind) if not _is_cover(one)]
        if found and known and name_of(found[0]) not in known:
            raise Bad("unknown")
        if found and known:
            yield found[0]


def name_of(stream: Any) -> str:
    """Return the name of a stream's codec, whichever decoder there is for it."""
    return str(stream.codec_context.codec.canonical_name)


def _is_cover(stream: Any) -> bool:
    return stream.type == "video" and name_of(stream) in ("mjpeg", "png", "bmp", "gif", "webp")


def _size(film: Any, limits: Limits) -> tuple[int, int]:
    width, height = film.codec_context.width, film.codec_context.height
    if width * height > limits.pixels or not width * height:
        raise Bad("pixels" if width * height else "damaged")
    return width, height


def _copy(old: Any, streams: list[Any], target: Container, main: IO[bytes], limits: Limits) -> int:
    """Copy the packets of streams; return how long that lasts (ms)."""
    end, count = 0.0, 0
    with av.open(main, "w", format=target.name, options={"fflags": "+bitexact"}) as new:
        new.metadata.clear()
        outs: dict[int, Any] = {}
        filters: dict[int, Any] = {}
        for stream in streams:
            out = new.add_stream_from_template(stream)
            out.metadata.clear()
            outs[stream.index] = out
            name = FILTERS.get(name_of(stream))
            filters[stream.index] = BitStreamFilterContext(name, stream, out) if name else None
        for packet in old.demux(streams):
            count += 1
            if count > MOST_PACKETS:
                raise Bad("long")
            if packet.dts is None:
                continue
            at = packet.pts if packet.pts is not None else packet.dts
            start = packet.stream.start_time or 0
            end = max(end, float((at - start + (packet.duration or 0)) * packet.time_base))
            if end > limits.seconds + 1:
                raise Bad("long")
            index = packet.stream.index
            for one in filters[index].filter(packet) if filters[index] else (packet,):
                one.stream = outs[index]
                new.mux(one)
    if not count or end <= 0:
        raise Bad("damaged")
    return round(end * 1000)


def _poster(kind: str, source: IO[bytes], small: IO[bytes], limits: Limits, size: tuple[int, int]) -> tuple[int, int]:
    """Write a small picture of how a film begins; return its size as it is to be seen."""
    with av.open(source, "r", format=DEMUXERS[kind], metadata_errors="ignore") as film:
        stream = film.streams.video[0]
        stream.codec_context.thread_count = 1
        frame = next(iter(film.decode(stream)))
        rotation = int(getattr(frame, "rotation", 0) or 0) % 360
        # A worker may have no threads.
        image: Image.Image = frame.to_image(threads=1)  # type: ignore[no-untyped-call]  # it comes without types
    if rotation in ROTATE:
        image = image.transpose(ROTATE[rotation])
        if rotation != 180:
            size = size[1], size[0]
    image.thumbnail((limits.thumbnail, limits.thumbnail), Image.Resampling.LANCZOS)
    image.info.clear()
    image.save(small, "WEBP", quality=SMALL_QUALITY, method=2)
    return size
