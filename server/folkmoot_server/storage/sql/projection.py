"""What an event changes in the tables that requests read. Pure: rows are values, captured when they are asked
for.

Call `project_group` right after `apply` (or `founded`), `project_account` right after `apply_account` (or
`registered`): they read the state that the event led to.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from folkmoot_governance import AccountState, Ban, GroupState, JoinRequest, Member, Mute
from folkmoot_governance.account_events import AccountEvent
from folkmoot_governance.case import state as s
from folkmoot_governance.case.state import CaseState
from folkmoot_governance.credentials import Credentials
from folkmoot_governance.group import events as e
from folkmoot_governance.group.removed_texts import of_acts
from folkmoot_governance.group.state import Invitation, Refuted, Wait, Warned
from folkmoot_governance.restrictions import Held
from folkmoot_protocol.types import CommentPolicy

from ..change_set import Remove, RowChange, Upsert
from .kept_rows import kept_changes

_ENCODER = msgspec.json.Encoder(order="deterministic")

GROUP_TEXTS = (
    "code",
    "name",
    "creator",
    "owner",
    "handle",
    "topic",
    "category",
    "grade",
    "join_mode",
    "status",
    "heir",
    "successor",
    "question",
    "answers",
    "rules",
    "announcement",
    "ladder",
    "links",
    "comments",
    "rectify_reason",
    "rectified_text",
)
GROUP_NUMBERS = (
    "created_ts",
    "opened_ts",
    "credentials_until_ms",
    "status_until_ms",
    "member_limit",
    "locked_until_ms",
    "slow_ms",
    "antiraid_from_ms",
    "antiraid_since_ms",
    "antiraid_until_ms",
    "heir_until_ms",
    "entries_per_day",
    "most_followers",
    "asked_limit",
    "info_hidden_ms",
    "rectify_case",
    "rectify_until_ms",
    "rectified_ms",
    "restrictions_until_ms",
    "inspect_until_ms",
    "date_told",
    "version",
)

# Which of the group's tables an event touches, in the rows that it names (`_keys_of`); an event not named here touches
# the group's own row alone.
TOUCHES: dict[type[e.Event], tuple[str, ...]] = {
    e.GroupCreated: ("members",),
    e.ChannelOpened: ("members",),
    e.MemberJoined: ("members", "join_requests", "invitations", "join_waits"),
    e.BotTaken: ("members",),
    e.JoinRequested: ("join_requests",),
    e.JoinRequestEnded: ("join_requests",),
    e.Invited: ("invitations", "join_waits"),
    e.InvitationRevoked: ("invitations",),
    e.InvitationsLapsed: ("invitations",),
    e.JoinRequestsClosed: ("join_requests",),
    e.RejoinBarred: ("join_waits",),
    e.MemberLeft: ("members",),
    e.MemberKicked: ("members",),
    e.MemberDeparted: ("members", "join_requests", "invitations"),
    e.MemberBanned: ("members", "join_requests", "invitations", "bans"),
    e.BanLifted: ("bans",),
    e.MemberMuted: ("mutes",),
    e.MuteLifted: ("mutes",),
    e.MemberWarned: ("warnings",),
    e.WarningLifted: ("warnings",),
    e.EntryPinned: ("pins",),
    e.EntryUnpinned: ("pins",),
    e.PostRefuted: ("refutations",),
    e.RefutationWithdrawn: ("refutations",),
    e.MemberPromoted: ("members",),
    e.PermissionsSet: ("members",),
    e.MemberDemoted: ("members",),
    e.TagSet: ("members",),
    e.OwnershipTransferred: ("members", "mutes"),
    e.OwnerReplaced: ("members", "mutes"),
    e.OwnershipReturned: ("members", "mutes"),
    e.MeasureOverturned: ("bans", "mutes", "join_waits", "invitations"),
    e.BansEnded: ("bans",),
    e.MutesEnded: ("mutes",),
    e.WarningsExpired: ("warnings",),
    e.RequestsExpired: ("join_requests",),
    e.InvitationsExpired: ("invitations",),
}

# These touch the rows of their `users`.
NAMES_USERS = (
    e.BansEnded,
    e.MutesEnded,
    e.RequestsExpired,
    e.JoinRequestsClosed,
    e.InvitationsExpired,
    e.InvitationsLapsed,
)

# Where `apply` forgets, on the way, what has ended by the event's time.
PRUNED: dict[type[e.Event], str] = {
    e.JoinRequested: "join_requests",
    e.Invited: "invitations",
    e.RejoinBarred: "join_waits",
    e.InviteCodeMade: "invite_codes",
    e.MemberBanned: "bans",
    e.MemberMuted: "mutes",
    e.ContentHeld: "reviews",
}

EMPTIED = ("members", "join_requests", "invitations", "join_waits", "invite_codes", "reviews")


def project_group(state: GroupState, event: e.Event) -> list[RowChange]:
    """Return the row changes of `event`, which `state` has just taken in."""
    changes: list[RowChange] = [group_row(state)]
    pruned = PRUNED.get(type(event))
    if pruned:
        changes.append(Remove(pruned, {"code": state.code}, until_ms=event.at))
    for table in TOUCHES.get(type(event), ()):
        changes += [member_table_row(state, table, key) for key in _keys_of(state, event)]
    if isinstance(event, e.MeasureOverturned):
        changes.append(member_table_row(state, "warnings", event.number))
        changes.append(Remove("refutations", {"code": state.code, "case": event.measure}))
        changes += [_restoration(state, event, seq) for seq in event.restored]
    whose = event.user if isinstance(event, e.TextRemoved) else getattr(event, "whose", "")
    if whose and state.kept is None:
        changes.append(member_table_row(state, "members", whose))
    if isinstance(event, (e.MeasureOverturned, e.TextRemoved)):
        changes += _reasons(state, event.acts)
    if isinstance(event, (e.MeasureOverturned, e.EntriesRemoved, e.TextRemoved)):
        changes += [member_table_row(state, "pins", pin.seq) for pin in event.was_pins]
    if isinstance(event, (e.InviteCodeMade, e.InviteCodeUsed, e.InviteCodeRevoked)):
        changes.append(invite_code_row(state, event.code_id))
    if isinstance(event, e.InvitationsLapsed):
        changes += [invite_code_row(state, code_id) for code_id in event.code_ids]
    changes += content_changes(state, event)
    changes += [_redaction(state, event, seq) for seq in e.erased_by(event)]
    if isinstance(event, e.NotesCleared):
        which = {"version": event.number} if event.number else {}
        changes.append(Remove("notes", {"code": state.code, "user": event.user, **which}))
    if isinstance(event, (e.GroupDissolved, e.GroupClosed)):
        changes += [Remove(table, {"code": state.code}) for table in EMPTIED]
    if isinstance(event, e.MeasureOverturned) and event.reopens:
        changes += opened_rows(state)
    return [*changes, *kept_changes(state, event)]


def _reasons(state: GroupState, acts: Sequence[int]) -> list[RowChange]:
    """Return the rows that have the reasons of some acts."""
    held: dict[str, dict[Any, Any]] = {
        "bans": state.bans,
        "mutes": state.mutes,
        "warnings": state.warnings,
        "join_waits": state.waits,
    }
    return [
        member_table_row(state, table, key) for table, one in held.items() if acts for key in of_acts(state, one, acts)
    ]


def opened_rows(state: GroupState) -> list[RowChange]:
    """Return the rows that a group has again which was closed: of all that closing it had emptied."""
    held: dict[str, dict[str, Any]] = {
        "members": {**state.members},
        "join_requests": {**state.requests},
        "invitations": {**state.invitations},
        "join_waits": {**state.waits},
    }
    rows = [member_table_row(state, table, key) for table, keys in held.items() for key in keys]
    codes = [invite_code_row(state, code_id) for code_id in state.invite_codes]
    return [*rows, *codes, *(review_row(state, number) for number in state.reviews)]


def content_changes(state: GroupState, event: e.Event) -> list[RowChange]:
    """Return what `event` changes of what waits for review and of the group's words."""
    match event:
        case e.ContentFlagged(queued=True):
            ended = Remove("reviews", {"code": state.code}, until_ms=event.at)
            return [ended, review_row(state, state.version)]
        case e.ContentHeld():
            return [review_row(state, state.version)]
        case e.HeldReleased(to_admins=True) if event.number in state.reviews:
            return [review_row(state, event.number)]
        case e.HeldApproved() | e.HeldDenied() | e.HeldReleased() | e.HeldRejected() | e.FlagCleared():
            return [Remove("reviews", {"code": state.code, "number": event.number})]
        case e.WordAdded():
            return [word_row(state, event.word)]
        case e.WordRemoved():
            return [Remove("words", {"code": state.code, "word": event.word})]
        case _:
            return []


def review_row(state: GroupState, number: int) -> Upsert:
    """Return the row of what waits for review under a number."""
    review = state.reviews[number]
    names = ("number", "user", "ts", "rule", "until_ms", "seq", "mark", "own_rule")
    values = {name: getattr(review, name) for name in names}
    severity, staff = review.severity.value, int(review.staff)
    return Upsert("reviews", {"code": state.code, **values, "severity": severity, "staff": staff})


def word_row(state: GroupState, word: str) -> Upsert:
    """Return the row of one of the group's words."""
    found = state.words[word]
    return Upsert("words", {"code": state.code, "word": word, "verdict": found.verdict.value, "by": found.by})


def project_account(state: AccountState, event: AccountEvent) -> list[RowChange]:
    """Return the row changes of `event`, which `state` has just taken in: any event moves the one row."""
    values = {
        "user": state.user,
        "created_ts": state.created_ts,
        "agreement": state.agreement,
        "identity": state.identity.value,
        "verified_ts": state.verified_ts,
        "renewal_told": state.renewal_told,
        "platform": state.platform.value if state.platform else None,
        "role_until_ms": state.role_until_ms,
        "role_cases": " ".join(state.role_cases),
        "duty_ts": state.duty_ts,
        "suspended_until_ms": state.suspended_until_ms,
        "suspended_reason": state.suspended_reason,
        "credit": state.credit,
        "credit_ts": state.credit_ts,
        "charges": show_charges(state.charges),
        "asked": state.asked.value,
        "asked_ts": state.asked_ts,
        "code_until_ms": state.code_until_ms,
        "code_tries": state.code_tries,
        "names_removed_ms": state.names_removed_ms,
        "closing_case": state.closing_case,
        "closing_until_ms": state.closing_until_ms,
        "held_until_ms": state.held_until_ms,
        "held_reason": state.held_reason,
        "restrictions": show_restrictions(state.restrictions),
        "restrictions_until_ms": state.next_end_ms,
        "second_factor_ms": state.second_factor_ms,
        "code_step": state.code_step,
        "closed_ts": state.closed_ts,
        "author_tag": state.author_tag,
        "home": state.home,
        "version": state.version,
    }
    return [Upsert("accounts", values)]


def show_restrictions(held: Held) -> str:
    """Return restrictions as their column has them: JSON, empty for none."""
    return _ENCODER.encode(held).decode() if held else ""


def read_restrictions(text: str) -> Held:
    """Return what `show_restrictions` has written."""
    return msgspec.json.decode(text, type=Held) if text else ()


def show_credentials(held: Credentials) -> str:
    """Return credentials as their column has them: JSON, empty for none."""
    return _ENCODER.encode(held).decode() if held else ""


def read_credentials(text: str) -> Credentials:
    """Return what `show_credentials` has written."""
    return msgspec.json.decode(text, type=Credentials) if text else ()


def show_charges(charges: dict[str, int]) -> str:
    """Return charges as their column has them: `case:points`, separated by spaces."""
    return " ".join(f"{case}:{points}" for case, points in charges.items())


def read_charges(text: str) -> dict[str, int]:
    """Return what `show_charges` has written."""
    return {case: int(points) for case, _, points in (word.rpartition(":") for word in text.split())}


def show_threads(threads: dict[int, CommentPolicy]) -> str:
    """Return the policies of comments of some posts as their column has them: `seq:policy`, separated by spaces."""
    return " ".join(f"{seq}:{policy}" for seq, policy in threads.items())


def read_threads(text: str) -> dict[int, CommentPolicy]:
    """Return what `show_threads` has written."""
    return {int(seq): CommentPolicy(policy) for seq, _, policy in (word.partition(":") for word in text.split())}


CASE_TEXTS = (
    *("number", "kind", "by", "reason", "code", "user", "severity", "measure", "decider", "proposer"),
    *("closed_by", "answer", "claimed_by", "mediator", "named", "named_by", "accepted"),
)
CASE_NUMBERS = (
    *("opened_ts", "due_ms", "seq", "closed_ts", "date_told", "claim_until_ms", "claim_told", "counter_ts"),
    *("proposal", "version"),
)
MARKING = (s.CaseClosed, s.ReportReopened, s.BadFaithOverturned)
"""Events that say of reporters whether they reported in bad faith."""


def project_case(state: CaseState, event: s.CaseEvent) -> list[RowChange]:
    """Return the row changes of `event`, which a case has just taken in: any event moves its own row."""
    changed: Iterable[str] = state.reporters if isinstance(event, MARKING) else ()
    if isinstance(event, (s.ReportOpened, s.ReportJoined)):
        changed = (event.by,)
    return [case_row(state), *(_reporter_row(state, user) for user in changed)]


def reporter_rows(state: CaseState) -> list[Upsert]:
    """Return the rows of all who have reported it."""
    return [_reporter_row(state, user) for user in state.reporters]


def case_row(state: CaseState) -> Upsert:
    """Return the row of a case."""
    values: dict[str, Any] = {name: str(getattr(state, name)) for name in CASE_TEXTS}
    values |= {name: getattr(state, name) for name in CASE_NUMBERS}
    values |= {"outcome": state.outcome.value if state.outcome else "", "is_settled": int(state.is_settled)}
    values["of_account"] = int(state.of_account)
    values["terms"] = _ENCODER.encode(state.terms).decode() if state.terms else ""
    values["wish"] = _ENCODER.encode(state.wish).decode() if state.wish else ""
    return Upsert("cases", values)


def _reporter_row(state: CaseState, user: str) -> Upsert:
    reporter = state.reporters[user]
    values = {"ts": reporter.ts, "reason": reporter.reason, "bad_faith": int(reporter.bad_faith)}
    return Upsert("reporters", {"number": state.number, "by": user, **values})


def group_row(state: GroupState) -> Upsert:
    """Return the group's own row: all of its state but members, bans and the like."""
    values: dict[str, Any] = {name: str(getattr(state, name)) for name in GROUP_TEXTS}
    values |= {name: getattr(state, name) for name in GROUP_NUMBERS}
    form = state.form.value if state.form else ""
    values["threads"] = show_threads(state.threads)
    values |= {"form": form, "restrictions": show_restrictions(state.restrictions)}
    return Upsert("groups", values | {"credentials": show_credentials(state.credentials)})


def member_table_row(state: GroupState, table: str, key: str | int) -> RowChange:
    """Return the row of a user (or of a number, `KEYS`) in one of the group's tables, or its removal where the state
    has none."""
    where = {"code": state.code, KEYS.get(table, "user"): key}
    held, values = MEMBER_TABLES[table]
    row = held(state).get(key)
    return Remove(table, where) if row is None else Upsert(table, where | values(row))


def invite_code_row(state: GroupState, code_id: str) -> RowChange:
    """Return the row of an invite code, or its removal where it is used up or void."""
    where = {"code": state.code, "code_id": code_id}
    one = state.invite_codes.get(code_id)
    if one is None:
        return Remove("invite_codes", where)
    return Upsert("invite_codes", where | {"until_ms": one.until_ms, "uses": one.uses, "by": one.by})


def _keys_of(state: GroupState, event: e.Event) -> Sequence[str | int]:
    """Return which rows of a table an event touches."""
    match event:
        case e.MemberWarned():
            return (state.version,)
        case e.WarningLifted():
            return (event.number,)
        case e.WarningsExpired():
            return event.numbers
        case e.EntryPinned() | e.EntryUnpinned() | e.PostRefuted() | e.RefutationWithdrawn():
            return (event.seq,)
        case _:
            return _users_of(event)


def _users_of(event: e.Event) -> tuple[str, ...]:
    if isinstance(event, e.OwnershipTransferred):
        return event.user, event.previous
    if isinstance(event, NAMES_USERS):
        return event.users
    return (event.user,) if isinstance(event, e.MemberEvent) else (event.by,)


def _restoration(state: GroupState, event: e.MeasureOverturned, seq: int) -> Remove:
    """Return that an entry is not removed any more, unless another act than the one overturned has removed it."""
    return Remove("redactions", {"code": state.code, "seq": seq, "version": event.number})


def _redaction(state: GroupState, event: e.Event, seq: int) -> Upsert:
    values = {
        "code": state.code,
        "seq": seq,
        "by": event.by,
        "version": state.version,
        "ts": event.at,
    }
    return Upsert("redactions", values)


def _member_values(member: Member) -> dict[str, Any]:
    return {
        "role": member.role.value,
        "permissions": " ".join(sorted(member.permissions)),
        "joined_ts": member.joined_ts,
        "tag": member.tag,
        "giver": member.giver,
    }


def _measure_values(measure: Ban | Mute | Wait) -> dict[str, Any]:
    return {name: getattr(measure, name) for name in ("until_ms", "by", "reason", "case")}


def _warning_values(warning: Warned) -> dict[str, Any]:
    return {name: getattr(warning, name) for name in ("user", "until_ms", "by", "reason", "ts")}


def _invitation_values(invitation: Invitation) -> dict[str, Any]:
    return {"until_ms": invitation.until_ms, "by": invitation.by}


def _request_values(request: JoinRequest) -> dict[str, Any]:
    return {"asked_ts": request.asked_ts, "until_ms": request.until_ms, "answer": request.answer}


def _refuted_values(refuted: Refuted) -> dict[str, Any]:
    return {name: getattr(refuted, name) for name in ("user", "text", "ts", "case", "reposters")}


MEMBER_TABLES: dict[str, tuple[Callable[[GroupState], dict[Any, Any]], Callable[[Any], dict[str, Any]]]] = {
    "members": (lambda state: state.members, _member_values),
    "bans": (lambda state: state.bans, _measure_values),
    "mutes": (lambda state: state.mutes, _measure_values),
    "join_waits": (lambda state: state.waits, _measure_values),
    "warnings": (lambda state: state.warnings, _warning_values),
    "refutations": (lambda state: state.refutations, _refuted_values),
    "pins": (lambda state: state.pins, lambda pin: {"by": pin.by, "ts": pin.ts}),
    "join_requests": (lambda state: state.requests, _request_values),
    "invitations": (lambda state: state.invitations, _invitation_values),
}
"""For each table of things in a group: what of the state it shows, and the columns of one row."""

KEYS = {"warnings": "number", "pins": "seq", "refutations": "seq"}
"""What tells the rows of a group apart, where it is not the user."""
