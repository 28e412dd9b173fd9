"""The command `folkmoot chat`: signing in, then the chat."""

import asyncio
import sys
from dataclasses import dataclass
from getpass import getpass
from urllib.parse import urljoin

import typer

from folkmoot_protocol import CloseCode, ErrorCode
from folkmoot_protocol.names import fold_user_name

from ..admin.access import read_secret
from ..admin.output import show_time
from ..sdk import Client, ClientError, NotReachable, RequestRefused, SessionEnded
from ..terminal import DENIED, DONE, FAILED, NOT_REACHABLE, USAGE, _, device_name, fail, say
from .chat import Chat
from .saved import SavedSessions, Session, default_folder
from .screen import Pipe, Questions, Screen


@dataclass(frozen=True, slots=True)
class SignIn:
    """How one wants to sign in; `register` makes the account first, by an `invitation` where one needs it. With
    `reset` one sets another password first, by a code, which `recover` has sent to one's mobile. With `appeal` one
    appeals, and does not sign in."""

    server: str
    user: str | None
    register: bool
    appeal: str | None = None
    invitation: str | None = None
    reset: bool = False
    recover: bool = False


def run(how: SignIn) -> int:
    """Chat; return the exit code."""
    try:
        return asyncio.run(chat(how, SavedSessions(default_folder())))
    except NotReachable as error:
        fail(_("The server cannot be reached: {error}").format(error=error), NOT_REACHABLE)
    except RequestRefused as refused:
        if refused.code == ErrorCode.ACCOUNT_SUSPENDED:
            say(_("To appeal against it: folkmoot chat --appeal TEXT"))
        fail(refused.message, DENIED)
    except SessionEnded as ended:
        fail(_("The server closed the connection: {error}").format(error=ended), end_code(ended))
    except ClientError as error:
        fail(_("The connection broke: {error}").format(error=error), FAILED)
    except KeyboardInterrupt:
        return DONE


def end_code(ended: SessionEnded) -> int:
    """Return the exit code for the way a session has ended."""
    return DENIED if ended.code == CloseCode.FORBIDDEN else FAILED


async def chat(how: SignIn, saved: SavedSessions) -> int:
    """Sign in, with a remembered session if there is one, and chat. Raises `ClientError`."""
    screen: Screen = Questions() if sys.stdin.isatty() and sys.stdout.isatty() else Pipe()
    if how.appeal is not None:
        return await appeal(how.server, how.user or await ask_user(screen), await ask_password(screen), how.appeal)
    session = None if how.register or how.reset or how.recover else saved.find(how.server, how.user)
    if session is not None:
        try:
            async with Client(how.server, token=session.token) as client:
                return await talk(client, screen, how, saved)
        except RequestRefused as refused:
            if refused.code != ErrorCode.AUTH_FAILED:
                raise
            saved.forget(how.server, session.user)
            say(_("The remembered session has ended; sign in again."))
    user = how.user or await ask_user(screen)
    if how.register:
        return await register(how, user, screen, saved)
    if how.recover:
        await recover(how.server, user, screen)
    code = await screen.read_secret(_("Code: ")) if how.reset or how.recover else None
    password = await ask_password(screen)
    async with Client(how.server) as client:
        if code is not None:
            await client.reset_password(user, code, password)
        await sign_in(client, user, password, how, screen)
        saved.save(how.server, Session(fold_user_name(user), client.token or ""))
        return await talk(client, screen, how, saved)


async def recover(server: str, user: str, screen: Screen) -> None:
    """Have a code sent to the mobile of the account, if it is the one that is typed. Raises `ClientError`."""
    number = await screen.read(_("The number of your verified mobile: "))
    async with Client(server) as client:
        await client.recover(user, number or "")
    say(_("If that is the verified mobile of {user}, a code is on its way to it.").format(user=user))


async def appeal(server: str, user: str, password: str, text: str) -> int:
    """Appeal against the suspension of one's account. Raises `ClientError`."""
    async with Client(server) as client:
        opened = await client.appeal(user, password, text)
    told = _("Your appeal is case {case}. Somebody other than the one who suspended you will decide, by {due}.")
    say(told.format(case=opened.case, due=show_time(opened.due_ms)))
    return DONE


async def talk(client: Client, screen: Screen, how: SignIn, saved: SavedSessions) -> int:
    """Chat until the end; forget the session when one signed out."""
    if isinstance(screen, Questions):
        from .window import Window

        screen = Window()
    user = client.account.user if client.account is not None else how.user
    chat = Chat(client, screen)
    await chat.run()
    if chat.signed_out:
        saved.forget(how.server, user)
    return DONE


async def register(how: SignIn, user: str, screen: Screen, saved: SavedSessions) -> int:
    """Make an account, whose password is asked for twice where one types it, and chat. Raises `ClientError`."""
    async with Client(how.server) as client:
        say(
            _("You accept the agreement {version}: {url}").format(
                version=client.hello.agreement.version, url=terms(client)
            )
        )
        password = await ask_password(screen, is_new=True)
        await client.register(user, password, invitation=how.invitation, device=device_name())
        saved.save(how.server, Session(fold_user_name(user), client.token or ""))
        return await talk(client, screen, how, saved)


def terms(client: Client) -> str:
    """Return where the agreement can be read."""
    return urljoin(client.url.replace("ws", "http", 1), client.hello.agreement.url)


async def sign_in(client: Client, user: str, password: str, how: SignIn, screen: Screen) -> None:
    """Sign in; on a terminal an unknown account is offered to be made. Raises `ClientError`."""
    try:
        await log_in(client, user, password, screen)
        return
    except RequestRefused as refused:
        if refused.code != ErrorCode.AUTH_FAILED or not sys.stdin.isatty():
            raise
        say(refused.message)
    question = _("Register a new account {user}, and accept the agreement {version} ({url})?")
    version = client.hello.agreement.version
    if not typer.confirm(question.format(user=user, version=version, url=terms(client)), err=True):
        raise typer.Exit(DENIED)
    if await ask_again() != password:
        fail(_("The two are not the same: nothing was done."), USAGE)
    await client.register(user, password, invitation=how.invitation, device=device_name())


async def log_in(client: Client, user: str, password: str, screen: Screen) -> None:
    """Sign in; ask for a code where one is needed. Raises `ClientError`."""
    try:
        await client.login(user, password, device=device_name())
    except RequestRefused as refused:
        if refused.code != ErrorCode.OTP_REQUIRED:
            raise
        code = await screen.read_secret(_("The code that your authenticator shows: "))
        await client.login(user, password, code, device=device_name())


async def ask_user(screen: Screen) -> str:
    """Ask for a user name on a terminal; or end the command."""
    if not isinstance(screen, Questions):
        fail(_("Name the account with --user."), USAGE)
    user = await screen.read(_("User name: "))
    if not user:
        raise typer.Exit(DONE)
    return user.strip()


async def ask_password(screen: Screen, *, is_new: bool = False) -> str:
    """Return the password from the environment, a prompt (twice for one that `is_new`), or the first line of standard
    input."""
    given = read_secret("FOLKMOOT_PASSWORD")
    if given is not None:
        return given
    if isinstance(screen, Questions):
        password = await asyncio.to_thread(getpass, _("Password: "))
        if is_new and await ask_again() != password:
            fail(_("The two are not the same: nothing was done."), USAGE)
        return password
    line = await screen.read("")
    if not line:
        fail(_("No password on standard input."), USAGE)
    return line


async def ask_again() -> str:
    """Ask for the password once more: nobody has seen what was typed."""
    return await asyncio.to_thread(getpass, _("Password again: "))
