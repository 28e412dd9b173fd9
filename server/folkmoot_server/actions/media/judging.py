"""Whether an upload may be shown: not what the operator's list has, and what a programme of the operator's says."""

import asyncio
from enum import StrEnum
from pathlib import Path

import msgspec
import structlog
from msgspec import Struct

from folkmoot_governance.media import Media

from ...common.clock import Clock
from ...config.media import MediaSettings
from ...crypto.sealing import load_key
from ...media.known import KnownFiles
from ..webhook import FAILED, SIGNATURE, post, sign

log = structlog.get_logger()


class Verdict(StrEnum):
    """What is said of a file."""

    ALLOW = "allow"
    HOLD = "hold"
    REFUSE = "refuse"


class Said(Struct, frozen=True):
    """The answer of the operator's programme."""

    verdict: Verdict


class Judging:
    """Asks the list and the programme. Who does not answer is asked again: until then a file is held."""

    def __init__(self, settings: MediaSettings, clock: Clock, data_dir: Path) -> None:
        self._url, self._timeout_s = settings.scan_url, settings.scan_seconds
        self._key = load_key(data_dir / "keys" / "scan.key") if settings.scan_url else b""
        self._known = KnownFiles(settings.known_files)
        self._clock = clock

    @property
    def asks(self) -> bool:
        """Whether there is a programme to be asked."""
        return bool(self._url)

    async def is_known(self, hashes: tuple[str, ...], likeness: str) -> bool | None:
        """Say whether a file is on the operator's list; None where that cannot be read."""
        try:
            return await asyncio.to_thread(self._known.is_known, hashes, likeness)
        except (OSError, ValueError) as error:
            log.error("the list of known files cannot be read", cause=repr(error))
            return None

    async def ask(self, media: Media, type: str, data: bytes) -> Verdict:
        """Return what the programme says of a file as it would be shown."""
        try:
            return await asyncio.to_thread(self._ask, media, type, data)
        except FAILED as error:
            log.warning("no answer of media.scan_url", media=media.id, cause=repr(error))
            return Verdict.HOLD

    def _ask(self, media: Media, type: str, data: bytes) -> Verdict:
        signature = sign(self._key, data, self._clock.now_ms())
        headers = {"Content-Type": type, "X-Folkmoot-Media": media.id, SIGNATURE: signature}
        status, answer = post(self._url, data, headers, self._timeout_s)
        if not 200 <= status < 300:
            raise ValueError(f"the answer was {status}")
        return msgspec.json.decode(answer, type=Said).verdict
