"""The command `folkmoot admin watch`."""

import asyncio

from ...options import ServerOption, check_server
from ...sdk import Client, ClientError, NotReachable, RequestRefused
from ...sdk.address import DEFAULT_SERVER
from ...terminal import DENIED, FAILED, NOT_REACHABLE, USAGE, _, fail, is_interactive
from ..access import Access, read_access
from ..command import PasswordOption, UserOption


def watch(server: ServerOption = DEFAULT_SERVER, user: UserOption = None, password_file: PasswordOption = None) -> None:
    access = read_access(check_server(server), user, password_file)
    if not is_interactive():
        fail(_("This needs a terminal: for programs there is folkmoot admin queue list -o json."), USAGE)
    try:
        asyncio.run(_watch(access))
    except NotReachable as error:
        fail(_("The server cannot be reached: {error}").format(error=error), NOT_REACHABLE)
    except RequestRefused as refused:
        fail(refused.message, DENIED)
    except ClientError as error:
        fail(_("The connection broke: {error}").format(error=error), FAILED)


async def _watch(access: Access) -> None:
    # Imported late: the other commands have no use for it, and it takes a while.
    from .desk import Desk
    from .view import Watch

    async with Client(access.server, token=access.token) as client:
        await access.sign_in(client)
        try:
            await Watch(Desk(client)).run_async()
        finally:
            await access.sign_out(client)
