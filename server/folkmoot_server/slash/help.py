"""`/help`, and the list of commands that clients complete from."""

from folkmoot_governance import Refusal
from folkmoot_governance.access import FOR_READERS, OF_CHANNELS, OF_GROUPS
from folkmoot_governance.group.checks import check_form, check_role, refuse_form
from folkmoot_governance.group.commands import DeleteEntry, Invite
from folkmoot_governance.permissions import READS, RULES
from folkmoot_governance.roles import RANK
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import ArgumentKind, CommandInfo, JoinMode

from ..common.i18n import N_
from .call import Call
from .outcome import Answer, Outcome
from .row import Slash, find_row


async def show_help(call: Call, name: str | None) -> Outcome:
    """Show one command, or all that one may use here."""
    if name is None:
        rows = [row for row in call.commands if is_allowed(row, call)]
        lines = [f"{row.usage} – {call.say(row.summary)}" for row in rows]
        lines.append(call.say(N_("A text that begins with a slash: write two, as in //help.")))
        return Answer("\n".join(lines), {"commands": [row.name for row in rows]})
    row = find_row(call.commands, name.removeprefix("/"))
    if row is None:
        return Refusal(ErrorCode.UNKNOWN_COMMAND, N_("There is no command /{name}; /help lists them."), {"name": name})
    lines = [row.usage, call.say(row.summary)]
    if any(one.kind is ArgumentKind.DURATION or "duration" in one.shown for one in row.arguments):
        lines.append(call.say(N_("Durations: 30s 10m 2h 7d 2w 6mo 1y, 2 weeks, 三天; perm is for good.")))
    if any(one.kind is ArgumentKind.DURATION or "[duration]" in one.shown for one in row.arguments) and row.act:
        lines.append(call.say(N_("What is in force already is replaced with: replace <duration>")))
    if any("|off]" in one.shown for one in row.arguments):
        lines.append(call.say(N_('Alone it shows what there is; off takes it away, "off" is the word itself.')))
    if row.aliases:
        lines.append(call.say(N_("Also: {aliases}"), {"aliases": " ".join(f"/{alias}" for alias in row.aliases)}))
    if not is_allowed(row, call):
        lines.append(call.say(N_("You may not use it here.")))
    return Answer("\n".join(lines), {"name": row.name, "usage": row.usage, "aliases": list(row.aliases)})


def is_allowed(row: Slash, call: Call) -> bool:
    """Say whether the caller's role lets it use the command where it is; the target may still be out of its reach."""
    room = call.room_or_none
    if room is None or not row.in_group:
        return not row.in_group
    if check_place(row, call):
        return False
    role = room.state.role_of(call.account.user)
    if role is None and room.state.form is not None:
        return row.name in FOR_READERS
    if row.reads:
        return check_read(row, call) is None
    if row.act is None or role is None:
        return role is not None
    anyone = row.act is DeleteEntry or (row.act is Invite and room.state.join_mode is JoinMode.OPEN)
    return anyone or check_role(room.state, RULES[row.act], call.account.actor()) is None


def check_place(row: Slash, call: Call) -> Refusal | None:
    """Refuse what makes no sense in a channel, or in a group."""
    room = call.room_or_none
    if room is None:
        return None
    if row.name in (OF_CHANNELS if room.state.form is None else OF_GROUPS):
        return refuse_form(room.state)
    return check_form(room.state, row.act) if row.act else None


def check_read(row: Slash, call: Call) -> Refusal | None:
    """Refuse to show what the caller's role does not let it read."""
    return check_reading(row.reads, call) if row.reads else None


def check_reading(what: str, call: Call) -> Refusal | None:
    """Refuse to show a row of `permissions.READS` to whose role does not let them read it."""
    rule = READS[what]
    if call.led and rule.least and RANK[call.led] >= RANK[rule.least]:
        return None
    return check_role(call.room.state, rule, call.account.actor())


def describe(row: Slash, call: Call) -> CommandInfo:
    """Return a row as clients complete from it."""
    return CommandInfo(
        name=row.name,
        aliases=row.aliases,
        syntax=row.usage,
        summary=call.say(row.summary),
        allowed=is_allowed(row, call),
        arguments=tuple(argument.describe() for argument in row.arguments),
    )
