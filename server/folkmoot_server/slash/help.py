"""`/help`, and the list of commands that clients complete from."""

from collections.abc import Callable, Iterable, Iterator

from msgspec import structs

from folkmoot_governance import Refusal
from folkmoot_governance.access import FOR_READERS, OF_CHANNELS, OF_GROUPS
from folkmoot_governance.case.rules import REASON_NAMES
from folkmoot_governance.group.checks import check_form, check_role, refuse_form
from folkmoot_governance.group.commands import DeleteEntry, Invite
from folkmoot_governance.permissions import READS, RULES, Rule
from folkmoot_governance.roles import RANK
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import ArgumentKind, CommandArgument, CommandInfo, JoinMode, Role

from ..common.i18n import N_
from .arguments import Argument, usage_of
from .call import IN_A_GROUP, Call
from .guide import ALSO, EXAMPLES, SECTIONS, find_section
from .outcome import Answer, Outcome
from .row import Slash, find_row

FOR_MEMBERS = Rule(Role.MEMBER)


async def show_help(call: Call, name: str | None) -> Outcome:
    """Show one command, the commands under one heading, or the headings with what one may use here."""
    if name is None:
        return show_headings(call)
    row = find_row(call.commands, name.removeprefix("/"))
    if row is not None:
        return show_command(row, call)
    section = find_section(name)
    if section is None:
        return Refusal(ErrorCode.UNKNOWN_COMMAND, N_("There is no command /{name}; /help lists them."), {"name": name})
    allowed = {row.name: row for row in call.commands if is_allowed(row, call)}
    rows = [allowed[one] for one in section.commands if one in allowed]
    lines = [f"{named_usage(row, call)} – {call.say(row.summary)}" for row in rows]
    return Answer("\n".join([call.say(section.title), *lines]), {"commands": [row.name for row in rows]})


def show_headings(call: Call) -> Answer:
    """Return the names of all commands that one may use here, a line for each heading."""
    allowed = {row.name: row for row in call.commands if is_allowed(row, call)}
    lines = []
    for section in SECTIONS:
        names = [f"/{called(allowed[one], call)}" for one in section.commands if one in allowed]
        key = section.alias if is_chinese(call) else section.name
        head = {"title": call.say(section.title), "key": key, "commands": " ".join(names)}
        if names:
            lines.append(call.say(N_("{title} ({key}): {commands}"), head))
    help_me, heading = f"/{called(find_row(call.commands, 'help') or call.commands[0], call)}", SECTIONS[2]
    example = {
        "one": f"{help_me} {'禁言' if is_chinese(call) else 'mute'}",
        "many": f"{help_me} {heading.alias if is_chinese(call) else heading.name}",
    }
    lines.append(call.say(N_("More on one command: {one}. On those under one heading: {many}"), example))
    lines.append(call.say(N_("To post a text that begins with a slash, write two, as in //help.")))
    return Answer("\n".join(lines), {"commands": [row.name for row in call.commands if row.name in allowed]})


def show_command(row: Slash, call: Call) -> Answer:
    """Return all that there is to know about one command: usage, examples, who may use it, and what it takes."""
    lines = [named_usage(row, call), call.say(row.summary)]
    examples = [
        call.say(line).replace(f"/{row.name}", f"/{called(row, call)}", 1) for line in EXAMPLES.get(row.name, ())
    ]
    if examples:
        lines.append(call.say(N_("For example: {examples}"), {"examples": " · ".join(examples)}))
    lines += [call.say(text, detail) for text, detail in who_may(row)]
    if row.name in ALSO:
        lines.append(call.say(ALSO[row.name]))
    if any(one.kind is ArgumentKind.DURATION or "duration" in one.shown for one in row.arguments):
        lines.append(call.say(N_("Durations: 30s 10m 2h 7d 2w 6mo 1y, 2 weeks, 三天; perm means for good.")))
    if any(one.kind is ArgumentKind.DURATION or "[duration]" in one.shown for one in row.arguments) and row.act:
        lines.append(call.say(N_("To replace what is already in force: replace <duration>")))
    if any("|off]" in one.shown for one in row.arguments):
        lines.append(call.say(N_('By itself it shows what there is; off removes it, and so does "".')))
    if row.name == "report":
        lines.append(call.say(N_("Reasons: {reasons}"), {"reasons": say_reasons(call)}))
    names = [f"/{name}" for name in (row.name, *row.aliases) if name != called(row, call)]
    if names:
        lines.append(call.say(N_("Also: {aliases}"), {"aliases": " ".join(names)}))
    if not is_allowed(row, call):
        lines.append(call.say(N_("You may not use it here.")))
    return Answer("\n".join(lines), {"name": row.name, "usage": row.usage, "aliases": list(row.aliases)})


def who_may(row: Slash) -> Iterator[tuple[str, dict[str, object]]]:
    """Say who may use a command, by the rules' own table."""
    rule = READS[row.reads] if row.reads else RULES[row.act] if row.act else None
    if rule is None:
        return
    if rule.least is Role.OWNER:
        yield N_("For the owner."), {}
    elif rule.least is Role.ADMIN and rule.permission:
        yield N_("For the owner, and for admins with the permission: {permission}"), {"permission": rule.permission}
    elif rule.least is Role.ADMIN:
        yield N_("For the owner and admins."), {}
    if rule.outranks:
        yield N_("Only on members below your own role."), {}


def say_reasons(call: Call) -> str:
    """Return the reasons for which one can report, each as it is typed and what it means."""
    known = {name: call.say(REASON_NAMES.get(name, name)) for name in call.app.policy.cases.reasons}
    shown = (
        name if name == meaning else call.say(N_("{name} ({meaning})"), {"name": name, "meaning": meaning})
        for name, meaning in known.items()
    )
    return call.say(N_(", ")).join(shown)


def is_chinese(call: Call) -> bool:
    """Say whether commands are best named in Chinese."""
    return call.session.language.startswith("zh")


def called(row: Slash, call: Call) -> str:
    """Return the name of a command in the reader's language."""
    return row.aliases[0] if row.aliases and is_chinese(call) else row.name


def named_usage(row: Slash, call: Call) -> str:
    """Return the usage line of a command by its name in the reader's language."""
    return call.say("{usage}", {"usage": usage_of(called(row, call), row.arguments)})


def is_allowed(row: Slash, call: Call) -> bool:
    """Say whether the caller's role lets it use the command where it is; the target may still be out of its reach."""
    return check_use(row, call) is None


def check_use(row: Slash, call: Call) -> Refusal | None:
    """Refuse what the caller's role does not let it use where it is."""
    room = call.room_or_none
    if room is None or not row.in_group:
        return IN_A_GROUP if row.in_group else None
    refusal = check_place(row, call)
    if refusal:
        return refusal
    actor = call.account.actor()
    role = room.state.role_of(actor.user)
    if role is None and room.state.form is not None:
        return None if row.name in FOR_READERS else check_role(room.state, FOR_MEMBERS, actor)
    if row.reads:
        return check_read(row, call)
    if row.act is None or role is None:
        return check_role(room.state, FOR_MEMBERS, actor)
    anyone = row.act is DeleteEntry or (row.act is Invite and room.state.join_mode is JoinMode.OPEN)
    return None if anyone else check_role(room.state, RULES[row.act], actor)


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


def permissions_here(call: Call) -> list[str]:
    """Return the permissions that an owner may give where the caller is."""
    return sorted(call.room_or_none.state.permissions) if call.room_or_none else []


KNOWN: dict[tuple[str, str], Callable[[Call], Iterable[str]]] = {
    ("report", "reason"): lambda call: call.app.policy.cases.reasons,
    ("promote", "permissions…|none"): permissions_here,
    ("rights", "±permission…"): permissions_here,
    ("category", "name"): lambda call: sorted(call.app.policy.categories),
}
"""The words that fit an argument of a command, where the operator says which there are."""


def describe(row: Slash, call: Call) -> CommandInfo:
    """Return a row as clients complete from it."""
    refusal = check_use(row, call)
    return CommandInfo(
        name=row.name,
        aliases=row.aliases,
        syntax=call.say("{usage}", {"usage": row.usage}),
        summary=call.say(row.summary),
        allowed=refusal is None,
        why=call.say(refusal.text, refusal.detail) if refusal else "",
        arguments=tuple(describe_argument(row, argument, call) for argument in row.arguments),
    )


def describe_argument(row: Slash, argument: Argument, call: Call) -> CommandArgument:
    """Return an argument as clients complete it."""
    known = KNOWN.get((row.name, argument.shown))
    described = argument.describe()
    return structs.replace(described, choices=tuple(known(call))) if known else described
