"""What a row of the table of slash commands is made of."""

from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct, structs

from folkmoot_governance.group import commands as c

from .arguments import Argument, usage_of
from .outcome import Outcome


class Slash(Struct, frozen=True):
    """One slash command. `act` is the governance command whose rule says who may use it, None for everyone;
    `reads`, for what changes nothing, the row of `permissions.READS`; `in_group`: it makes sense in a group only."""

    name: str
    aliases: tuple[str, ...]
    arguments: tuple[Argument, ...]
    summary: str
    run: Callable[..., Awaitable[Outcome]]
    act: type[c.Command] | None = None
    reads: str = ""
    in_group: bool = True

    @property
    def usage(self) -> str:
        """The usage line."""
        return usage_of(self.name, self.arguments)


def optional(argument: Argument) -> Argument:
    """Return the argument as one that may be left out."""
    return structs.replace(argument, optional=True)


def word(shown: str, read: Callable[[str], object] = str) -> Argument:
    """Return an argument of one word."""
    return Argument(shown, read)


def rest(shown: str) -> Argument:
    """Return an argument that takes what is left of the line."""
    return Argument(shown, rest=True)


def find_row(rows: Sequence[Slash], name: str) -> Slash | None:
    """Return the row of a command by its name or an alias, without the slash."""
    wanted = name.lower()
    return next((row for row in rows if wanted == row.name or wanted in row.aliases), None)
