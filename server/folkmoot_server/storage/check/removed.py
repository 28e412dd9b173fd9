"""Whether the texts that were removed are out of the months, sealed, and those that the ledger has no removal of are
not: what tells a removal from tampering."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from folkmoot_governance.group.events import erased_by

from ...common.terminal import _
from ..change_set import Recorded
from .journal import JournalRows


class RemovedCheck:
    """Compares what is sealed in the months with the ledger. `certain`: up to which position of it what was removed is
    out of all files; what came later may wait for its turn."""

    def __init__(self, rows: JournalRows, certain: int) -> None:
        self._rows = rows
        self._certain = certain
        self._sealed: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
        for month in rows.months:
            for grp, seq, _text in rows.sealed(month):
                self._sealed[month, str(grp)].add(seq)

    def check(self, code: str, events: Sequence[Recorded]) -> Iterator[str]:
        """Compare the months with a group's stream."""
        erased = {seq for one in events for seq in erased_by(one.event)}
        certain = {seq for one in events if one.position <= self._certain for seq in erased_by(one.event)}
        for month in self._rows.months:
            for seq, is_blank in self._rows.left(month, code, certain) if certain else ():
                said = _(
                    "journal {month}: {group} #{seq} was removed, but its text is still there: start the server once"
                )
                if is_blank:
                    said = _(
                        "journal {month}: {group} #{seq} was removed, and its sealed text is gone: restore the month"
                    )
                yield said.format(month=month, group=code, seq=seq)
            for seq in sorted(self._unexplained(month, code, erased)):
                said = _("journal {month}: {group} #{seq} is blank, and the ledger has no removal of it")
                yield said.format(month=month, group=code, seq=seq)

    def _unexplained(self, month: str, code: str, erased: set[int]) -> set[int]:
        """Return what is sealed and neither removed nor an edit of what was."""
        others = self._sealed[month, code] - erased
        targets = self._rows.targets(month, code, others) if others else ()
        return others - {seq for seq, target in targets if target in erased}
