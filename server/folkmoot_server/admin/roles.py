"""Administration of the operator's staff: who works for it, and as what (G14)."""

from folkmoot_governance import Refusal
from folkmoot_governance.account_commands import GrantRole, NoteTraining
from folkmoot_governance.account_events import RoleEnded, RoleGranted, TrainingNoted
from folkmoot_governance.dates import KINDS
from folkmoot_governance.restrictions import Measure, in_force
from folkmoot_protocol.admin import roles as rows
from folkmoot_protocol.admin.row import NoOptions
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.results import AdminResult

from ..common.i18n import N_
from ..storage.api import ActFilter, StaffRow
from ..storage.change_set import account_stream
from .call import Call, Outcome, carries_out
from .common import act_on_account, find_account

MAX_LISTED = 200


@carries_out(rows.LIST_ROLES)
async def list_roles(call: Call, options: NoOptions) -> Outcome:
    staff = await call.app.store.ledger.list_staff()
    return AdminResult(items=tuple(staff_item(one, call.app.clock.now_ms()) for one in staff))


def staff_item(one: StaffRow, now: int) -> dict[str, object]:
    """Return one of the staff as a row."""
    resting = in_force(one.restrictions, Measure.STAFF, now)
    return {
        "user": one.user,
        "display_name": one.display_name,
        "role": one.role.value,
        "cases": " ".join(one.cases),
        "until_ts": one.until_ms,
        "on_duty_ts": one.duty_ts,
        "rests_until_ms": resting.until_ms if resting else 0,
    }


@carries_out(rows.SHOW_ROLE)
async def show_role(call: Call, options: NoOptions) -> Outcome:
    """Show the record of somebody's work for the operator, the latest first."""
    account = await find_account(call)
    if isinstance(account, Refusal):
        return account
    kinds = tuple(str(kind.__struct_config__.tag) for kind in (RoleGranted, RoleEnded, TrainingNoted))
    found = await call.app.store.ledger.acts(account_stream(account.user), ActFilter(kinds=kinds), MAX_LISTED)
    return AdminResult(items=tuple(record_item(one.event) for one in found))


def record_item(event: object) -> dict[str, object]:
    """Return an act of that record as a row."""
    if isinstance(event, TrainingNoted):
        return {"at_ts": event.at, "what": "training", "detail": event.course, "by": event.by, "reason": ""}
    if isinstance(event, RoleEnded):
        return {"at_ts": event.at, "what": "end", "detail": event.role.value, "by": "", "reason": ""}
    assert isinstance(event, RoleGranted), "no other kind was asked for"
    detail = " ".join((event.role.value if event.role else "", *event.cases))
    item = {"at_ts": event.at, "what": "role", "detail": detail, "by": event.by, "reason": event.reason}
    return item | ({"until_ts": event.until_ms} if event.until_ms else {})


@carries_out(rows.TRAIN_ROLE)
async def train_role(call: Call, options: rows.Course) -> Outcome:
    account = await find_account(call)
    if isinstance(account, Refusal):
        return account
    changed = await act_on_account(call, account, NoteTraining(options.course))
    if isinstance(changed, Refusal):
        return changed
    return AdminResult(items=({"user": account.user, "course": options.course},), changed=changed)


@carries_out(rows.CREATE_ROLE)
async def create_role(call: Call, options: rows.Given) -> Outcome:
    cases = tuple(dict.fromkeys(options.case.replace(",", " ").lower().split()))
    for number in cases:
        case = await call.app.store.ledger.load_case(number)
        if case is None or case.kind not in KINDS:
            text = N_("There is no report and no appeal {case}.")
            return Refusal(ErrorCode.NO_SUCH_ENTRY, text, {"case": number[:64], "help": "case list"})
    return await grant(call, GrantRole(options.role, call.reason, cases, options.duration or 0))


@carries_out(rows.DELETE_ROLE)
async def delete_role(call: Call, options: NoOptions) -> Outcome:
    return await grant(call, GrantRole(None, call.reason))


async def grant(call: Call, command: GrantRole) -> Outcome:
    """Give the account that a call is about a role, or take it."""
    account = await find_account(call)
    if isinstance(account, Refusal):
        return account
    changed = await act_on_account(call, account, command)
    if isinstance(changed, Refusal):
        return changed
    item: dict[str, object] = {"user": account.user, "role": account.state.platform}
    return AdminResult(items=(item,), changed=changed)
