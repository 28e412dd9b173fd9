"""The commands `folkmoot admin <noun> <verb>`. Nouns, verbs and options are those of INTERFACE.md."""

from pathlib import Path
from typing import Annotated

import typer

from folkmoot_governance.duration import parse_duration
from folkmoot_protocol import Identity

from ..options import ServerOption, check_server
from ..sdk.address import DEFAULT_SERVER
from ..terminal import USAGE, _, fail
from .access import read_access
from .output import Format
from .run import Order, carry_out, check_sure

UserOption = Annotated[
    str | None, typer.Option("--user", metavar="USER", envvar="FOLKMOOT_USER", help=_("The administrator's user name."))
]
PasswordOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help=_("File with the password; otherwise FOLKMOOT_PASSWORD, a prompt or stdin.")),
]
FormatOption = Annotated[Format, typer.Option("--output", "-o", help=_("How to print data."))]
LimitOption = Annotated[int | None, typer.Option(min=1, max=500, metavar="N", help=_("At most N items."))]
CursorOption = Annotated[str | None, typer.Option(metavar="CURSOR", help=_("Go on where an earlier list has ended."))]
ReasonOption = Annotated[str, typer.Option(metavar="TEXT", help=_("Why; whoever it concerns is told."))]
ForOption = Annotated[
    str, typer.Option("--for", metavar="DURATION", help=_("For how long: 30s 10m 2h 7d 2w 6mo 1y, or perm."))
]
IdentityOption = Annotated[Identity, typer.Option(help=_("The check that was passed."))]
YesOption = Annotated[bool, typer.Option("--yes", help=_("Do not ask whether it is meant."))]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help=_("Say what would change, and change nothing."))]
UserArgument = Annotated[str, typer.Argument(metavar="USER", help=_("User name."))]
GroupArgument = Annotated[str, typer.Argument(metavar="CODE", help=_("Group code, with or without hyphens."))]


def new_app(help: str) -> typer.Typer:
    """A group of commands."""
    return typer.Typer(help=help, no_args_is_help=True, rich_markup_mode=None)


admin_app = new_app(_("Administer the platform, as a named administrator."))
user_app = new_app(_("Accounts."))
group_app = new_app(_("Groups."))
rule_app = new_app(_("Content rules."))
identity_app = new_app(_("Reviews of identity."))
admin_app.add_typer(user_app, name="user")
admin_app.add_typer(group_app, name="group")
admin_app.add_typer(rule_app, name="rule")
admin_app.add_typer(identity_app, name="identity")


def obey(server: str, user: str | None, password_file: Path | None, output: Format, order: Order) -> None:
    """Carry out an order as the administrator that the options name."""
    carry_out(read_access(check_server(server), user, password_file), order, output)


def check_duration(text: str) -> dict[str, str | int | bool]:
    """Return a duration as the request's options, or end the command."""
    if parse_duration(text) is None:
        fail(_("{text} is no duration: 30s 10m 2h 7d 2w 6mo 1y, or perm.").format(text=text), USAGE)
    return {"duration": text}


def check_reason(reason: str) -> str:
    """Return a reason, or end the command when it is empty."""
    return reason.strip() or fail(_("Give a reason: whoever it concerns is told."), USAGE)


def add_list(app: typer.Typer, noun: str, help: str) -> None:
    """Add `<noun> list`."""

    @app.command("list", help=help)
    def run(
        limit: LimitOption = None,
        cursor: CursorOption = None,
        server: ServerOption = DEFAULT_SERVER,
        user: UserOption = None,
        password_file: PasswordOption = None,
        output: FormatOption = Format.TABLE,
    ) -> None:
        obey(server, user, password_file, output, Order(noun, "list", limit=limit, cursor=cursor))


add_list(user_app, "user", _("List accounts by user name."))
add_list(rule_app, "rule", _("List the content rules in force."))
add_list(group_app, "group", _("List groups by code."))
add_list(identity_app, "identity", _("List who asks for a review, by user name."))


@user_app.command("show", help=_("Show one account."))
def show_user(
    target: UserArgument,
    server: ServerOption = DEFAULT_SERVER,
    user: UserOption = None,
    password_file: PasswordOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    obey(server, user, password_file, output, Order("user", "show", target))


@group_app.command("show", help=_("Show one group."))
def show_group(
    target: GroupArgument,
    server: ServerOption = DEFAULT_SERVER,
    user: UserOption = None,
    password_file: PasswordOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    obey(server, user, password_file, output, Order("group", "show", target))


@user_app.command("suspend", help=_("Suspend an account for a time; its connections close at once."))
def suspend_user(
    target: UserArgument,
    duration: ForOption,
    reason: ReasonOption,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    server: ServerOption = DEFAULT_SERVER,
    user: UserOption = None,
    password_file: PasswordOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    order = Order("user", "suspend", target, check_reason(reason), check_duration(duration), dry_run=dry_run)
    check_sure(_("Suspend @{target} for {duration}?").format(target=target, duration=duration), yes=yes or dry_run)
    obey(server, user, password_file, output, order)


@group_app.command("suspend", help=_("Suspend a group for a time: nobody posts."))
def suspend_group(
    target: GroupArgument,
    duration: ForOption,
    reason: ReasonOption,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    server: ServerOption = DEFAULT_SERVER,
    user: UserOption = None,
    password_file: PasswordOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    order = Order("group", "suspend", target, check_reason(reason), check_duration(duration), dry_run=dry_run)
    check_sure(_("Suspend group {target} for {duration}?").format(target=target, duration=duration), yes=yes or dry_run)
    obey(server, user, password_file, output, order)


@user_app.command("restore", help=_("End an account's suspension."))
def restore_user(
    target: UserArgument,
    reason: ReasonOption,
    dry_run: DryRunOption = False,
    server: ServerOption = DEFAULT_SERVER,
    user: UserOption = None,
    password_file: PasswordOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    order = Order("user", "restore", target, check_reason(reason), dry_run=dry_run)
    obey(server, user, password_file, output, order)


@group_app.command("restore", help=_("End a group's suspension."))
def restore_group(
    target: GroupArgument,
    reason: ReasonOption,
    dry_run: DryRunOption = False,
    server: ServerOption = DEFAULT_SERVER,
    user: UserOption = None,
    password_file: PasswordOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    order = Order("group", "restore", target, check_reason(reason), dry_run=dry_run)
    obey(server, user, password_file, output, order)


@group_app.command("approve", help=_("Let a group have the size that its owner asked for."))
def approve_group(
    target: GroupArgument,
    reason: ReasonOption,
    dry_run: DryRunOption = False,
    server: ServerOption = DEFAULT_SERVER,
    user: UserOption = None,
    password_file: PasswordOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    order = Order("group", "approve", target, check_reason(reason), dry_run=dry_run)
    obey(server, user, password_file, output, order)


@group_app.command("reject", help=_("Turn down the size that a group's owner asked for."))
def reject_group(
    target: GroupArgument,
    reason: ReasonOption,
    dry_run: DryRunOption = False,
    server: ServerOption = DEFAULT_SERVER,
    user: UserOption = None,
    password_file: PasswordOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    order = Order("group", "reject", target, check_reason(reason), dry_run=dry_run)
    obey(server, user, password_file, output, order)


@user_app.command("verify", help=_("Note that an account's identity was checked."))
def verify_user(
    target: UserArgument,
    identity: IdentityOption,
    reason: ReasonOption,
    dry_run: DryRunOption = False,
    server: ServerOption = DEFAULT_SERVER,
    user: UserOption = None,
    password_file: PasswordOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    options: dict[str, str | int | bool] = {"identity": identity.value}
    order = Order("user", "verify", target, check_reason(reason), options, dry_run=dry_run)
    obey(server, user, password_file, output, order)


@user_app.command("close", help=_("Close an account for good; what it wrote stays under a tag."))
def close_user(
    target: UserArgument,
    reason: ReasonOption,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    server: ServerOption = DEFAULT_SERVER,
    user: UserOption = None,
    password_file: PasswordOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    order = Order("user", "close", target, check_reason(reason), dry_run=dry_run)
    check_sure(_("Close the account @{target} for good?").format(target=target), yes=yes or dry_run)
    obey(server, user, password_file, output, order)


@group_app.command("close", help=_("Close a group for good."))
def close_group(
    target: GroupArgument,
    reason: ReasonOption,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    server: ServerOption = DEFAULT_SERVER,
    user: UserOption = None,
    password_file: PasswordOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    order = Order("group", "close", target, check_reason(reason), dry_run=dry_run)
    check_sure(_("Close group {target} for good?").format(target=target), yes=yes or dry_run)
    obey(server, user, password_file, output, order)


@identity_app.command("show", help=_("Read the numbers that an account has given; each look is on record."))
def show_identity(
    target: UserArgument,
    case: Annotated[str, typer.Option(metavar="CASE", help=_("What it is for: a case number or a file reference."))],
    server: ServerOption = DEFAULT_SERVER,
    user: UserOption = None,
    password_file: PasswordOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    obey(server, user, password_file, output, Order("identity", "show", target, options={"case": case}))


@identity_app.command("approve", help=_("Verify an account at the level that it asks for."))
def approve_identity(
    target: UserArgument,
    reason: ReasonOption,
    dry_run: DryRunOption = False,
    server: ServerOption = DEFAULT_SERVER,
    user: UserOption = None,
    password_file: PasswordOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    order = Order("identity", "approve", target, check_reason(reason), dry_run=dry_run)
    obey(server, user, password_file, output, order)


@identity_app.command("reject", help=_("Turn down what an account asks for; the number is erased."))
def reject_identity(
    target: UserArgument,
    reason: ReasonOption,
    dry_run: DryRunOption = False,
    server: ServerOption = DEFAULT_SERVER,
    user: UserOption = None,
    password_file: PasswordOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    order = Order("identity", "reject", target, check_reason(reason), dry_run=dry_run)
    obey(server, user, password_file, output, order)


@rule_app.command("reload", help=_("Read the rule files again at once; a broken one leaves all as it was."))
def reload_rules(
    server: ServerOption = DEFAULT_SERVER,
    user: UserOption = None,
    password_file: PasswordOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    obey(server, user, password_file, output, Order("rule", "reload"))


@rule_app.command("test", help=_("Try a rule file on what was posted in the last days; nothing is armed."))
def try_rules(
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help=_("Rule file."))],
    group: Annotated[str | None, typer.Option(metavar="CODE", help=_("Only what was posted to this group."))] = None,
    server: ServerOption = DEFAULT_SERVER,
    user: UserOption = None,
    password_file: PasswordOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(str(error), USAGE)
    obey(server, user, password_file, output, Order("rule", "test", group, text=text))
