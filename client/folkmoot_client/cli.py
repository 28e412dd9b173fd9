"""What the command `folkmoot` mounts of the client: `chat`, `replay` and `admin`.

The options stand here; what a command does is imported when it runs.
"""

from pathlib import Path
from typing import Annotated

import typer

from .admin.app import admin_app
from .options import ServerOption, check_server
from .sdk.address import DEFAULT_SERVER
from .terminal import _

__all__ = ["admin_app", "chat", "replay"]


def chat(
    server: ServerOption = DEFAULT_SERVER,
    user: Annotated[str | None, typer.Option(metavar="USER", envvar="FOLKMOOT_USER", help=_("Your user name."))] = None,
    register: Annotated[bool, typer.Option("--register", help=_("Make the account first."))] = False,
    invitation: Annotated[
        str | None,
        typer.Option(metavar="CODES", help=_("With --register: a group's code, a space, and an invite code for it.")),
    ] = None,
    appeal: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help=_("Appeal against the suspension of your account, instead of chatting.")),
    ] = None,
    recover: Annotated[
        bool, typer.Option("--recover", help=_("Have a code sent to your verified mobile, then go on as with --reset."))
    ] = False,
    reset: Annotated[bool, typer.Option("--reset", help=_("Set another password by a code, then sign in."))] = False,
) -> None:
    from .chat.command import SignIn, run

    raise typer.Exit(run(SignIn(check_server(server), user, register, appeal, invitation, reset, recover)))


def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=_("Transcript: JSON Lines, plain or gzip."))],
    server: ServerOption = DEFAULT_SERVER,
    speed: Annotated[
        float, typer.Option(min=0, metavar="N", help=_("How many times as fast as it was; 0: without the gaps."))
    ] = 1.0,
    rooms: Annotated[str, typer.Option(metavar="GLOB", help=_("Play only the rooms that match."))] = "*",
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help=_("Play only the first N of the rooms."))
    ] = None,
    tokens: Annotated[
        Path | None, typer.Option(metavar="FILE", help=_("Take accounts from a file of `folkmoot db seed`."))
    ] = None,
    report: Annotated[Path | None, typer.Option(metavar="FILE", help=_("Write the summary as JSON."))] = None,
    rooms_at_once: Annotated[int, typer.Option(min=1, metavar="N", help=_("Rooms played side by side."))] = 8,
    verify: Annotated[
        bool, typer.Option("--verify", help=_("Compare the groups' history with the transcript at the end."))
    ] = False,
    channels: Annotated[
        bool,
        typer.Option(
            "--channels", help=_("Play rooms as channels: the one who speaks most publishes, others comment.")
        ),
    ] = False,
) -> None:
    from .replay.command import run

    url = check_server(server)
    code = run(
        file,
        url,
        speed=speed,
        rooms=rooms,
        limit=limit,
        tokens=tokens,
        report=report,
        rooms_at_once=rooms_at_once,
        check=verify,
        as_channels=channels,
    )
    raise typer.Exit(code)


# Read where the commands are mounted; an ordinary docstring could not be translated.
chat.__doc__ = _("Chat in a terminal.")
replay.__doc__ = _("Play a transcript through real client connections, one for each nick.")
