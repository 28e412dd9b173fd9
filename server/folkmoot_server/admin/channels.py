"""Administration of channels, of applications, and of what is granted by them (I7, P7, P8, W8, W10)."""

import csv
import io
from collections.abc import Sequence

import msgspec

from folkmoot_governance import Refusal
from folkmoot_governance.case.checks import check_staff
from folkmoot_governance.case.commands import ReleaseCase
from folkmoot_governance.case.events_application import WishKind
from folkmoot_governance.case.state import CaseKind, CaseState
from folkmoot_governance.case.state import Outcome as CaseOutcome
from folkmoot_governance.credentials import Credential, CredentialKind
from folkmoot_governance.duration import end_of
from folkmoot_governance.group.commands import RevokeCredential
from folkmoot_protocol.admin import cases as case_rows
from folkmoot_protocol.admin import channels as rows
from folkmoot_protocol.admin import filings as filing_rows
from folkmoot_protocol.admin.row import NoOptions
from folkmoot_protocol.exported import as_cell
from folkmoot_protocol.results import AdminResult

from ..actions.channels.following import NOT_A_CHANNEL, row_of
from ..live.rooms import Room
from ..storage.channels import ChannelRow
from .call import Call, Outcome, carries_out
from .cases import act_on_case, case_item, claim_for, find_case, list_cases, log_case, record_opening
from .common import act_on_room, basis_of
from .handing import give


def channel_item(row: ChannelRow, now: int) -> dict[str, object]:
    """Return a channel as a line of the operator's list."""
    return {
        "code": row.code,
        "handle": row.handle,
        "form": row.form.value,
        "name": row.name,
        "category": row.category,
        "status": row.standing(now).value,
        "pending": not row.is_open,
        "created_ts": row.created_ts,
        "opened_ts": row.opened_ts,
        "credentials": [credential_item(one) for one in row.granted(now)],
    }


def credential_item(one: Credential) -> dict[str, object]:
    """Return what was granted as a line."""
    scope = one.scope.value if one.scope else ""
    named = {"kind": one.kind.value, "name": one.name, "category": one.category, "scope": scope}
    return {**named, "until_ms": one.until_ms, "case": one.case}


@carries_out(rows.LIST_CHANNELS)
async def list_channels(call: Call, options: NoOptions) -> Outcome:
    now = call.app.clock.now_ms()
    found = await call.app.store.channels.list_public(call.cursor, call.limit + 1)
    page = found[: call.limit]
    more = len(found) > call.limit
    return AdminResult(
        items=tuple(channel_item(one, now) for one in page), cursor=page[-1].code if more and page else None
    )


async def find_channel(call: Call) -> tuple[Room, ChannelRow] | Refusal:
    """Return the channel that a call is about."""
    room = await call.app.membership.find_room(call.target)
    if isinstance(room, Refusal):
        return room
    row = row_of(room)
    return NOT_A_CHANNEL if row is None else (room, row)


@carries_out(rows.SHOW_CHANNEL)
async def show_channel(call: Call, options: NoOptions) -> Outcome:
    found = await find_channel(call)
    if isinstance(found, Refusal):
        return found
    room, row = found
    item = channel_item(row, call.app.clock.now_ms())
    item |= {"owner": room.state.owner, "editors": sorted(room.state.members), "grade": room.state.grade}
    item |= {"followers": await call.app.store.channels.count_followers(row.code)}
    item |= {"reads_day": await call.app.channels.reads.count(row.code)}
    return AdminResult(items=(item | await related(call, room.state.owner),))


async def related(call: Call, user: str) -> dict[str, object]:
    """Return the other accounts of the same subject, and the public accounts of all of them (P7.3)."""
    account = await call.app.accounts.load(user)
    if account is None:
        return {"subject_accounts": [], "subject_channels": []}
    await call.app.accounts.count_others(account)
    codes = await call.app.store.channels.subject_channels(user)
    channels = await call.app.store.channels.channels(codes)
    return {
        "subject_accounts": sorted(one.user for one in account.others),
        "subject_channels": [f"@{channels[code].handle}" for code in codes if code in channels],
    }


def application_item(case: CaseState, now: int) -> dict[str, object]:
    """Return an application as administrators see it at `now` (Unix ms)."""
    wish: dict[str, object] = msgspec.to_builtins(case.wish)
    del wish["kind"]
    return case_item(case, now) | wish


@carries_out(rows.LIST_APPLICATIONS)
async def list_applications(call: Call, options: case_rows.Which) -> Outcome:
    return await list_cases(call, options, CaseKind.APPLICATION, application_item)


@carries_out(rows.SHOW_APPLICATION)
async def show_application(call: Call, options: NoOptions) -> Outcome:
    """Show an application, its documents, and who else the applicant is; the ledger has that it was opened."""
    case = await find_case(call, CaseKind.APPLICATION)
    if isinstance(case, Refusal):
        return case
    refusal = await record_opening(call, case)
    if refusal:
        return refusal
    app = call.app
    found = app.cases.texts.unseal(case.number, await app.store.ledger.case_text(case.number))
    more: dict[str, object] = {"text": found.text if found else None}
    more["documents"] = found.subject.get("documents", []) if found else None
    item = application_item(case, app.clock.now_ms()) | more | await related(call, case.by)
    return AdminResult(items=(item,))


@carries_out(rows.LOG_APPLICATION)
async def log_application(call: Call, options: NoOptions) -> Outcome:
    return await log_case(call, CaseKind.APPLICATION)


@carries_out(rows.CLAIM_APPLICATION)
async def claim_application(call: Call, options: case_rows.Claim) -> Outcome:
    return await act_on_case(call, CaseKind.APPLICATION, claim_for(call, options))


@carries_out(rows.GIVE_APPLICATION)
async def give_application(call: Call, options: case_rows.Given) -> Outcome:
    return await give(call, CaseKind.APPLICATION, options.to)


@carries_out(rows.RELEASE_APPLICATION)
async def release_application(call: Call, options: NoOptions) -> Outcome:
    return await act_on_case(call, CaseKind.APPLICATION, ReleaseCase())


@carries_out(rows.APPROVE_APPLICATION)
async def approve_application(call: Call, options: rows.Grant) -> Outcome:
    until = end_of(call.app.clock.now_ms(), options.duration) if options.duration is not None else 0
    return await answer(call, CaseOutcome.APPROVED, options.label, until)


@carries_out(rows.REJECT_APPLICATION)
async def reject_application(call: Call, options: NoOptions) -> Outcome:
    return await answer(call, CaseOutcome.REJECTED)


async def answer(call: Call, outcome: CaseOutcome, label: str = "", until_ms: int = 0) -> Outcome:
    """Decide on an application; the applicant is told the reason."""
    case = await find_case(call, CaseKind.APPLICATION)
    if isinstance(case, Refusal):
        return case
    wish = case.wish
    if wish and wish.kind is WishKind.CHANNEL and not label:
        label = call.app.config.policy.categories.get(wish.category, wish.category)
    decided = await call.app.channels.granting.decide(
        case, outcome, call.reason, call.account, label=label, until_ms=until_ms, dry_run=call.dry_run
    )
    if isinstance(decided, Refusal):
        return decided
    return AdminResult(items=(application_item(decided, call.app.clock.now_ms()),), changed=1)


@carries_out(rows.LIST_CREDENTIALS)
async def list_credentials(call: Call, options: NoOptions) -> Outcome:
    found = await find_channel(call)
    if isinstance(found, Refusal):
        return found
    return AdminResult(items=tuple(map(credential_item, found[1].granted(call.app.clock.now_ms()))))


@carries_out(rows.REVOKE_CREDENTIAL)
async def revoke_credential(call: Call, options: rows.Granted) -> Outcome:
    """Take back what was granted: a measure of the platform."""
    found = await find_channel(call)
    if isinstance(found, Refusal):
        return found
    room = found[0]
    based = await basis_of(call, room.state.code, options)
    if isinstance(based, Refusal):
        return based
    basis, report = based
    command = RevokeCredential(CredentialKind(options.kind), call.reason, options.category, basis=basis)
    changed = await act_on_room(call, room, command, report)
    if isinstance(changed, Refusal):
        return changed
    row = row_of(room)
    assert row is not None, "a channel stays one"
    return AdminResult(items=(channel_item(row, call.app.clock.now_ms()),), changed=changed)


@carries_out(filing_rows.EXPORT_LIST)
async def export_list(call: Call, options: filing_rows.Lists) -> Outcome:
    """Take out a page of the public accounts as they are filed, with the signature of the document (P7.1, W10)."""
    refusal = check_staff(call.account.actor(), filing_rows.EXPORT_LIST.permission)
    if refusal:
        return refusal
    app, now = call.app, call.app.clock.now_ms()
    found = await app.store.channels.list_public(call.cursor, call.limit + 1)
    page = found[: call.limit]
    document = [await filed(call, row, now) for row in page]
    text = msgspec.json.encode(document).decode() if options.form == "json" else as_table(document)
    signature = app.cases.filings.sign(text.encode(), now)
    cursor = page[-1].code if len(found) > call.limit else None
    item = {"what": options.what, "rows": len(page), "at_ts": now, "document": text, "signature": signature}
    return AdminResult(items=(item,), cursor=cursor)


async def filed(call: Call, row: ChannelRow, now: int) -> dict[str, object]:
    """Return a public account as it is filed: what it is, whose, since when, and what was granted; no identity."""
    room = await call.app.rooms.load(row.code)
    owner = await call.app.accounts.load(room.state.owner) if room is not None else None
    item = channel_item(row, now)
    del item["pending"], item["credentials"]
    granted = {kind: [one for one in row.granted(now) if one.kind is kind] for kind in CredentialKind}
    names = {kind.value: ", ".join(one.name for one in some) for kind, some in granted.items()}
    subject = owner.state.identity.value if owner is not None else ""
    followers = await call.app.store.channels.count_followers(row.code)
    return item | {"owner": owner.user if owner else "", "subject": subject, **names, "followers": followers}


def as_table(document: Sequence[dict[str, object]]) -> str:
    """Return a document as CSV: a row for each channel."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(document[0]) if document else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: as_cell(value) for name, value in row.items()} for row in document)
    return out.getvalue()
