"""Sound and films for uploads, which tell where they were taken wherever their kind has room for that."""

import io
from fractions import Fraction
from typing import Any

import av
from PIL import Image

RATE, PICTURES = 48_000, 10
PLACE = "+52.5200+013.4050/PLANTED"

KINDS: dict[str, tuple[str, str, str]] = {
    "video/mp4": ("mp4", "libx264", "aac"),
    "video/webm": ("webm", "libvpx-vp9", "libopus"),
    "audio/mp4": ("mp4", "", "aac"),
    "audio/ogg": ("ogg", "", "libopus"),
    "audio/mpeg": ("mp3", "", "libmp3lame"),
    "audio/flac": ("flac", "", "flac"),
}
"""By type: container, and how pictures and sound are encoded."""


def planted_film(kind: str = "video/mp4", seconds: int = 2, size: tuple[int, int] = (160, 120)) -> bytes:
    """Return sound or a film that tells where it was taken."""
    name, pictures, sound = KINDS[kind]
    out = io.BytesIO()
    with av.open(out, "w", format=name, options={"movflags": "use_metadata_tags"} if name == "mp4" else {}) as film:
        place = {"location": PLACE, "com.apple.quicktime.location.ISO6709": PLACE}
        film.metadata.update(place | {"title": "PLANTED title", "comment": "PLANTED comment"})
        streams: dict[str, Any] = {}
        if pictures:
            streams["video"] = film.add_stream(pictures, rate=PICTURES)
            streams["video"].width, streams["video"].height = size
            streams["video"].pix_fmt = "yuv420p"
            streams["video"].metadata["title"] = "PLANTED stream"
        streams["audio"] = film.add_stream(sound, rate=RATE)
        for kind_of_stream, stream in streams.items():
            frames = _pictures(seconds, size) if kind_of_stream == "video" else _sound(stream, seconds)
            for frame in [*frames, None]:
                for packet in stream.encode(frame):
                    film.mux(packet)
    return out.getvalue()


def _pictures(seconds: int, size: tuple[int, int]) -> list[Any]:
    frames = []
    for number in range(seconds * PICTURES):
        frame = av.VideoFrame.from_image(Image.new("RGB", size, (number * 5 % 256, 80, 120)))
        frame.pts, frame.time_base = number, Fraction(1, PICTURES)
        frames.append(frame)
    return frames


def _sound(stream: Any, seconds: int) -> list[Any]:
    frames, codec = [], stream.codec_context
    step = codec.frame_size or 1024
    for start in range(0, seconds * RATE, step):
        frame = av.AudioFrame(format=codec.format.name, layout=codec.layout.name, samples=step)
        frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frames.append(frame)
    return frames
