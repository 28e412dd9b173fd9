"""The commands `folkmoot admin credit …`."""

from typing import Annotated

import typer

from ..options import ServerOption
from ..sdk.address import DEFAULT_SERVER
from ..terminal import _
from .app import (
    DryRunOption,
    FormatOption,
    PasswordOption,
    ReasonOption,
    UserArgument,
    UserOption,
    YesOption,
    check_reason,
    new_app,
    obey,
)
from .output import Format
from .run import Order, check_sure

credit_app = new_app(_("Credit of accounts."))

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
