"""`/sanctions`: what is in force against oneself and the groups that one leads, and what changed one's credit."""

from collections.abc import Sequence

from folkmoot_governance import GroupState, case_number
from folkmoot_governance.account import CreditChanged
from folkmoot_governance.case.decide import appeal_against
from folkmoot_governance.case.state import Outcome as CaseOutcome
from folkmoot_governance.duration import FOREVER_MS
from folkmoot_governance.group.events import GroupSuspended
from folkmoot_governance.group.keeping import led_at_closing
from folkmoot_governance.lasting import LASTING, lasting
from folkmoot_governance.personal_notices import PersonalNotice
from folkmoot_governance.restrictions import Measure, Subject, in_force
from folkmoot_protocol.group_code import show_group_code
from folkmoot_protocol.types import GroupStatus, Role

from ..actions.accounts.credit import CREDIT_CHANGES, MAX_CHANGES, change_item
from ..actions.groups.removed_texts import RemovedFromRecord
from ..common.i18n import N_
from ..delivery.notices import notice_text
from ..storage.api import ActFilter
from ..storage.change_set import account_stream, group_stream
from .call import Call
from .outcome import Answer, Outcome

Row = dict[str, object]

TEXTS = {
    "ban": N_("Group {shown}: banned {until}, case {case}: {reason}"),
    "mute": N_("Group {shown}: muted {until}, case {case}: {reason}"),
    "warning": N_("Group {shown}: warned, in force {until}, case {case}: {reason}"),
    **{
        f"account_{measure}": text
        for measure, text in {
            Measure.MUTE: N_("The platform muted you in all groups {until}, case {case}: {reason}"),
            Measure.JOIN: N_("The platform does not let you join groups {until}, case {case}: {reason}"),
            Measure.CREATE: N_("The platform does not let you create groups {until}, case {case}: {reason}"),
            Measure.STAFF: N_("Your role on the platform is suspended {until}, case {case}: {reason}"),
            Measure.BLACKLIST: N_("You are on the platform's blacklist {until}, case {case}: {reason}"),
            Measure.MANAGE: N_(
                "The platform suspended your rights as owner and admin of groups {until}, case {case}: {reason}"
            ),
        }.items()
    },
    "group_join": N_("Your group {shown}: closed to newcomers by the platform {until}, case {case}: {reason}"),
    "group_follows": N_("Your channel {shown}: closed to new followers {until}, case {case}: {reason}"),
    "group_reposts": N_("Your channel {shown}: no reposts by it or of it {until}, case {case}: {reason}"),
    "group_comments": N_("Your channel {shown}: comments closed {until}, case {case}: {reason}"),
    "group_publish": N_("Your channel {shown}: no publishing {until}, case {case}: {reason}"),
    "group_blacklist": N_("Your group {shown}: on the platform's blacklist {until}, case {case}: {reason}"),
    "group_warned": N_(
        "Your group {shown}: warned by the platform, time to put it right {until}, case {case}: {reason}"
    ),
    "group_suspended": N_("Your group {shown}: suspended by the platform {until}, case {case}: {reason}"),
    "group_closed": N_("Your group {shown}: closed by the platform, time to appeal {until}, case {case}: {reason}"),
}
MOST_TOLD = 200
"""How far back in what one was told a closed group, and a measure without an end, is looked for."""
MOST_LASTING = 20
"""So many measures without an end are listed, the latest; `/notices` has all."""


async def sanctions(call: Call) -> Outcome:
    """List what is in force against oneself and one's groups, and what the platform did to one's credit."""
    rows = [
        _row(one.kind, one.code, one.until_ms, one.reason, one.case)
        for one in await call.app.store.ledger.list_measures(call.account.user, call.now)
    ]
    told = [one.notice for one in await call.app.store.ledger.list_notices(call.account.user, limit=MOST_TOLD)]
    rows += _on_account(call)
    rows += await _on_groups(call, told)
    changes = await _credit_changes(call)
    lines = [call.say(TEXTS[str(row["kind"])], row) for row in rows]
    for notice in await _without_end(call, told):
        reason = str(notice.data.get("reason", ""))
        rows.append(_row(notice.kind, notice.code, FOREVER_MS, reason, notice.case))
        lines.append(notice_text(notice, call.say))
    lines += [call.say(CREDIT_CHANGES[str(item["cause"])], item) for item in changes]
    if lines:
        lines.append(call.say(N_("To appeal: {command}"), {"command": "/appeal <case> <text>"}))
    data: dict[str, object] = {"items": rows}
    if changes:
        data["credit"] = changes
    return Answer("\n".join(lines) or call.say(N_("Nothing is in force against you.")), data)


def _row(kind: str, code: str, until_ms: int, reason: str, case: str) -> Row:
    shown = show_group_code(code) if code else ""
    return {
        "kind": kind,
        "group": code,
        "shown": shown,
        "until_ms": until_ms,
        "reason": reason or "–",
        "case": case,
    }


def _on_account(call: Call) -> list[Row]:
    """Return what the platform has taken from the account for a time."""
    held = call.account.held
    found = [in_force(held, measure, call.now) for measure in dict.fromkeys(one.measure for one in held)]
    return [_row(f"account_{one.measure}", "", one.until_ms, one.reason, one.case) for one in found if one is not None]


async def _without_end(call: Call, told: Sequence[PersonalNotice]) -> list[PersonalNotice]:
    """Return the measures without an end against oneself and the groups that one leads, the latest first."""
    found: list[PersonalNotice] = []
    for notice in lasting(told, call.now):
        if len(found) == MOST_LASTING:
            break
        is_own = LASTING[notice.kind] in (Subject.ACCOUNT, Subject.ENTRY)
        if (is_own or await _leads(call, notice.code)) and not await _is_void(call, notice.case):
            found.append(notice)
    return found


async def _leads(call: Call, code: str) -> bool:
    room = await call.app.rooms.load(code)
    if room is None:
        return False
    role = room.state.role_of(call.account.user)
    return role in (Role.OWNER, Role.ADMIN) or led_at_closing(room.state, call.account.user) is not None


async def _is_void(call: Call, case: str) -> bool:
    """Say whether an appeal against a measure has succeeded: there is one, or one by each whom it hit."""
    for number in (appeal_against(case), f"{appeal_against(case)}@{call.account.user}"):
        appeal = await call.app.store.ledger.load_case(number)
        if appeal is not None:
            return appeal.outcome is CaseOutcome.OVERTURNED
    return False


async def _on_groups(call: Call, told: Sequence[PersonalNotice]) -> list[Row]:
    """Return the platform's measures on groups that one leads, or led when they were closed."""
    rows: list[Row] = []
    for code in sorted(call.account.groups):
        room = await call.app.rooms.load(code)
        if room is None or room.state.role_of(call.account.user) not in (Role.OWNER, Role.ADMIN):
            continue
        state = room.state
        if state.standing(call.now) is GroupStatus.SUSPENDED:
            rows += await _suspension(call, state)
        for measure in dict.fromkeys(one.measure for one in state.restrictions):
            one = in_force(state.restrictions, measure, call.now)
            if one is not None:
                rows.append(_row(f"group_{measure}", code, one.until_ms, one.reason, one.case))
        if state.rectify_case:
            case = case_number(code, state.rectify_case)
            rows.append(_row("group_warned", code, state.rectify_until_ms, state.rectify_reason, case))
    return rows + await _closings(call, told)


async def _suspension(call: Call, state: GroupState) -> list[Row]:
    wanted = ActFilter(kinds=(str(GroupSuspended.__struct_config__.tag),))
    found = await call.app.store.ledger.acts(group_stream(state.code), wanted, 1)
    removed = await RemovedFromRecord.load(call.app.store.ledger, state.code)
    return [
        _row("group_suspended", state.code, event.until_ms, event.reason, case_number(state.code, one.version))
        for one in found
        if isinstance(event := removed.show(one), GroupSuspended)
    ]


async def _closings(call: Call, told: Sequence[PersonalNotice]) -> list[Row]:
    """Return the closings of groups that one led, as long as one may appeal against them: one was told of each."""
    rows = []
    for notice in (one for one in told if one.kind == "group_closed"):
        room = await call.app.rooms.load(notice.code)
        if room is not None and led_at_closing(room.state, call.account.user) is not None:
            until_ms, reason = int(notice.data["appeal_until_ms"]), str(notice.data.get("reason", ""))
            rows.append(_row(notice.kind, notice.code, until_ms, reason, notice.case))
    return rows


async def _credit_changes(call: Call) -> list[Row]:
    """Return what the platform did to one's credit, the latest first; what is earned by time is no act of it."""
    wanted = ActFilter(kinds=(str(CreditChanged.__struct_config__.tag),))
    found = await call.app.store.ledger.acts(account_stream(call.account.user), wanted, MAX_CHANGES)
    items = [change_item(call.account.user, one) for one in found]
    return [item for item in items if item["cause"] != "recovered"]
