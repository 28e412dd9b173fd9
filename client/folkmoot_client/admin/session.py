"""`folkmoot admin login` and `logout`: a session's token in a file of one's own, so that commands need no password."""

import asyncio

from ..chat.saved import Session
from ..options import ServerOption, check_server
from ..sdk import Client, ClientError, RequestRefused
from ..sdk.address import DEFAULT_SERVER
from ..terminal import DENIED, FAILED, NOT_FOUND, USAGE, _, fail, say
from .access import Access, read_password, saved_sessions
from .command import PasswordOption, UserOption


def login(
    server: ServerOption = DEFAULT_SERVER,
    user: UserOption = None,
    password_file: PasswordOption = None,
) -> None:
    url = check_server(server)
    if user is None:
        fail(_("Name the administrator with --user."), USAGE)
    access = Access(url, user, password=read_password(password_file))
    try:
        session = asyncio.run(_sign_in(access))
    except RequestRefused as refused:
        fail(refused.message, DENIED)
    except ClientError as error:
        fail(_("The server cannot be reached: {error}").format(error=error), FAILED)
    saved_sessions().save(url, session)
    say(_("Signed in as {user}; until `folkmoot admin logout`, commands need no password.").format(user=session.user))


async def _sign_in(access: Access) -> Session:
    async with Client(access.server) as client:
        await access.sign_in(client)
        assert client.account is not None
        return Session(client.account.user, client.token or "")


def logout(server: ServerOption = DEFAULT_SERVER) -> None:
    url, saved = check_server(server), saved_sessions()
    session = saved.find(url)
    if session is None:
        fail(_("There is no session on {server}.").format(server=url), NOT_FOUND)
    saved.forget(url)
    try:
        asyncio.run(_sign_out(url, session.token))
    except ClientError as error:
        fail(_("The token is forgotten here; the server did not hear of it: {error}").format(error=error), FAILED)
    say(_("Signed out."))


async def _sign_out(url: str, token: str) -> None:
    async with Client(url, token=token) as client:
        await client.logout()
