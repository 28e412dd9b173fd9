"""Options that several commands have."""

from typing import Annotated

import typer

from .sdk.address import parse_server
from .terminal import USAGE, _, fail

ServerOption = Annotated[
    str, typer.Option("--server", metavar="URL", envvar="FOLKMOOT_SERVER", help=_("The server's address."))
]


def check_server(text: str) -> str:
    """Return a server's address, or end the command."""
    try:
        return parse_server(text)
    except ValueError:
        fail(_("{text} is not the address of a server.").format(text=text), USAGE)
