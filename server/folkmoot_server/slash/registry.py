"""All slash commands, a row each: usage, permission, help and completion come from the row.

To add one, write its function (it is given a `Call` and one value per argument) and add its row to `rows_everyone` or
`rows_leading`.
"""

from .row import Slash
from .rows_everyone import FOR_EVERYONE
from .rows_leading import FOR_LEADERS

COMMANDS: tuple[Slash, ...] = (*FOR_EVERYONE, *FOR_LEADERS)

BY_NAME: dict[str, Slash] = {name: row for row in COMMANDS for name in (row.name, *row.aliases)}


def find_slash(name: str) -> Slash | None:
    """Return the row of a command by its name or an alias, in small letters, without the slash."""
    return BY_NAME.get(name)
