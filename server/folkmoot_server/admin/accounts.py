"""Administration of accounts: suspending and closing them (P9.2), credit (G7.2), and the review of identities by the
operator's staff (G6, G6.2), where each look at a number is on record before it is given."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from msgspec.structs import replace

from folkmoot_governance import Refusal
from folkmoot_governance.account import CreditChanged
from folkmoot_governance.account_commands import (
    AccountCommand,
    ApproveIdentity,
    AttestIdentity,
    EndSecondFactor,
    GiveResetCode,
    ReadIdentity,
    RejectIdentity,
    RemoveNames,
    RestoreAccount,
)
from folkmoot_governance.identity import check_number, is_minor, masked
from folkmoot_governance.policy import meets
from folkmoot_governance.restrictions import Measure, Subject
from folkmoot_protocol.admin import accounts as rows
from folkmoot_protocol.admin.row import NoOptions
from folkmoot_protocol.results import AdminResult
from folkmoot_protocol.types import Identity

from ..actions.accounts.credit import MAX_CHANGES, change_item
from ..common.i18n import N_
from ..live.accounts import Account
from ..storage.api import ActFilter, IdentityRequest
from ..storage.change_set import RowChange, account_stream
from ..storage.changes import remove_identity_request, remove_second_factor, verified_rows
from .call import Call, Outcome, carries_out
from .common import act_on_account, basis_of, check_asker, find_account, list_rows, page_of
from .taking import restriction_items, take, told

UNREADABLE = "–"


def account_item(call: Call, account: Account) -> dict[str, object]:
    """Return an account as administrators see it. Identity says a level, never with what it was passed."""
    state = account.state
    return {
        "user": account.user,
        "display_name": account.profile.display_name,
        "identity": state.identity.value,
        "platform": state.platform.value if state.platform else None,
        "credit": state.credit,
        "level": account.level.name,
        "suspended_until_ms": state.suspended_until_ms,
        "suspended_reason": state.suspended_reason,
        "restrictions": restriction_items(state.restrictions, call.app.clock.now_ms()),
        "created_ts": state.created_ts,
        "closing_until_ms": state.closing_until_ms,
        "closed_ts": state.closed_ts,
        "groups": sorted(account.groups),
        "second_factor": bool(state.second_factor_ms),
        "connections": account.connections,
        **same_person(call, account),
    }


def same_person(call: Call, account: Account) -> dict[str, object]:
    """Return the other accounts of the same person, for staff who may read with which numbers they were verified; of a
    bot, which group it is for, and who answers for it."""
    if account.state.home:
        return {"bot": account.answering, "home": account.state.home}
    if check_asker(call, "read_identity"):
        return {}
    return {"same_person": [one.user for one in account.others]}


async def act_on_user(call: Call, command: AccountCommand) -> Outcome:
    """Carry out a measure on the account that a call is about."""
    account = await find_account(call)
    if isinstance(account, Refusal):
        return account
    changed = await act_on_account(call, account, command)
    return (
        changed if isinstance(changed, Refusal) else AdminResult(items=(account_item(call, account),), changed=changed)
    )


async def act_on_grounds(
    call: Call,
    account: Account,
    command: AttestIdentity | RemoveNames,
    options: rows.Grounded,
    changes: Sequence[RowChange] = (),
) -> Outcome:
    """Carry out a command on an account, on the grounds that staff names."""
    based = await basis_of(call, account.user, options)
    if isinstance(based, Refusal):
        return based
    basis, report = based
    changed = await act_on_account(call, account, replace(command, basis=basis), changes, report=report)
    return (
        changed if isinstance(changed, Refusal) else AdminResult(items=(account_item(call, account),), changed=changed)
    )


async def against_account(call: Call, measure: Measure, options: rows.Grounded, **more: Any) -> Outcome:
    """Take a measure of the platform against the account that a call is about."""
    account = await find_account(call)
    if isinstance(account, Refusal):
        return account
    taken = await take(call, Subject.ACCOUNT, account.user, measure, options, **more)
    return told(taken, account_item(call, account))


@carries_out(rows.LIST_USERS)
async def list_users(call: Call, options: NoOptions) -> Outcome:
    return await list_rows(call, call.app.store.ledger.list_accounts, "user")


@carries_out(rows.SHOW_USER)
async def show_user(call: Call, options: NoOptions) -> Outcome:
    account = await find_account(call)
    return account if isinstance(account, Refusal) else AdminResult(items=(account_item(call, account),))


@carries_out(rows.SUSPEND_USER)
async def suspend_user(call: Call, options: rows.Suspension) -> Outcome:
    more = {"duration_ms": options.duration, "replaces": options.replace}
    return await against_account(call, Measure.SUSPEND, options, **more)


@carries_out(rows.RESTORE_USER)
async def restore_user(call: Call, options: NoOptions) -> Outcome:
    return await act_on_user(call, RestoreAccount(call.reason))


@carries_out(rows.VERIFY_USER)
async def verify_user(call: Call, options: rows.Check) -> Outcome:
    """Note a level of identity; one below that of before takes something away, on the grounds that are named."""
    account = await find_account(call)
    if isinstance(account, Refusal):
        return account
    request = await call.app.store.ledger.identity_request(account.user)
    command = AttestIdentity(options.identity, call.reason)
    changes = verified_rows(request) if meets(options.identity, account.state.asked) else []
    return await act_on_grounds(call, account, command, options, changes)


@carries_out(rows.UNNAME_USER)
async def unname_user(call: Call, options: rows.Grounded) -> Outcome:
    """Show an account under its user name alone; what names it had is kept beside it, for an appeal."""
    account = await find_account(call)
    if isinstance(account, Refusal):
        return account
    command = RemoveNames(call.reason, options.rule, account.has_chosen_names())
    return await act_on_grounds(call, account, command, options)


@carries_out(rows.RECOVER_USER)
async def recover_user(call: Call, options: NoOptions) -> Outcome:
    """Give out a code with which another password is set; of it only a hash is kept."""
    account = await find_account(call)
    if isinstance(account, Refusal):
        return account
    code, made, until_ms = call.app.credentials.code_for(account.user)
    changed = await act_on_account(call, account, GiveResetCode(call.reason), made)
    if isinstance(changed, Refusal):
        return changed
    item: dict[str, object] = {"user": account.user, "code": "" if call.dry_run else code, "code_until_ms": until_ms}
    text = None if call.dry_run else call.say(N_("To use it: folkmoot chat --reset, or the page's sign-in."))
    return AdminResult(items=(item,), changed=changed, text=text)


@carries_out(rows.UNLOCK_USER)
async def unlock_user(call: Call, options: NoOptions) -> Outcome:
    account = await find_account(call)
    if isinstance(account, Refusal):
        return account
    command, gone = EndSecondFactor(call.reason), [remove_second_factor(account.user)]
    changed = await act_on_account(call, account, command, gone)
    return (
        changed if isinstance(changed, Refusal) else AdminResult(items=(account_item(call, account),), changed=changed)
    )


@carries_out(rows.CLOSE_USER)
async def close_user(call: Call, options: rows.Grounded) -> Outcome:
    """Close an account: signed out now, erased when nobody can appeal any more (P9.2, P11)."""
    return await against_account(call, Measure.CLOSE, options)


@carries_out(rows.LIST_ASKING)
async def list_asking(call: Call, options: NoOptions) -> Outcome:
    found = await call.app.store.ledger.list_asking(call.cursor, call.limit + 1)
    items: list[dict[str, object]] = [{"user": user, "asked": asked, "since_ts": since} for user, asked, since in found]
    return page_of(items, call.limit, "user")


@carries_out(rows.SHOW_IDENTITY)
async def show_identity(call: Call, options: rows.Purpose) -> Outcome:
    """Show the numbers of an account, and who else has given the same, once the look is on record."""
    account = await find_account(call)
    if isinstance(account, Refusal):
        return account
    looked = await act_on_account(call, account, ReadIdentity(options.case.strip()[:64]))
    if isinstance(looked, Refusal):
        return looked
    app = call.app
    today = datetime.fromtimestamp(app.clock.now_ms() / 1000, UTC).date()
    items = []
    request = await app.store.ledger.identity_request(account.user)
    for row in [*([request] if request else []), *await app.store.ledger.list_identities(account.user)]:
        given, others = app.vault.open_all(row), await app.store.ledger.same_identity(row.blind)
        level = Identity(row.identity)
        item: dict[str, object] = {
            "user": row.user,
            "identity": row.identity,
            "number": given.number if given else UNREADABLE,
            "name": given.name if given else UNREADABLE,
            "document": given.document if given else UNREADABLE,
            "minor": is_minor(level, given.number, today) if given else None,
            "check": check_number(level, given.number, today).value if given else UNREADABLE,
            "since_ts": row.ts,
            "state": "asked" if row is request else "verified",
            "same": [user for user in others if user != row.user],
        }
        items.append(item)
    return AdminResult(items=tuple(items))


@carries_out(rows.APPROVE_IDENTITY)
async def approve_identity(call: Call, options: rows.Approval) -> Outcome:
    account = await find_account(call)
    if isinstance(account, Refusal):
        return account
    request = await call.app.store.ledger.identity_request(account.user)
    barred = await call.app.verifying.check_barred(request.blind) if request else None
    if barred:
        return barred
    others = await call.app.verifying.verified_with_same(account, request)
    command = ApproveIdentity(call.reason, others, options.same_person)
    return await review(call, account, command, verified_rows(request), approved_item(call, request), others)


@carries_out(rows.REJECT_IDENTITY)
async def reject_identity(call: Call, options: NoOptions) -> Outcome:
    account = await find_account(call)
    if isinstance(account, Refusal):
        return account
    return await review(call, account, RejectIdentity(call.reason), [remove_identity_request(account.user)])


def approved_item(call: Call, request: IdentityRequest | None) -> dict[str, object]:
    """Return what is approved, so that it can be told from what was looked at: a number with its middle hidden."""
    given = call.app.vault.open_all(request) if request else None
    if given is None:
        return {}
    today = datetime.fromtimestamp(call.app.clock.now_ms() / 1000, UTC).date()
    return {
        "number": masked(given.number),
        "check": check_number(given.identity, given.number, today).value,
        "minor": is_minor(given.identity, given.number, today),
    }


async def review(
    call: Call,
    account: Account,
    command: ApproveIdentity | RejectIdentity,
    changes: Sequence[RowChange],
    given: Mapping[str, object] = MappingProxyType({}),
    same: Sequence[str] = (),
) -> Outcome:
    """Decide on what an account asks for; a number that is turned down is erased."""
    asked = account.state.asked
    changed = await act_on_account(call, account, command, changes)
    if isinstance(changed, Refusal):
        return changed
    item: dict[str, object] = {
        "user": account.user,
        "asked": asked.value,
        "identity": account.state.identity.value,
        **given,
        "same": list(same),
    }
    return AdminResult(items=(item,), changed=changed)


def credit_item(account: Account) -> dict[str, object]:
    """Return an account's credit as administrators see it."""
    return {"user": account.user, "score": account.state.credit, "level": account.level.name}


@carries_out(rows.SHOW_CREDIT)
async def show_credit(call: Call, options: NoOptions) -> Outcome:
    """Show an account's score and how it came about."""
    account = await find_account(call)
    if isinstance(account, Refusal):
        return account
    wanted = ActFilter(kinds=(CreditChanged.__struct_config__.tag,))  # type: ignore[arg-type]  # a str
    found = await call.app.store.ledger.acts(account_stream(account.user), wanted, MAX_CHANGES)
    changes = [change_item(account.user, one) | {"by": one.event.by} for one in found]
    return AdminResult(items=(credit_item(account) | {"changes": changes},))


@carries_out(rows.SET_CREDIT)
async def set_credit(call: Call, options: rows.Score) -> Outcome:
    account = await find_account(call)
    if isinstance(account, Refusal):
        return account
    taken = await take(call, Subject.ACCOUNT, account.user, Measure.CREDIT, options, score=options.score)
    return told(taken, credit_item(account))
