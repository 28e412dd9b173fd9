"""The commands `folkmoot admin credit|case|appeal|sanction …`."""

from enum import StrEnum
from typing import Annotated

import typer

from ..options import ServerOption
from ..sdk.address import DEFAULT_SERVER
from ..terminal import _
from .app import (
    CursorOption,
    DryRunOption,
    FormatOption,
    ForOption,
    GroupArgument,
    LimitOption,
    PasswordOption,
    ReasonOption,
    UserArgument,
    UserOption,
    YesOption,
    add_list,
    check_duration,
    check_reason,
    new_app,
    obey,
)
from .output import Format
from .run import Order, check_sure

credit_app = new_app(_("Credit of accounts."))

case_app = new_app(_("Reports."))
appeal_app = new_app(_("Appeals."))
sanction_app = new_app(_("Warnings to groups, with a time within which something is to be mended."))


class State(StrEnum):
    """Which cases to list."""

    OPEN = "open"
    CLOSED = "closed"
    ALL = "all"


class Outcome(StrEnum):
    """How a report ends."""

    UPHELD = "upheld"
    DISMISSED = "dismissed"
    BAD_FAITH = "bad_faith"


StateOption = Annotated[State, typer.Option(help=_("Which ones."))]
CaseArgument = Annotated[str, typer.Argument(metavar="CASE", help=_("Case number."))]
OutcomeOption = Annotated[Outcome, typer.Option(help=_("How it ends."))]
SuspendOption = Annotated[
    str | None,
    typer.Option("--suspend", metavar="DURATION", help=_("Where it is upheld: also suspend what was reported.")),
]
NewTimeOption = Annotated[
    str | None, typer.Option("--for", metavar="DURATION", help=_("A new time within which it is to be mended."))
]
ScoreOption = Annotated[int, typer.Option("--score", min=0, max=1000, metavar="N", help=_("The new score."))]


@credit_app.command("show", help=_("Show an account's credit and how it came about."))
def show_credit(
    target: UserArgument,
    server: ServerOption = DEFAULT_SERVER,
    user: UserOption = None,
    password_file: PasswordOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    obey(server, user, password_file, output, Order("credit", "show", target))


@credit_app.command("set", help=_("Set an account's credit."))
def set_credit(
    target: UserArgument,
    score: ScoreOption,
    reason: ReasonOption,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    server: ServerOption = DEFAULT_SERVER,
    user: UserOption = None,
    password_file: PasswordOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    order = Order("credit", "set", target, check_reason(reason), {"score": score}, dry_run=dry_run)
    check_sure(_("Set the credit of @{target} to {score}?").format(target=target, score=score), yes=yes or dry_run)
    obey(server, user, password_file, output, order)


def add_list_and_show(app: typer.Typer, noun: str, listed: str, shown: str) -> None:
    """Add `<noun> list` and `<noun> show`."""

    @app.command("list", help=listed)
    def list_cases(
        state: StateOption = State.OPEN,
        limit: LimitOption = None,
        cursor: CursorOption = None,
        server: ServerOption = DEFAULT_SERVER,
        user: UserOption = None,
        password_file: PasswordOption = None,
        output: FormatOption = Format.TABLE,
    ) -> None:
        order = Order(noun, "list", options={"state": state.value}, limit=limit, cursor=cursor)
        obey(server, user, password_file, output, order)

    @app.command("show", help=shown)
    def show_case(
        target: CaseArgument,
        server: ServerOption = DEFAULT_SERVER,
        user: UserOption = None,
        password_file: PasswordOption = None,
        output: FormatOption = Format.TABLE,
    ) -> None:
        obey(server, user, password_file, output, Order(noun, "show", target))


def add_answer(verb: str, help: str, question: str) -> None:
    """Add `appeal approve` or `appeal reject`."""

    @appeal_app.command(verb, help=help)
    def answer(
        target: CaseArgument,
        reason: ReasonOption,
        yes: YesOption = False,
        dry_run: DryRunOption = False,
        server: ServerOption = DEFAULT_SERVER,
        user: UserOption = None,
        password_file: PasswordOption = None,
        output: FormatOption = Format.TABLE,
    ) -> None:
        order = Order("appeal", verb, target, check_reason(reason), dry_run=dry_run)
        check_sure(question.format(target=target), yes=yes or dry_run)
        obey(server, user, password_file, output, order)


add_list_and_show(
    case_app,
    "case",
    _("List reports, what is due first before the others."),
    _("Show a report with its evidence; that you have seen it is recorded."),
)
add_list_and_show(
    appeal_app,
    "appeal",
    _("List appeals, what is due first before the others."),
    _("Show an appeal and the measure; that you have seen it is recorded."),
)
add_answer(
    "approve", _("Overturn the measure; who appealed is told why."), _("Overturn the measure of appeal {target}?")
)
add_answer("reject", _("Let the measure stand; who appealed is told why."), _("Turn appeal {target} down?"))


@case_app.command("close", help=_("Decide on a report; who made it is told why."))
def close_case(
    target: CaseArgument,
    outcome: OutcomeOption,
    reason: ReasonOption,
    suspend: SuspendOption = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    server: ServerOption = DEFAULT_SERVER,
    user: UserOption = None,
    password_file: PasswordOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    options: dict[str, str | int | bool] = {"outcome": outcome.value}
    if suspend is not None:
        options["suspend"] = check_duration(suspend)["duration"]
    order = Order("case", "close", target, check_reason(reason), options, dry_run=dry_run)
    question = _("Close report {target} as {outcome}?").format(target=target, outcome=outcome.value)
    check_sure(question, yes=yes or dry_run)
    obey(server, user, password_file, output, order)


add_list(sanction_app, "sanction", _("List the open warnings to groups."))


@sanction_app.command("create", help=_("Warn a group: what the reason names is to be mended within a time."))
def warn_group(
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
    order = Order("sanction", "create", target, check_reason(reason), check_duration(duration), dry_run=dry_run)
    check_sure(_("Warn group {target}?").format(target=target), yes=yes or dry_run)
    obey(server, user, password_file, output, order)


@sanction_app.command("close", help=_("Close a group's warning: it is mended."))
def close_warning(
    target: GroupArgument,
    reason: ReasonOption,
    dry_run: DryRunOption = False,
    server: ServerOption = DEFAULT_SERVER,
    user: UserOption = None,
    password_file: PasswordOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    order = Order("sanction", "close", target, check_reason(reason), dry_run=dry_run)
    obey(server, user, password_file, output, order)


@sanction_app.command("reject", help=_("Keep a group's warning open: it is not mended."))
def reject_mending(
    target: GroupArgument,
    reason: ReasonOption,
    duration: NewTimeOption = None,
    dry_run: DryRunOption = False,
    server: ServerOption = DEFAULT_SERVER,
    user: UserOption = None,
    password_file: PasswordOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    options = check_duration(duration) if duration is not None else {}
    order = Order("sanction", "reject", target, check_reason(reason), options, dry_run=dry_run)
    obey(server, user, password_file, output, order)
