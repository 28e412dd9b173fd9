"""How commands of `folkmoot admin` are made: what is their own stands in their row, what all have stands here."""

from collections.abc import Callable, Iterable
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from ..options import ServerOption, check_server
from ..sdk.address import DEFAULT_SERVER
from ..terminal import USAGE, _, fail
from .access import read_access
from .output import Format
from .run import Options, Order, carry_out, check_sure

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
YesOption = Annotated[bool, typer.Option("--yes", help=_("Do not ask whether it is meant."))]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help=_("Say what would change, and change nothing."))]

Own: TypeAlias = Callable[..., Options]
"""A command's own parameters, as Typer wants them, and what they are in the request. May end the command."""


def parameter(name: str, annotation: object, default: object = Parameter.empty) -> Parameter:
    """Return an argument or option of a command."""
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def parameters_of(function: Callable[..., object]) -> list[Parameter]:
    """Return the parameters of a function."""
    return [one.replace(kind=Parameter.KEYWORD_ONLY) for one in signature(function).parameters.values()]


ACCESS = (
    parameter("server", ServerOption, DEFAULT_SERVER),
    parameter("user", UserOption, None),
    parameter("password_file", PasswordOption, None),
    parameter("output", FormatOption, Format.TABLE),
)
PAGE = (parameter("limit", LimitOption, None), parameter("cursor", CursorOption, None))
REASON = parameter("reason", ReasonOption)
YES = parameter("yes", YesOption, False)
DRY_RUN = parameter("dry_run", DryRunOption, False)


def nothing() -> Options:
    """Own parameters of a command that has none."""
    return {}


def check_reason(reason: str) -> str:
    """Return a reason, or end the command when it is empty."""
    return reason.strip() or fail(_("Give a reason: whoever it concerns is told."), USAGE)


class Noun:
    """What is administered, with its verbs. `target` is the annotation of the argument that names one of them."""

    def __init__(self, name: str, help: str, target: object = None) -> None:
        self.name = name
        self.app = typer.Typer(help=help, no_args_is_help=True, rich_markup_mode=None)
        self._target = parameter("target", target)

    def add(self, verb: str, help: str, parameters: Iterable[Parameter], make: Callable[..., Order]) -> None:
        """Add a command that has these parameters, and sends the order that `make` makes of their values."""

        def run(server: str, user: str | None, password_file: Path | None, output: Format, **given: Any) -> None:
            order = make(**given)
            carry_out(read_access(check_server(server), user, password_file), order, output)

        # Typer reads its options from here; functions have it, their type does not say so.
        run.__signature__ = Signature([*parameters, *ACCESS])  # type: ignore[attr-defined]
        self.app.command(verb, help=help)(run)

    def add_list(self, help: str, own: Own = nothing) -> None:
        """Add `<noun> list`, page by page."""

        def make(limit: int | None, cursor: str | None, **given: Any) -> Order:
            return Order(self.name, "list", options=own(**given), limit=limit, cursor=cursor)

        self.add("list", help, [*parameters_of(own), *PAGE], make)

    def add_look(self, verb: str, help: str, own: Own = nothing) -> None:
        """Add a command that looks at one thing and changes nothing."""

        def make(target: str, **given: Any) -> Order:
            return Order(self.name, verb, target, options=own(**given))

        self.add(verb, help, [self._target, *parameters_of(own)], make)

    def add_change(self, verb: str, help: str, own: Own = nothing, ask: str = "") -> None:
        """Add a command that changes one thing, for a reason. `ask` is asked first; it may name what was given."""

        def make(target: str, reason: str, dry_run: bool, yes: bool = True, **given: Any) -> Order:
            order = Order(self.name, verb, target, check_reason(reason), own(**given), dry_run=dry_run)
            check_sure(ask.format(target=target, **given), yes=yes or dry_run)
            return order

        asked = [YES] if ask else []
        self.add(verb, help, [self._target, *parameters_of(own), REASON, *asked, DRY_RUN], make)
