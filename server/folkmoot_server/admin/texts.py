"""Administration of texts that are no entries: names, topics and the like, which the platform removes (G10)."""

from folkmoot_governance import Refusal
from folkmoot_governance.group.removed_texts import GroupText
from folkmoot_protocol.admin import entries as rows
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.names import fold_user_name
from folkmoot_protocol.results import AdminResult

from ..actions.groups.removed_texts import Wanted, plan_removal
from ..common.i18n import N_
from .call import Call, Outcome, carries_out
from .common import act_on_room, basis_of


@carries_out(rows.REMOVE_TEXT)
async def remove_text(call: Call, options: rows.WhichText) -> Outcome:
    """Remove a text of a group, a tag or a reason, with all that has told it; the answer counts the entries that go."""
    room = await call.app.membership.find_room(call.target)
    if isinstance(room, Refusal):
        return room
    wanted = read_wanted(room.state.code, options)
    if isinstance(wanted, Refusal):
        return wanted
    store, based = call.app.store, await basis_of(call, room.state.code, options)
    if isinstance(based, Refusal):
        return based
    basis, report = based
    command = await plan_removal(store.ledger, store.journal, room, wanted, call.reason, basis)
    done = await act_on_room(call, room, command, report)
    if isinstance(done, Refusal):
        return done
    return AdminResult(items=tuple({"seq": seq} for seq in command.seqs), changed=done)


def read_wanted(code: str, options: rows.WhichText) -> Wanted | Refusal:
    """Return which text is meant: a tag is that of a member, a reason that of an act, and nothing else is."""
    what, user = GroupText(options.what), fold_user_name(options.member)
    if bool(user) is not (what is GroupText.TAG):
        return Refusal(
            ErrorCode.BAD_REQUEST,
            N_("Only a tag belongs to a member: name one with it, and with nothing else."),
            {"field": "member"},
        )
    number = options.act.removeprefix(f"{code}-")
    if bool(number) is not (what is GroupText.REASON) or (number and not (number.isascii() and number.isdigit())):
        return Refusal(
            ErrorCode.BAD_REQUEST,
            N_("A reason belongs to an act of the group: give its number or case."),
            {"field": "act"},
        )
    return Wanted(what, user, int(number or 0))
