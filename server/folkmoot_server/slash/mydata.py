"""`/mydata`: what is stored about oneself, a bounded page at a time; `next` goes on (P9).

Parts follow each other: the account, its record, what it was told, what it uploaded, and what it wrote in each group
that it is in, and below posts of channels. The terminal and the page gather them into one file.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from folkmoot_governance import Refusal, account_case
from folkmoot_governance.case.state import CaseKind
from folkmoot_governance.identity import masked
from folkmoot_governance.media import Media
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import SAID, Entry, EntryKind

from ..actions.accounts.sessions import session_item
from ..actions.channels.following import MOST_FOLLOWS
from ..common.i18n import N_
from ..delivery.notices import view_notice
from ..storage.api import CaseFilter
from ..storage.change_set import MemberSettings, account_stream
from ..storage.channels import NEWEST, Place, end_of_page
from .call import Call
from .cases import MAX_LISTED, as_told_to, case_item
from .outcome import Answer, Outcome

ACTS, NOTICES, UPLOADS = 200, 100, 200
"""Acts, notices and uploads on a page."""

ENTRIES_READ, BODY_BYTES = 1000, 200_000
"""Entries of a group that are looked at for a page, and how long the texts on it are, together; one is more."""

AT_ONCE = 200
COMMENTS = "@"
"""Stands in a cursor for a group's code, after all of them, where the comments in others' channels begin."""
WRITTEN = SAID | {EntryKind.EDIT, EntryKind.REACTION}

Page = tuple[list[Any], str]
"""Items, and the cursor of the page that follows, empty for the next part."""


async def mydata(call: Call, cursor: str | None) -> Outcome:
    """Give what is stored about oneself, from the page that a cursor names on."""
    if cursor is None:
        wait = call.app.shared_limits.take_try(call.account.user, "mydata")
        if wait:
            detail: dict[str, object] = {"retry_after_ms": wait, "rule": "policy.groups.tries_per_hour"}
            return Refusal(ErrorCode.RATE_LIMITED, N_("Too many tries: wait {wait}."), detail)
    part, _, place = (cursor or "account").partition(":")
    if part not in PARTS:
        text = N_("Usage: {usage}")
        return Refusal(ErrorCode.BAD_SYNTAX, text, {"usage": "/mydata", "help": "/mydata"})
    items, following = await PARTS[part](call, place)
    data: dict[str, object] = {"mydata": call.account.user, "part": part, "items": items}
    names = list(PARTS)
    after = names[names.index(part) + 1 :]
    if following or after:
        data["next"] = f"{part}:{following}" if following else f"{after[0]}:"
    return Answer(text_of(call, data), data)


def text_of(call: Call, data: Mapping[str, object]) -> str:
    """Say in words what a page has; its items are in the data."""
    said = call.say(N_("What is stored about you, part {part}: the data is meant for programs."), data)
    more = N_("More of it: /mydata {next}")
    return f"{said}\n{call.say(more, data)}" if "next" in data else said


async def account_part(call: Call, place: str) -> Page:
    """Return the account itself: profile, identity with its numbers masked, groups, sessions, cases, settings."""
    account, ledger = call.account, call.app.store.ledger
    state = account.state
    request = await ledger.identity_request(account.user)
    rows = [*await ledger.list_identities(account.user), *([request] if request is not None else [])]
    numbers = [
        {"identity": row.identity, "number": masked(call.app.vault.open(row) or ""), "ts": row.ts} for row in rows
    ]
    cases = await ledger.list_cases(CaseFilter(by=account.user, newest=True), limit=MAX_LISTED)
    item = {
        "profile": {
            "user": account.user,
            "display_name": account.profile.display_name,
            "language": account.profile.language,
            "created_ts": state.created_ts,
            "agreement": state.agreement,
            "platform_role": state.platform,
            "second_factor_since_ms": state.second_factor_ms,
        },
        "identity": {"level": state.identity, "asked": state.asked, "numbers": numbers},
        "credit": {"score": state.credit, "level": account.level.name},
        "groups": [await group_item(call, code) for code in sorted(account.groups)],
        "created_groups": sorted(account.created),
        "ignored": sorted(account.ignored),
        "follows": await call.app.store.channels.follows(account.user, limit=MOST_FOLLOWS),
        "sessions": [session_item(one) for one in await call.app.sessions.sessions_of(account.user)],
        "cases": [
            case_item(one, call.now) | as_told_to(account.user, one)
            for one in cases
            if one.kind is not CaseKind.MEDIATION
        ],
    }
    return [msgspec.to_builtins(item)], ""


async def group_item(call: Call, code: str) -> dict[str, object]:
    """Return what a group has of its member, and what the member has set for itself there."""
    account, room = call.account, await call.app.rooms.load(code)
    member = room.state.members.get(account.user) if room is not None else None
    settings = account.settings.get(code, MemberSettings())
    return {
        "group": code,
        "name": room.state.name if room is not None else "",
        "member": member,
        "nick": settings.nick,
        "notify": settings.notify,
        "read_seq": account.read_seqs.get(code, 0),
    }


async def acts_part(call: Call, place: str) -> Page:
    """Return what happened to the account: not who on the operator's staff decided it (G14)."""
    user = call.account.user
    found = await call.app.store.ledger.events(account_stream(user), number_of(place), ACTS)
    items = []
    for one in found:
        act = msgspec.to_builtins(one.event)
        by = act.pop("by", "")
        act.pop("proposed_by", None)
        items.append({"case": account_case(user, one.version), "by_oneself": by == user, **act})
    return items, str(found[-1].version) if len(found) == ACTS else ""


async def notices_part(call: Call, place: str) -> Page:
    """Return what the account was told; it is not read by that."""
    page, more = await call.app.box.page(call.account.user, place, NOTICES)
    items = [msgspec.to_builtins(view_notice(one.notice, one.read_ts, call.say)) for one in page]
    return items, page[-1].notice.id if more else ""


async def uploads_part(call: Call, place: str) -> Page:
    """Return what the account has uploaded, the latest first: the bytes are at `/media/<media>`."""
    ts, _, id = place.partition(".")
    before = (number_of(ts), id) if id else None
    found = await call.app.store.ledger.list_media(call.account.user, None, before, UPLOADS + 1)
    shown = found[:UPLOADS]
    following = f"{shown[-1].created_ts}.{shown[-1].id}" if len(found) > UPLOADS else ""
    return [upload_item(one) for one in shown], following


def upload_item(one: Media) -> dict[str, object]:
    """Return an upload of one's own, and where it is posted."""
    item: dict[str, object] = {"media": one.id, "ts": one.created_ts, "state": one.state.value, "size": one.size}
    more = {"type": one.type, "reason": one.reason, "group": one.code, "seq": one.seq}
    return item | {name: value for name, value in more.items() if value}


async def entries_part(call: Call, place: str) -> Page:
    """Return what the account wrote in one of its groups after another, as it stands."""
    codes = sorted(call.account.groups)
    code, _, seq = place.partition(":")
    left = [one for one in codes if one >= code]
    if not left:
        return await own_comments(call, seq)
    after = number_of(seq) if left[0] == code else 0
    items, after = await own_entries(call, left[0], after)
    if after:
        return items, f"{left[0]}:{after}"
    return items, f"{left[1]}:0" if len(left) > 1 else f"{COMMENTS}:"


async def own_comments(call: Call, cursor: str) -> Page:
    """Return what the account wrote in channels that it only reads, as it stands, the newest first."""
    given = [number_of(one) for one in cursor.split(".")]
    before = Place(*given) if len(given) == len(Place.__struct_fields__) else NEWEST
    places = await call.app.store.channels.comments_by(call.account.user, before, AT_ONCE + 1)
    by_code: dict[str, list[int]] = defaultdict(list)
    for place in places[:AT_ONCE]:
        if (code := str(place.grp)) not in call.account.groups:
            by_code[code].append(place.seq)
    items: list[Any] = []
    for code, seqs in by_code.items():
        found = await call.app.store.journal.versions(code, seqs)
        items += [entry_item(code, found[seq].standing) for seq in seqs if seq in found]
    end = end_of_page(places, AT_ONCE)
    return items, f"{COMMENTS}:{end.ts}.{end.grp}.{end.seq}" if end else ""


async def own_entries(call: Call, code: str, after: int) -> tuple[list[Any], int]:
    """Return one's own entries above a seq, and how far that looked, 0 where there is no more."""
    items: list[Any] = []
    room, size, read = await call.app.rooms.load(code), 0, 0
    if room is None or call.account.user not in room.state.members:
        return items, 0
    while room.state.form is not None and read < ENTRIES_READ and (seqs := await kept_before(call, code, after)):
        found = await call.app.store.journal.versions(code, seqs)
        after, read = seqs[-1], read + len(seqs)
        own = [one.standing for one in found.values() if one.standing.from_.user == call.account.user]
        items += [entry_item(code, entry) for entry in own]
        size += sum(len(entry.body.encode()) for entry in own)
    while read < ENTRIES_READ and size < BODY_BYTES:
        page = await call.app.store.journal.page(code, after=after, limit=AT_ONCE)
        for entry in page.entries:
            after, read = entry.seq, read + 1
            if entry.from_.user == call.account.user and entry.kind in WRITTEN:
                items.append(entry_item(code, entry))
                size += len(entry.body.encode())
        if not page.more:
            return items, 0
    return items, after


async def kept_before(call: Call, code: str, after: int) -> list[int]:
    """Return the seqs of posts of a channel above a seq that are kept, and whose month is gone."""
    seqs = await call.app.store.channels.kept_of_channel(code, after, AT_ONCE)
    first = (await call.app.store.journal.page(code, after=0, limit=1)).entries if seqs else ()
    return [seq for seq in seqs if not first or seq < first[0].seq]


def entry_item(code: str, entry: Entry) -> dict[str, object]:
    """Return an entry of one's own. What was removed has no text any more."""
    item: dict[str, object] = {"group": code, "seq": entry.seq, "ts": entry.ts, "kind": entry.kind.value}
    if entry.redacted:
        return item | {"removed": True}
    more = {"reply_to": entry.reply_to, "target": entry.target}
    return item | {"body": entry.body} | {name: seq for name, seq in more.items() if seq}


def number_of(text: str) -> int:
    """Return a number that a cursor has, 0 where it has none."""
    return int(text) if text.isdecimal() and len(text) < 16 else 0


PARTS: dict[str, Callable[[Call, str], Awaitable[Page]]] = {
    "account": account_part,
    "acts": acts_part,
    "notices": notices_part,
    "uploads": uploads_part,
    "entries": entries_part,
}
"""The parts, in their order."""
