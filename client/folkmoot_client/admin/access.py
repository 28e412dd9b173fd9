"""Who an administrator is: the account, and its password or token, never from an argument."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import typer

from folkmoot_protocol import ErrorCode

from ..chat.saved import SavedSessions, default_folder
from ..sdk import Client, RequestRefused
from ..terminal import USAGE, _, device_name, fail, is_interactive

FILE_NAME = "admin.json"


@dataclass(frozen=True, slots=True)
class Access:
    """Where to sign in and as whom: with a `token`, or with `user` and `password`."""

    server: str
    user: str | None
    token: str | None = None
    password: str = ""

    async def sign_in(self, client: Client) -> None:
        """Sign in with the password, unless the client has signed in with its token. Raises `ClientError`."""
        if self.token is None:
            await self._log_in(client)

    async def _log_in(self, client: Client) -> None:
        user, device = self.user or "", device_name()
        try:
            await client.login(user, self.password, read_secret("FOLKMOOT_OTP"), device=device)
        except RequestRefused as refused:
            if refused.code != ErrorCode.OTP_REQUIRED or not is_interactive():
                raise
            code = await asyncio.to_thread(typer.prompt, _("Code"), err=True)
            await client.login(user, self.password, str(code), device=device)

    async def sign_out(self, client: Client) -> None:
        """Revoke the session that a password opened; one's own token stays."""
        if self.token is None:
            await client.logout()


def read_access(server: str, user: str | None, password_file: Path | None) -> Access:
    """Return the access that options and environment give, asking for a password if need be; or end the command."""
    token = read_secret("FOLKMOOT_TOKEN")
    if token is not None:
        return Access(server, user, token)
    if password_file is None and read_secret("FOLKMOOT_PASSWORD") is None:
        session = saved_sessions().find(server, user)
        if session is not None:
            return Access(server, session.user, session.token)
    if user is None:
        fail(_("Sign in with `folkmoot admin login`, or name the administrator with --user."), USAGE)
    return Access(server, user, password=read_password(password_file))


def read_password(file: Path | None) -> str:
    """Return the password from a file, the environment, a prompt or standard input; or end the command."""
    password = read_file(file) if file else read_secret("FOLKMOOT_PASSWORD")
    return ask_password() if password is None else password


def saved_sessions() -> SavedSessions:
    """Return where `folkmoot admin login` keeps tokens, readable by their owner alone."""
    return SavedSessions(default_folder(), FILE_NAME)


def read_secret(name: str) -> str | None:
    """Return a secret from the variable `name`, or from the file that the variable `name_FILE` names."""
    given, file = os.environ.get(name), os.environ.get(f"{name}_FILE")
    return given if given is not None else read_file(Path(file)) if file else None


def read_file(path: Path) -> str:
    """Return the first line of a file, or end the command."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        fail(_("{path} cannot be read: {error}").format(path=path, error=error), USAGE)
    return lines[0] if lines else ""


def ask_password() -> str:
    """Ask for a password on a terminal, else take the first line of standard input; or end the command."""
    if is_interactive():
        return str(typer.prompt(_("Password"), hide_input=True, err=True))
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        fail(_("No password on standard input."), USAGE)
    return password
