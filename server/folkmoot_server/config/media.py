"""The settings of pictures, sound and films."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from folkmoot_governance.text import N_

from ..common.terminal import _
from .declare import setting
from .operator import check_url

MIB = 1 << 20


def _check_store(text: str) -> str | None:
    parts = urlsplit(text)
    if text == "" or (parts.scheme in {"s3", "file"} and bool(parts.netloc or parts.path)):
        return None
    return _("s3://BUCKET/PREFIX, file:///DIRECTORY, or an empty string")


@dataclass(frozen=True)
class MediaSettings:
    """What may be uploaded, and where it is kept."""

    max_bytes: int = setting(
        64 * MIB, N_("Largest file that is accepted, bytes. 0 = nothing can be uploaded."), least=0, most=1024 * MIB
    )
    per_day_bytes: int = setting(
        256 * MIB, N_("Bytes that one account may upload within 24 hours. 0 = any number."), open=0, least=0
    )
    pixels: int = setting(
        50_000_000, N_("Pixels that a picture may have, over all its frames."), least=10_000, most=200_000_000
    )
    frames: int = setting(500, N_("Frames that a moving picture may have."), least=1, most=5000)
    side: int = setting(2048, N_("Pixels of the longer side of a picture as it is kept."), least=64, most=8192)
    thumbnail: int = setting(400, N_("Pixels of the longer side of its small version."), least=16, most=1024)
    seconds: int = setting(60, N_("Seconds that sound or a film may last."), least=1, most=3600)
    store: str = setting(
        "",
        N_(
            "Where bytes are kept: s3://BUCKET/PREFIX, or file:///DIRECTORY; all nodes need the same. Empty: media in "
            "the data directory. Credentials of S3 come from AWS_… of the environment."
        ),
        check=_check_store,
    )
    reserve_bytes: int = setting(
        1024 * MIB, N_("Free bytes on the data directory's disk below which uploads are refused."), least=0
    )
    uploads_at_once: int = setting(
        100, N_("Uploads that a node accepts at the same time; an account has three at most."), least=1, most=1000
    )
    known_files: Path | None = setting(
        None,
        N_(
            "File with hashes of what is refused, a line each: sha256 HEX, or pdq HEX for what a picture looks like. "
            "Read again when it was changed."
        ),
    )
    scan_url: str = setting(
        "",
        N_(
            "Where each file is posted before it can be shown (keys/scan.key signs that); the answer is JSON, verdict: "
            "allow, hold or refuse. Without an answer it is held, and asked about again."
        ),
        check=check_url,
    )
    scan_seconds: int = setting(30, N_("Seconds that it may take to answer."), least=1, most=600)
    workers: int = setting(
        1, N_("Files that a node makes anew at the same time, each in a process of its own."), least=1
    )
    worker_seconds: int = setting(20, N_("Seconds of processor time that making one anew may take."), least=1, most=600)
    worker_bytes: int = setting(
        1024 * MIB, N_("Bytes of memory that making one anew may take."), least=256 * MIB, most=16384 * MIB
    )

    @property
    def bounds(self) -> dict[str, object]:
        """What is told of these to whose file is refused: see `folkmoot_governance.media.REASONS`."""
        kinds = "JPEG, PNG, GIF, WebP, AVIF, MP4, WebM, MP3, Ogg, FLAC"
        return {"pixels": self.pixels, "frames": self.frames, "seconds": self.seconds, "kinds": kinds}
