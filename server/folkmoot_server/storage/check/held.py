"""Whether what is kept for holds of months that are gone is what was put on record."""

from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import Connection, select

from folkmoot_governance.store_acts import Part

from ...common.terminal import _
from ...crypto.cipher import Sealed
from ..rows import HELD_PURPOSE, HeldRow
from ..sql.holds import HeldTally
from ..sql.tables import held
from .on_record import OnRecord


def check_held(main: Connection, key: bytes, record: OnRecord) -> Iterator[str]:
    """Compare what is kept with the record; of a month that is still there it may come later."""
    sealed = Sealed(None, HELD_PURPOSE, key)
    found: defaultdict[tuple[str, str, Part], HeldTally] = defaultdict(HeldTally)
    order = held.c.hold, held.c.month, held.c.code, held.c.seq
    for values in main.execute(select(held).order_by(*order).execution_options(yield_per=1000)):
        row = HeldRow(*values)
        part: Part = "journal" if row.code else "access"
        found[row.hold, row.month, part].add(part, sealed.open(row.sealed, row.bound_to))
    for place in sorted(record.held.keys() | found.keys()):
        hold, month, part = place
        noted = record.held.get(place)
        if noted is None and (part, month) not in record.removed:
            continue
        if noted is None or found[place].result() != (noted.entries, noted.sha256):
            said = _("held: what is kept of {part} {month} for {hold} is not what is on record")
            yield said.format(part=part, month=month, hold=hold)
