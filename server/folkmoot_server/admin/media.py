"""Administration of media: what was uploaded, and looking at one for a case (G6.2, G14)."""

from folkmoot_governance import Refusal
from folkmoot_governance.media import ACT as DECIDE
from folkmoot_governance.media import DecideMedia, Media, MediaState
from folkmoot_governance.reading import ACT, ReadTexts
from folkmoot_protocol.admin import media as rows
from folkmoot_protocol.admin.row import NoOptions
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.names import fold_user_name
from folkmoot_protocol.results import AdminResult

from ..common.i18n import N_
from .call import Call, Outcome, carries_out
from .common import check_asker, record_reading
from .opening import check_opening

NO_MEDIA = Refusal(ErrorCode.NO_SUCH_ENTRY, N_("There is no such upload."), {"help": "media list"})


def media_item(one: Media) -> dict[str, object]:
    """Return an upload as a row."""
    item: dict[str, object] = {"media": one.id, "user": one.user, "state": one.state, "at_ts": one.created_ts}
    more = {"reason": one.reason, "type": one.type, "size": one.size, "group": one.code, "seq": one.seq}
    return item | {name: value for name, value in more.items() if value}


@carries_out(rows.LIST_MEDIA)
async def list_media(call: Call, options: rows.WhichMedia) -> Outcome:
    """List them, the latest first."""
    ts, _, id = call.cursor.partition(" ")
    before = (int(ts), id) if ts.isascii() and ts.isdigit() and len(ts) < 19 else None
    state = MediaState(options.state) if options.state else None
    found = await call.app.store.ledger.list_media(fold_user_name(options.account), state, before, call.limit + 1)
    shown = found[: call.limit]
    cursor = f"{shown[-1].created_ts} {shown[-1].id}" if len(found) > call.limit else None
    return AdminResult(items=tuple(map(media_item, shown)), cursor=cursor)


async def is_removed(call: Call, one: Media) -> bool:
    """Say whether an upload was removed with the entry that showed it: its own state says so some time later."""
    if one.state is not MediaState.POSTED:
        return one.state is MediaState.REMOVED
    entry = await call.app.store.journal.entry(one.code, one.seq)
    return entry is None or entry.redacted


@carries_out(rows.SHOW_MEDIA)
async def show_media(call: Call, options: rows.ForCase) -> Outcome:
    """Give a path to look at one by; who looks is on record, with the case that it is for."""
    forbidden = check_asker(call, ACT)
    if forbidden:
        return forbidden
    found = await call.app.store.ledger.media([call.target])
    if not found or not found[0].sha256:
        return NO_MEDIA
    refusal = await check_opening(call, options.case) if await is_removed(call, found[0]) else None
    refusal = refusal or await record_reading(call, ReadTexts(options.case, "media", found[0].code))
    if refusal:
        return refusal
    path, until_ms = call.app.media.showing.path_for_staff(found[0], call.account.user)
    return AdminResult(items=(media_item(found[0]) | {"path": path, "until_ts": until_ms},))


@carries_out(rows.APPROVE_MEDIA)
async def approve_media(call: Call, options: NoOptions) -> Outcome:
    """Let an upload through that is held."""
    return await decide(call, is_allowed=True)


@carries_out(rows.REJECT_MEDIA)
async def reject_media(call: Call, options: NoOptions) -> Outcome:
    """Refuse an upload that is held."""
    return await decide(call, is_allowed=False)


async def decide(call: Call, *, is_allowed: bool) -> Outcome:
    """Decide on an upload that is held; return it as it is then."""
    forbidden = check_asker(call, DECIDE)
    if forbidden:
        return forbidden
    found = await call.app.store.ledger.media([call.target])
    if not found:
        return NO_MEDIA
    decided = await call.app.media.uploads.decide(DecideMedia(found[0], is_allowed, call.reason), call.account)
    return decided if isinstance(decided, Refusal) else AdminResult(items=(media_item(decided),), changed=1)
