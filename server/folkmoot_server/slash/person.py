"""Slash commands about the person behind an account: `/verify` (G6), `/sessions`, `/account` (P9.2)."""

import re
from datetime import UTC, datetime
from typing import cast

from folkmoot_governance import Refusal
from folkmoot_governance.account_commands import AccountCommand, CloseAccount, WithdrawIdentity
from folkmoot_governance.identity import KINDS, Soundness, check_age, check_number, masked, normalise
from folkmoot_governance.verification import end_ms, level_at
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.names import fold_user_name
from folkmoot_protocol.normal import make_compatible
from folkmoot_protocol.types import Identity

from ..actions.accounts.sessions import session_item
from ..common.codes import new_author_tag
from ..common.i18n import N_, show_instant
from ..sealed.access_records import SIGN_INS, AccessKind
from ..sealed.identities import Given
from ..storage.api import ActFilter
from ..storage.change_set import RowChange, account_stream
from ..storage.changes import erasure, remove_identity_request
from .arguments import MISSING
from .call import Call
from .outcome import Answer, Outcome

SURE = "sure"
WITHDRAW = "withdraw"
CODE = "code"
VERIFIABLE = (*(kind.value for kind in KINDS), CODE, WITHDRAW)
LONGEST_NUMBER = 40
LONGEST_TEXT = 64
BETWEEN = re.compile("[,，、;；]")
"""Parts what is given beside a number: a name, the reference of a document."""


async def verify(call: Call, act: str | None, text: str | None) -> Outcome:
    """Show how far one's identity is verified, ask for more with a number, or take that back."""
    if act is None:
        return await show_identity(call)
    if act == WITHDRAW:
        return await withdraw(call)
    if act == CODE:
        return await confirm(call, text or "")
    return await ask(call, Identity(act), text or "")


async def show_identity(call: Call) -> Outcome:
    """Say at which level one is known, what waits for review, and what each level is good for."""
    state, policy = call.account.state, call.app.policy
    lines = [call.say(N_("Your identity: {identity}."), {"identity": state.identity})]
    ends = end_ms(state.verified_ts, policy)
    if ends:
        over = level_at(state.identity, state.verified_ts, call.now, policy) is not state.identity
        text = N_("It had to be verified again by {time}.") if over else N_("It has to be verified again by {time}.")
        lines.append(call.say(text, {"time": show_instant(ends)}))
    if state.code_until_ms:
        if state.code_until_ms > call.now:
            text = N_("A code was sent to you: type /verify code <code>, {until}.")
            lines.append(call.say(text, {"until_ms": state.code_until_ms}))
    elif state.asked_ts:
        text = N_("Waiting for review since {time}: {identity}. /verify withdraw takes it back.")
        lines.append(call.say(text, {"identity": state.asked, "time": show_instant(state.asked_ts)}))
    lines += await last_rejection(call)
    needed = [
        (N_("To post: {needed}"), "", policy.to_post),
        (N_("To own a group: {needed}"), "", policy.to_create_group),
        *((N_("To own a group of grade {grade}: {needed}"), one.name, one.creator_identity) for one in policy.grades),
    ]
    lines += [call.say(text, {"needed": level, "grade": grade}) for text, grade, level in needed]
    lines.append(
        call.say(
            N_(
                "To raise, renew or change it: /verify mobile|person|organisation <number>. Only "
                "staff can read the number."
            )
        )
    )
    data: dict[str, object] = {
        "identity": state.identity.value,
        "asked": state.asked.value if state.asked_ts else None,
        "renew_until_ms": ends,
        "to_post": policy.to_post.value,
        "to_create_group": policy.to_create_group.value,
        "grades": {one.name: one.creator_identity.value for one in policy.grades},
    }
    return Answer("\n".join(lines), data)


async def last_rejection(call: Call) -> list[str]:
    """Say why the last request was turned down, unless another came after it."""
    if call.account.state.asked_ts:
        return []
    kinds = ("identity_rejected", "identity_asked", "identity_attested")
    found = await call.app.store.ledger.acts(account_stream(call.account.user), ActFilter(kinds=kinds), 1)
    reason = getattr(found[0].event, "reason", "") if found else ""
    if not found or found[0].event.__struct_config__.tag != kinds[0]:
        return []
    return [call.say(N_("Your last request was turned down: {reason}"), {"reason": reason})]


async def ask(call: Call, identity: Identity, text: str) -> Outcome:
    """Have a number checked. It goes into the vault alone: no entry, no event and no log has it."""
    first, *more = (part.strip() for part in BETWEEN.split(text))
    words = first.split()
    is_sure = bool(words) and words[-1].lower() == SURE
    number = normalise(identity, "".join(words[:-1] if is_sure else words)[: LONGEST_NUMBER + 1])
    refusal = check_given(call, identity, number, is_sure=is_sure)
    if refusal:
        return refusal
    name, document = (" ".join(part.split())[:LONGEST_TEXT] for part in (*more, "", "")[:2])
    verifying = call.app.verifying
    call.app.access_log.note(AccessKind.IDENTITY, call.session, detail=identity.value)
    refusal = await verifying.ask(call.account, Given(identity, number, name, document), call.session.address)
    if refusal:
        return refusal
    data: dict[str, object] = {"asked": identity.value, "undo": "/verify withdraw"}
    if verifying.sends_code(identity):
        text = N_("A code is on its way to {number}: type /verify code <code> within {within}.")
        detail = {"number": masked(number), "within_ms": verifying.code_ms}
        return Answer(call.say(text, detail), data | {"code_until_ms": call.account.state.code_until_ms})
    if not call.account.state.asked_ts:
        return await show_identity(call)
    text = N_("Now waiting for review: {identity}. You will be told the decision. /verify withdraw takes it back.")
    return Answer(call.say(text, {"identity": identity}), data)


async def confirm(call: Call, text: str) -> Outcome:
    """Take the code that was sent to one's number."""
    if not text.strip():
        return Refusal(ErrorCode.BAD_SYNTAX, N_("Usage: /verify code <code>"), {"help": "/verify"})
    code = make_compatible("".join(text.split()))[:LONGEST_NUMBER]
    call.app.access_log.note(AccessKind.IDENTITY, call.session, detail="code")
    refusal = await call.app.verifying.confirm(call.account, code)
    return refusal or await show_identity(call)


def check_given(call: Call, identity: Identity, number: str, *, is_sure: bool) -> Refusal | None:
    """Refuse a number that cannot be one, and too many of them; the number itself is not said back."""
    if not number:
        usage: dict[str, object] = {"usage": f"/verify {identity} <number>", "help": "/verify"}
        return Refusal(ErrorCode.BAD_SYNTAX, MISSING, usage)
    wait = call.app.shared_limits.take_try(call.account.user, "verify")
    if wait:
        detail: dict[str, object] = {"retry_after_ms": wait, "rule": "policy.groups.tries_per_hour"}
        return Refusal(ErrorCode.RATE_LIMITED, N_("Too many tries: wait {wait}."), detail)
    today = datetime.fromtimestamp(call.now / 1000, UTC).date()
    soundness = check_number(identity, number, today)
    if soundness is Soundness.MALFORMED:
        text = N_("That is not a number of this kind: please check it.")
        return Refusal(
            ErrorCode.BAD_REQUEST, text, {"identity": identity, "rule": "identity.number", "help": "/verify"}
        )
    if soundness is Soundness.DOUBTFUL and not is_sure:
        text = N_(
            "The last character does not fit the others. If it is like that on the certificate, type "
            "it again with {word}."
        )
        detail = {"identity": identity, "word": SURE, "rule": "identity.number", "help": "/verify"}
        return Refusal(ErrorCode.CONFIRM_REQUIRED, text, detail)
    return check_age(identity, number, today, call.app.config.identity.minimum_age)


async def withdraw(call: Call) -> Outcome:
    """Take back what waits for review; its number is erased."""
    refusal = await act(call, WithdrawIdentity(), remove_identity_request(call.account.user))
    return refusal or Answer(call.say(N_("You have nothing waiting for review any more; the number is erased.")))


async def act(call: Call, command: AccountCommand, *rows: RowChange) -> Refusal | None:
    """Decide a command of the account's own and store it with its rows."""
    account = call.account
    return await call.app.account_service.carry_out(account.state, command, account.actor(), rows)


OTHERS = "others"
THIS = Refusal(ErrorCode.CONFLICT, N_("That is the session you are using: sign out instead."), {"help": "/sessions"})


async def sessions(call: Call, act_name: str | None, which: str | None) -> Outcome:
    """List one's sessions: on which device, from which network, last seen when. Or end another one, or all others."""
    found = await call.app.sessions.sessions_of(call.account.user)
    current = call.session.token_hash
    if act_name is None:
        items = [session_item(one) | {"current": one.hash == current} for one in found]
        return Answer("\n".join(session_line(call, one) for one in items), {"items": items})
    if not which:
        text = N_("Usage: {usage}")
        return Refusal(ErrorCode.BAD_SYNTAX, text, {"usage": "/sessions end <id>|others", "help": "/sessions"})
    ended = [one for one in found if one.id == which.lower() or (which == OTHERS and one.hash != current)]
    if any(one.hash == current for one in ended):
        return THIS
    refusal = await call.app.sessions.end_own(call.account, ended)
    text = N_("Ended: {count}.")
    return refusal or Answer(call.say(text, {"count": len(ended)}), {"ended": [one.id for one in ended]})


def session_line(call: Call, item: dict[str, object]) -> str:
    """Return a session as its account reads it."""
    device = item["device"] or call.say(N_("unknown device"))
    seen = call.say(N_("last seen {time}"), {"time": show_instant(cast(int, item["seen_ts"]))})
    here = call.say(N_("this one")) if item["current"] else ""
    return " · ".join(str(part) for part in (item["id"], device, item["region"], seen, here) if part)


SIGN_INS_SHOWN = 20


async def sign_ins(call: Call) -> Outcome:
    """List when and from where somebody signed in to one's account, or tried to."""
    found, _ = await call.app.access_log.read(call.account.user, SIGN_INS, SIGN_INS_SHOWN)
    items: list[dict[str, object]] = [
        {"at_ts": one.ts, "kind": one.kind.value, "address": one.address, "detail": one.detail}
        for one in found[:SIGN_INS_SHOWN]
    ]
    names = {kind: call.say(text) for kind, text in SIGN_IN_NAMES.items()}
    lines = (
        " · ".join(part for part in (show_instant(one.ts), names[one.kind], one.address, one.detail) if part)
        for one in found[:SIGN_INS_SHOWN]
    )
    return Answer("\n".join(lines), {"items": items})


SIGN_IN_NAMES = {
    AccessKind.REGISTERED: N_("registered"),
    AccessKind.SIGNED_IN: N_("signed in"),
    AccessKind.TOKEN_USED: N_("came back"),
    AccessKind.FAILED: N_("was turned away"),
    AccessKind.PASSWORD_SHOWN: N_("appealed by password"),
    AccessKind.PASSWORD_RESET: N_("set another password by a code"),
    AccessKind.SIGNED_OUT: N_("signed out"),
}


async def close_account(call: Call, act_name: str, name: str | None) -> Outcome:
    """Close one's own account for good; groups that it owns go to who is in line."""
    user = call.account.user
    command = CloseAccount(new_author_tag(), fold_user_name(name or ""))
    refusal = await act(call, command, *erasure(user, call.now))
    return refusal or Answer(call.say(N_("Your account is closed. Farewell.")), {"closed": user})
