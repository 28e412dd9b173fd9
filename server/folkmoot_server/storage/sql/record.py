"""Reading a group's record and what its grading and its info page need. See `api.Ledger`."""

from sqlalchemy import Connection, func, or_, select

from folkmoot_governance import GroupState
from folkmoot_governance.content.kinds import Action
from folkmoot_governance.platform_words import PlatformWord
from folkmoot_protocol.types import GroupStatus

from ..api import ActFilter, ActivityRow, GroupSummary, OpenFlag
from ..change_set import Recorded
from .ledger import own_fields, recorded
from .tables import accounts, activity, groups, ledger, members, open_flags, platform_words


def acts(main: Connection, stream: str, wanted: ActFilter, limit: int) -> list[Recorded]:
    """Return events of a stream that are wanted, newest first."""
    query = select(ledger).where(ledger.c.stream == stream, ledger.c.ts >= wanted.since_ms)
    if wanted.before is not None:
        query = query.where(ledger.c.version < wanted.before)
    if wanted.kinds:
        query = query.where(ledger.c.type.in_(wanted.kinds))
    if wanted.user is not None:
        # The data is JSON that we wrote. What has the name as a value of something else is for the caller to drop.
        aimed_at = ledger.c.data.contains(f'"{wanted.user}"', autoescape=True)
        query = query.where(or_(ledger.c.actor == wanted.user, aimed_at))
    return [recorded(row) for row in main.execute(query.order_by(ledger.c.version.desc()).limit(limit))]


def group_summary(main: Connection, code: str) -> GroupSummary | None:
    """Return a group without its people."""
    fields = own_fields(main, code)
    if fields is None:
        return None
    count = main.execute(select(func.count()).where(members.c.code == code)).scalar_one()
    return GroupSummary(GroupState(**fields), count)


def due_for_grading(main: Connection, looked_before: int, after: str, limit: int) -> list[ActivityRow]:
    """Return living groups that were last looked at before a time, by code."""
    count = select(func.count()).where(members.c.code == groups.c.code).scalar_subquery()
    looked = func.coalesce(activity.c.ts, groups.c.created_ts)
    query = (
        select(
            groups.c.code,
            groups.c.category,
            groups.c.grade,
            count,
            looked,
            func.coalesce(activity.c.seq, 0),
            func.coalesce(activity.c.entries_per_day, 0),
        )
        .select_from(groups.outerjoin(activity, activity.c.code == groups.c.code))
        .where(groups.c.code > after, groups.c.status != GroupStatus.CLOSED.value, looked < looked_before)
        .order_by(groups.c.code)
        .limit(limit)
    )
    return [ActivityRow(*row) for row in main.execute(query)]


def due_for_recovery(main: Connection, below: int, before_ms: int, after: str, limit: int) -> list[str]:
    """Return accounts whose credit is below a score and has not changed since, by name."""
    query = select(accounts.c.user).where(accounts.c.credit < below, accounts.c.credit_ts <= before_ms)
    return list(main.execute(query.where(accounts.c.user > after).order_by(accounts.c.user).limit(limit)).scalars())


def find_open_flags(main: Connection, before: int, limit: int) -> list[OpenFlag]:
    """Return entries that were to be flagged and are not, oldest first."""
    query = select(open_flags).where(open_flags.c.ts < before).order_by(open_flags.c.ts).limit(limit)
    return [OpenFlag(*row) for row in main.execute(query)]


def list_platform_words(main: Connection) -> list[PlatformWord]:
    """Return the words that staff has set for all groups."""
    rows = main.execute(select(platform_words).order_by(platform_words.c.word))
    return [PlatformWord(row.word, Action(row.verdict), row.by, row.ts) for row in rows]
