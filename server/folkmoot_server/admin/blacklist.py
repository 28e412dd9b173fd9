"""Administration of the blacklist (G11.3, P13.2): its entries are measures; those of identities outlive the account."""

from folkmoot_governance import Refusal
from folkmoot_governance.account_commands import FreeAccount
from folkmoot_governance.account_events import BlacklistEntryRemoved
from folkmoot_governance.group import commands as c
from folkmoot_governance.restrictions import SCOPES, Held, Measure, Power, Restriction, Subject, in_force
from folkmoot_protocol.admin import blacklist as rows
from folkmoot_protocol.admin.row import NoOptions
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.results import AdminResult

from ..common.i18n import N_
from ..storage.changes import unbarred
from .accounts import account_item, act_on_user
from .call import Call, Outcome, carries_out
from .common import check_asker, find_account, page_of, store_account_act
from .groups import act_on_group, group_item
from .taking import take, told

ENTRY = "b-"


@carries_out(rows.ADD_ENTRY)
async def add_entry(call: Call, options: rows.NewEntry) -> Outcome:
    scopes = read_scopes(options.scope)
    if isinstance(scopes, Refusal):
        return scopes
    how = {"duration_ms": options.duration, "replaces": options.replace}
    if call.target.startswith("@"):
        account = await find_account(call)
        if isinstance(account, Refusal):
            return account
        of = Subject.ACCOUNT, account.user, Measure.BLACKLIST
        return told(await take(call, *of, options, scopes=scopes, **how), account_item(call, account))  # type: ignore[arg-type]  # mixed
    room = await call.app.membership.find_room(call.target)
    if isinstance(room, Refusal):
        return room
    of_group = Subject.GROUP, room.state.code, Measure.BLACKLIST
    taken = await take(call, *of_group, options, scopes=scopes, **how)  # type: ignore[arg-type]  # mixed
    return told(taken, group_item(room, call.app.clock.now_ms()))


def read_scopes(text: str) -> tuple[Power, ...] | Refusal:
    """Return what an entry bars: as given, in the order of all of them; all where nothing is given."""
    given = {word.strip() for word in text.split(",") if word.strip()}
    if not given <= set(SCOPES):
        known = ",".join(SCOPES)
        return Refusal(ErrorCode.BAD_REQUEST, N_("A scope is one of: {known}."), {"field": "scope", "known": known})
    return tuple(scope for scope in SCOPES if scope in given) or SCOPES


@carries_out(rows.LIST_ENTRIES)
async def list_entries(call: Call, options: NoOptions) -> Outcome:
    """List what is in force: groups by code, accounts by name, then identities by entry; one page may have of each."""
    ledger, now = call.app.store.ledger, call.app.clock.now_ms()
    items: list[dict[str, object]] = []
    after, limit = call.cursor, call.limit + 1
    kind = "group" if not after or after[0].isdigit() else "account" if after.startswith("@") else "identity"
    if kind == "group":
        for code, held in await ledger.list_blacklisted("group", after, limit):
            items += _items(code, held, now)
        kind, after = "account", "@"
    if kind == "account" and len(items) < limit:
        for user, held in await ledger.list_blacklisted("account", after.removeprefix("@"), limit - len(items)):
            items += _items(f"@{user}", held, now)
        after = ""
    if len(items) < limit:
        bars = await ledger.list_bars(after, limit - len(items))
        items += [item for one in bars for item in _items(one.entry, (one,), now)]
    return page_of(items, call.limit, "subject")


def _items(subject: str, held: Held, now: int) -> list[dict[str, object]]:
    one: Restriction | None = in_force(held, Measure.BLACKLIST, now)
    if one is None:
        return []
    item: dict[str, object] = {"subject": subject, "scopes": list(one.scopes), "until_ms": one.until_ms}
    return [item | {"case": one.case, "reason": one.reason, "entry": one.entry}]


@carries_out(rows.REMOVE_ENTRY)
async def remove_entry(call: Call, options: NoOptions) -> Outcome:
    if call.target.startswith("@"):
        return await act_on_user(call, FreeAccount(Measure.BLACKLIST, call.reason))
    if call.target.lower().startswith(ENTRY):
        return await _unbar(call, call.target.lower())
    return await act_on_group(call, c.FreeGroup(Measure.BLACKLIST, call.reason))


async def _unbar(call: Call, entry: str) -> Outcome:
    """Take an identity from the blacklist, which staff puts on record with their own account."""
    refusal = check_asker(call, "withdraw_rights")
    if refusal:
        return refusal
    ledger = call.app.store.ledger
    numbers = await ledger.barred_numbers(entry)
    if not numbers:
        text = N_("There is no entry {entry} of an identity.")
        return Refusal(ErrorCode.NO_SUCH_ENTRY, text, {"entry": entry[:64], "help": "blacklist list"})
    by, now = call.account, call.app.clock.now_ms()
    event = BlacklistEntryRemoved(at=now, by=by.user, entry=entry, reason=call.reason)
    changed = await store_account_act(call, call.app.account_service.record(by, [event], [unbarred(entry)]))
    if isinstance(changed, Refusal):
        return changed
    for user in {user for blind in numbers if not call.dry_run for user in await ledger.same_identity(blind)}:
        call.app.account_service.look_again(user)
    return AdminResult(items=({"subject": entry},), changed=changed)
