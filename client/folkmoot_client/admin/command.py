"""From a row of administration to a command: its arguments and options, and the order that they make."""

from collections.abc import Iterable, Iterator, Sequence
from inspect import Parameter, Signature
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from typer.core import TyperCommand, TyperGroup

from folkmoot_governance.duration import parse_duration
from folkmoot_protocol.admin.row import Duration, Option, Verb, options_of

from ..options import ServerOption, check_server
from ..sdk.address import DEFAULT_SERVER
from ..terminal import USAGE, Failed, _, fail
from .access import read_access
from .output import Format, Picked, print_error_data
from .run import Order, Values, carry_out, check_sure
from .saving import check_free, default_file

UserOption = Annotated[
    str | None, typer.Option("--user", metavar="USER", envvar="FOLKMOOT_USER", help=_("The administrator's user name."))
]
AdminOption = Annotated[
    str | None,
    typer.Option("--admin", metavar="USER", envvar="FOLKMOOT_USER", help=_("The administrator's user name.")),
]
PasswordOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help=_("File with the password; otherwise FOLKMOOT_PASSWORD, a prompt or stdin.")),
]
FormatOption = Annotated[Format, typer.Option("--output", "-o", help=_("How to print data."))]
LimitOption = Annotated[int | None, typer.Option(min=1, max=500, metavar="N", help=_("At most N items."))]
CursorOption = Annotated[str | None, typer.Option(metavar="CURSOR", help=_("Continue where an earlier list ended."))]
ReasonOption = Annotated[str, typer.Option(metavar="TEXT", help=_("Why; whoever it concerns is told."))]
YesOption = Annotated[bool, typer.Option("--yes", help=_("Do not ask for confirmation."))]
ToOption = Annotated[
    Path | None, typer.Option("--to", metavar="FILE", help=_("Where to write it; there must be nothing there yet."))
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help=_("Say what would change, without changing anything."))]


def parameter(name: str, annotation: object, default: object = Parameter.empty) -> Parameter:
    """Return an argument or option of a command."""
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def access_of(verb: Verb[Any]) -> Iterator[Parameter]:
    """Yield the options of all commands: where a row has a `--user` of its own, the administrator is `--admin`."""
    is_taken = any(option.shown == "--user" for option in options_of(verb))
    yield parameter("server", ServerOption, DEFAULT_SERVER)
    yield parameter("user", AdminOption if is_taken else UserOption, None)
    yield parameter("password_file", PasswordOption, None)
    yield parameter("output", FormatOption, Format.TABLE)


ColumnsOption = Annotated[
    str | None, typer.Option("--columns", metavar="A,B,…", help=_("Print only these columns, in this order."))
]
SortOption = Annotated[
    str | None,
    typer.Option("--sort", metavar="COLUMN", help=_("Sort by a column; with -COLUMN the greatest comes first.")),
]
WhereOption = Annotated[
    list[str] | None,
    typer.Option("--where", metavar="COLUMN=TEXT", help=_("Print only rows in which a column has this value.")),
]
PICKED = (
    parameter("columns", ColumnsOption, None),
    parameter("sort", SortOption, None),
    parameter("where", WhereOption, None),
)
PAGE = (parameter("limit", LimitOption, None), parameter("cursor", CursorOption, None))


def add_command(app: typer.Typer, verb: Verb[Any]) -> None:
    """Add the command of a row."""

    def run(server: str, user: str | None, password_file: Path | None, output: Format, **given: Any) -> None:
        try:
            order, picked = make_order(verb, given), read_picked(given)
            to = check_free(given.get("to") or default_file(verb, order.target)) if verb.saved else None
            access = read_access(check_server(server), user, password_file)
        except Failed as failed:
            print_error_data(output, "usage", failed.text)
            raise
        carry_out(access, order, output, picked, to)

    # Typer reads its options from here; functions have it, their type does not say so.
    run.__signature__ = Signature([*parameters_of(verb), *access_of(verb)])  # type: ignore[attr-defined]  # typer reads it
    name = verb.noun.name if verb.noun.is_verb else verb.name
    app.command(name, cls=Command, help=_(verb.summary))(run)


USAGE_ERROR: type[BaseException] = typer.BadParameter.__mro__[1]
"""What wrong usage is, in the click that typer brings along: of its errors typer itself exports kinds of this one."""


def format_of(arguments: Sequence[str]) -> Format:
    """Return how data is to be printed, of arguments that could not be read."""
    words = [part for word in arguments for part in word.split("=", 1)]
    for option, value in pairwise(words):
        if option in ("-o", "--output") and value in set(Format):
            return Format(value)
    glued = [word[2:] for word in arguments if word.startswith("-o") and word[2:] in set(Format)]
    return Format(glued[-1]) if glued else Format.TABLE


class Command(TyperCommand):
    """A command whose mistakes in usage, too, are data where a program reads."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        given = list(args)
        try:
            return super().make_context(info_name, args, parent, **extra)
        except USAGE_ERROR as error:
            print_error_data(format_of(given), "usage", cast(Any, error).format_message())
            raise


class Group(TyperGroup):
    """A group of commands, as `Command`. `usual` is the one that is meant where none is named."""

    usual = ""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        is_named = bool(args) and (not args[0].startswith("-") or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, [self.usual, *args] if self.usual and not is_named else args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        given = list(args)
        try:
            return super().resolve_command(ctx, args)
        except USAGE_ERROR as error:
            print_error_data(format_of(given), "usage", cast(Any, error).format_message())
            raise


def parameters_of(verb: Verb[Any]) -> Iterator[Parameter]:
    """Yield the arguments and options of a row's own, in the order of `--help`."""
    if verb.file:
        argument = typer.Argument(metavar="FILE", exists=True, dir_okay=False, help=_(verb.file))
        yield parameter("file", Annotated[Path, argument])
    if verb.target is not None:
        metavar, help, option = verb.target.metavar, _(verb.target.help), verb.target.option
        if option:
            yield parameter("target", Annotated[str | None, typer.Option(option, metavar=metavar, help=help)], None)
        else:
            yield parameter("target", Annotated[str, typer.Argument(metavar=metavar, help=help)])
    yield from map(parameter_of, options_of(verb))
    if verb.reason:
        yield parameter("reason", ReasonOption)
    if verb.ask:
        yield parameter("yes", YesOption, False)
    if verb.saved:
        yield parameter("to", ToOption, None)
    if verb.dry_run:
        yield parameter("dry_run", DryRunOption, False)
    if verb.paged:
        yield from PAGE
    if verb.columns:
        yield from PICKED


def parameter_of(option: Option) -> Parameter:
    """Return an option of a row as Typer wants it."""
    flag, bounds = option.flag, option.bounds
    if flag.words:
        words = typer.Argument(metavar=f"[{flag.metavar}]...", help=_(flag.help))
        return parameter(option.name, Annotated[list[str] | None, words], None)
    shown = typer.Option(option.shown, metavar=flag.metavar, help=_(flag.help), min=bounds.ge, max=bounds.le)
    kind = str if option.kind is Duration else option.kind
    if option.is_required:
        return parameter(option.name, Annotated[kind, shown])
    return parameter(option.name, Annotated[kind if option.default is not None else kind | None, shown], option.default)


def make_order(verb: Verb[Any], given: dict[str, Any]) -> Order:
    """Return the order that the values of a row's parameters make, once somebody means it; or end the command."""
    target, dry_run = given.get("target"), given.get("dry_run", False)
    reason = check_reason(given["reason"]) if verb.reason else None
    options = read_options(options_of(verb), given)
    text = read_text(given["file"]) if verb.file else None
    if verb.ask:
        check_sure(_(verb.ask).format(target=target, **options), yes=given["yes"] or dry_run)
    return Order(verb, target, reason, options, given.get("limit"), given.get("cursor"), dry_run, text)


def read_picked(given: dict[str, Any]) -> Picked:
    """Return what of a list is printed, or end the command."""
    columns = [name.strip() for name in (given.get("columns") or "").split(",") if name.strip()]
    wanted = [one.partition("=") for one in given.get("where") or ()]
    if any(not sign for _name, sign, _text in wanted):
        fail(_("Write --where COLUMN=TEXT."), USAGE)
    return Picked(columns, given.get("sort") or "", [(name.strip(), text) for name, _sign, text in wanted])


def read_options(options: Iterable[Option], given: dict[str, Any]) -> Values:
    """Return the options that were given, or end the command where one is not what it should be."""
    values = {one.name: given[one.name] for one in options if given[one.name] is not None}
    for one in options:
        if one.flag.words and one.name in values:
            values[one.name] = " ".join(values[one.name])
        if one.kind is Duration and one.name in values:
            check_duration(values[one.name])
    return values


def check_reason(reason: str) -> str:
    """Return a reason, or end the command when it is empty."""
    return reason.strip() or fail(_("Give a reason: whoever it concerns is told."), USAGE)


def check_duration(text: str) -> None:
    """End the command where this is no duration."""
    if parse_duration(text) is None:
        fail(_("{text} is not a duration: 30s 10m 2h 7d 2w 6mo 1y, or perm.").format(text=text), USAGE)


def read_text(file: Path) -> str:
    """Return the text of a file, or end the command."""
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(str(error), USAGE)
