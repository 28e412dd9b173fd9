"""Whether the machine's clock can be right: compared with what is stored, at the start and as long as the node runs."""

from datetime import timedelta
from pathlib import Path

from folkmoot_governance import Actor, Refusal
from folkmoot_governance.store_acts import ConfirmTime

from ..common.background import Remarks
from ..common.clock import TOLERATED_MS, Clock
from ..storage.api import Ledger
from ..storage.changes import TIME_MARK, mark, offset_mark
from .store_acts import StoreActs

LOOK_S = 1.0
NOTE_MS = 60 * 60 * 1000
"""How often the time is noted, for who starts later."""
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
MATTER = "clock"


def boot_id() -> str:
    """Return what tells this start of the machine from every other, empty where the system does not say."""
    return BOOT_ID.read_text().strip() if BOOT_ID.exists() else ""


class Timekeeper:
    """Tells a node's clock what is stored of time, notes the time, and remarks on doubts. `name`: the node's."""

    def __init__(self, name: str, ledger: Ledger, clock: Clock, remarks: Remarks, store_acts: StoreActs) -> None:
        self._name = name
        self._ledger = ledger
        self._clock = clock
        self._remarks = remarks
        self._store_acts = store_acts
        self._boot = offset_mark(boot_id()) if boot_id() else ""
        self._noted: dict[str, int] = {}

    async def begin(self) -> None:
        """Compare the clock with what is stored, before anything is decided by it. Raises StorageError."""
        self._noted = await self._ledger.marks()
        known = max(self._noted.get(TIME_MARK, 0), await self._ledger.latest_ts())
        self._clock.begin(known, self._noted.get(self._boot))
        self._remark()

    async def look(self) -> None:
        """Look at the clock, and note the time now and then while there is no doubt about it."""
        now, offset = self._clock.now_ms(), self._clock.offset_ms
        self._remark()
        if self._clock.doubt is not None:
            return
        rows = []
        if self._boot and abs(offset - self._noted.get(self._boot, 0)) > TOLERATED_MS:
            rows.append(mark(self._boot, offset))
        if abs(now - self._noted.get(TIME_MARK, 0)) > NOTE_MS:
            rows.append(mark(TIME_MARK, now))
        if rows and await self._store_acts.store_rows(rows) is None:
            self._noted |= {row.values["name"]: row.values["value"] for row in rows}

    async def confirm(self, actor: Actor, reason: str, *, dry_run: bool) -> int | Refusal:
        """Let an administrator say that the machine's clock is right; return how many events that has."""
        doubt = self._clock.doubt
        command = ConfirmTime(self._name, doubt.jump_ms if doubt else 0, reason)
        stored = await self._store_acts.act(command, actor, dry_run=dry_run)
        if not dry_run and not isinstance(stored, Refusal):
            self._clock.confirm()
            await self.look()
        return stored

    def _remark(self) -> None:
        doubt = self._clock.doubt
        if doubt is None:
            self._remarks.pop(MATTER, None)
            return
        by = timedelta(seconds=abs(doubt.jump_ms) // 1000)
        off = f"the machine's clock is {by} {'ahead of' if doubt.jump_ms > 0 else 'behind'}"
        what = "the time that is held" if doubt.is_held else "the latest time in the store"
        self._remarks[MATTER] = (
            f"{off} {what}, and nothing ends or is removed meanwhile; if it is right: folkmoot admin node confirm time"
        )
