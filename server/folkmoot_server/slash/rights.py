"""`/rights`: the table of who may do what, and what one admin may do."""

from folkmoot_governance import Permission, Refusal
from folkmoot_governance.group import commands as c
from folkmoot_governance.permissions import RULES
from folkmoot_governance.roles import RANK
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Role

from ..common.i18n import N_
from .arguments import SyntaxProblem, read_permission
from .call import Call
from .outcome import Answer, Outcome


async def rights(call: Call, user: str | None, changes: str | None) -> Outcome:
    """Show the whole table; show or change what an admin may do: `+delete -mute`."""
    if user is None:
        return show_table(call)
    member = call.room.state.members.get(user)
    if member is None:
        return Refusal(ErrorCode.NO_SUCH_USER, N_("@{user} is not a member of this group."), {"user": user})
    if not changes:
        held = sorted(one for one in Permission if call.room.state.holds(user, one))
        return Answer(" ".join(held) or call.say(N_("None.")), {"permissions": [one.value for one in held]})
    permissions = set(member.permissions)
    for word in changes.split():
        try:
            permission = read_permission(word.lstrip("+-"))
        except SyntaxProblem as problem:
            return Refusal(ErrorCode.BAD_SYNTAX, problem.text, problem.detail)
        permissions.discard(permission) if word.startswith("-") else permissions.add(permission)
    return c.SetPermissions(user, frozenset(permissions))


def show_table(call: Call) -> Answer:
    """Return what each slash command takes, from the rules' own table, and what each admin has been given."""
    rules: list[dict[str, object]] = []
    lines = []
    for row in call.commands:
        if row.act is None:
            continue
        rule = RULES[row.act]
        needs = {"least": rule.least, "permission": rule.permission, "outranks": rule.outranks}
        rules.append({"command": row.name, **needs})
        least = rule.least or "–"
        lines.append(f"/{row.name}: {least} +{rule.permission}" if rule.permission else f"/{row.name}: {least}")
    leaders = sorted(
        (one for one in call.room.state.members.values() if one.role is not Role.MEMBER),
        key=lambda one: (-RANK[one.role], one.user),
    )
    lines += [f"@{one.user} [{one.role}] {' '.join(sorted(one.permissions))}".rstrip() for one in leaders]
    admins = [{"user": one.user, "role": one.role, "permissions": sorted(one.permissions)} for one in leaders]
    return Answer("\n".join(lines), {"rules": rules, "admins": admins})
