"""The commands `folkmoot admin word …`."""

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
    UserOption,
    check_reason,
    new_app,
    obey,
)
from .output import Format
from .run import Order

word_app = new_app(_("Words that no group may post."))

WordArgument = Annotated[str, typer.Argument(metavar="WORD", help=_("A term, a /pattern/ or a domain."))]
VerdictOption = Annotated[str, typer.Option(metavar="refuse|hold|flag", help=_("What follows."))]


@word_app.command("list", help=_("List the words in force."))
def list_words(
    server: ServerOption = DEFAULT_SERVER,
    user: UserOption = None,
    password_file: PasswordOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    obey(server, user, password_file, output, Order("word", "list"))


@word_app.command("create", help=_("Add a word for all groups, or give it another verdict; it holds at once."))
def create_word(
    target: WordArgument,
    reason: ReasonOption,
    verdict: VerdictOption = "refuse",
    dry_run: DryRunOption = False,
    server: ServerOption = DEFAULT_SERVER,
    user: UserOption = None,
    password_file: PasswordOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    order = Order("word", "create", target, check_reason(reason), {"verdict": verdict}, dry_run=dry_run)
    obey(server, user, password_file, output, order)


@word_app.command("delete", help=_("Take a word out."))
def delete_word(
    target: WordArgument,
    reason: ReasonOption,
    dry_run: DryRunOption = False,
    server: ServerOption = DEFAULT_SERVER,
    user: UserOption = None,
    password_file: PasswordOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    obey(server, user, password_file, output, Order("word", "delete", target, check_reason(reason), dry_run=dry_run))


@word_app.command("test", help=_("Try a word on what was posted in the last days; nothing is armed."))
def try_word(
    target: WordArgument,
    group: Annotated[str | None, typer.Option(metavar="CODE", help=_("Only what was posted to this group."))] = None,
    server: ServerOption = DEFAULT_SERVER,
    user: UserOption = None,
    password_file: PasswordOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    options: dict[str, str | int | bool] = {"group": group} if group else {}
    obey(server, user, password_file, output, Order("word", "test", target, options=options))
