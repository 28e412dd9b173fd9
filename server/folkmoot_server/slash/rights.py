"""`/rights`: the table of who may do what, and what one admin may do."""

from folkmoot_governance import Refusal
from folkmoot_governance.group import commands as c
from folkmoot_governance.permissions import RULES
from folkmoot_governance.roles import RANK
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Role

from ..common.i18n import N_
from .arguments import NO_PERMISSION, plain, read_permission
from .call import Call
from .everyone import show_leader
from .help import called, check_place
from .outcome import Answer, Noted, Outcome

DASHES = dict.fromkeys(map(ord, "‐‑‒–—−"), "-")
"""What keyboards and copied texts have for a minus."""


async def rights(call: Call, user: str | None, changes: str | None) -> Outcome:
    """Show the whole table; show or change what an admin may do: `+delete -mute`."""
    if user is None:
        return show_table(call)
    member = call.room.state.members.get(user)
    if member is None:
        return Refusal(ErrorCode.NO_SUCH_USER, N_("@{user} is not a member of this group."), {"user": user})
    if not changes:
        state = call.room.state
        held = sorted(one for one in state.permissions if state.holds(user, one))
        shown = call.say("{permissions}", {"permissions": " ".join(held)}) or call.say(N_("None."))
        return Answer(shown, {"permissions": [one.value for one in held]})
    permissions = set(member.permissions)
    for word in map(plain, changes.translate(DASHES).split()):
        permission = read_permission(word[1:] if word[0] in "+-" else word)
        if word[0] not in "+-":
            # Added to what there is, or instead of it? That is not to be guessed.
            text = N_("Write + or - before each: /rights @{user} +{word} gives it, -{word} takes it away.")
            return Refusal(ErrorCode.BAD_SYNTAX, text, {"user": user, "word": word})
        permissions.discard(permission) if word[0] == "-" else permissions.add(permission)
    shown = " ".join(sorted(permissions)) or NO_PERMISSION
    text = call.say(N_("@{user} may now: {permissions}"), {"user": user, "permissions": shown})
    return Noted(c.SetPermissions(user, frozenset(permissions)), text, {})


BY_ROLE = N_("{command}: {role}")
WITH_PERMISSION = N_("{command}: {role} +{permission}")


def show_table(call: Call) -> Answer:
    """Return what each slash command takes, from the rules' own table, and what each admin has been given."""
    rules: list[dict[str, object]] = []
    lines = []
    for row in call.commands:
        if row.act is None or check_place(row, call):
            continue
        rule = RULES[row.act]
        needs = {"least": rule.least, "permission": rule.permission, "outranks": rule.outranks}
        rules.append({"command": row.name, **needs})
        said = {"command": f"/{called(row, call)}", "role": rule.least or "–", "permission": rule.permission or ""}
        lines.append(call.say(WITH_PERMISSION if rule.permission else BY_ROLE, said))
    leaders = sorted(
        (one for one in call.room.state.members.values() if one.role is not Role.MEMBER),
        key=lambda one: (-RANK[one.role], one.user),
    )
    lines += [show_leader(call, one) for one in leaders]
    admins = [{"user": one.user, "role": one.role, "permissions": sorted(one.permissions)} for one in leaders]
    return Answer("\n".join(lines), {"rules": rules, "admins": admins})
