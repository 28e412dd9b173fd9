"""Whether what is kept for holds of months that are gone is what was put on record."""

from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import Connection, exists, select

from folkmoot_governance.store_acts import Part
from folkmoot_protocol.types import GroupStatus

from ...common.terminal import _
from ...crypto.cipher import Sealed
from ..rows import HELD_PURPOSE, HeldRow, KeptPost
from ..sql.holds import HeldTally
from ..sql.kept_posts import HOLD, KeptTexts, digest_of, repeated_by, tally
from ..sql.tables import groups, held, kept_posts, redactions
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
        if hold == HOLD:
            continue
        noted = record.held.get(place)
        if noted is None and (part, month) not in record.removed:
            continue
        if noted is None or found[place].result() != (noted.entries, noted.sha256):
            said = _("held: what is kept of {part} {month} for {hold} is not what is on record")
            yield said.format(part=part, month=month, hold=hold)


def check_kept_posts(main: Connection, key: bytes, record: OnRecord) -> Iterator[str]:
    """Compare posts that are kept beyond their months with the record: all that were kept are there, as they were; only
    of what was removed since, or of channels that are closed, the text may be gone."""
    texts, digests = KeptTexts.of_key(key), defaultdict[str, list[str]](list)
    ended = exists().where(redactions.c.code == kept_posts.c.code, redactions.c.seq == kept_posts.c.seq)
    closed = exists().where(groups.c.code == kept_posts.c.code, groups.c.status == GroupStatus.CLOSED.value)
    columns = [kept_posts.c[name] for name in KeptPost._fields]
    query = select(*columns, ended | closed).order_by(kept_posts.c.month, kept_posts.c.code, kept_posts.c.seq)
    for *values, may_be_gone in main.execute(query.execution_options(yield_per=1000)):
        row = KeptPost(*values)
        digests[row.month].append(row.digest)
        is_right = may_be_gone if not row.sealed else _is_as_kept(row, texts)
        if not is_right:
            yield _("kept_posts {code} #{seq}: it is not what was kept").format(code=row.code, seq=row.seq)
    noted = {month: one for (hold, month, _part), one in record.held.items() if hold == HOLD}
    for month in sorted(noted.keys() | digests.keys()):
        one = noted.get(month)
        if one is None and ("journal", month) not in record.removed:
            # It is being kept.
            continue
        if one is None or tally(digests[month]) != (one.entries, one.sha256):
            yield _("kept_posts {month}: what is kept is not what is on record").format(month=month)


def _is_as_kept(row: KeptPost, texts: KeptTexts) -> bool:
    post = texts.open(row.code, row.seq, row.sealed)
    # What was kept before schema 0065 does not say what it repeats.
    if post is None or (row.of_code, row.of_seq) not in (("", 0), repeated_by(post)):
        return False
    return post.ts == row.ts and digest_of(row.ts, row.sealed) == row.digest
