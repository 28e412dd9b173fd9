"""Governing a group from a program: a method for each act, instead of the slash command that carries it out."""

import re
from datetime import timedelta
from typing import Protocol

import folkmoot_protocol as fm
from folkmoot_governance.duration import show_duration
from folkmoot_protocol.names import check_user_name

_BREAKS = re.compile(r"\s+")


class Runs(Protocol):
    """What an act needs of a client."""

    async def run_command(self, line: str, group: str | None = None) -> fm.CommandResult:
        """Run a slash command line, once."""
        ...


class Acts:
    """Acts on members and messages of one group, as the account that is signed in may do them.

    All return what the command answers, `data["case"]` where it is a measure, and raise `RequestRefused`; ValueError
    for what is no user name. A reason is told to whom it concerns. `for_` is how long it lasts, None for ever.
    """

    def __init__(self, client: Runs, group: str) -> None:
        self._client = client
        self.group = group

    async def warn(self, user: str, reason: str) -> fm.CommandResult:
        """Warn a member."""
        return await self._run("warn", _name(user), _text(reason))

    async def mute(self, user: str, for_: timedelta | None, reason: str) -> fm.CommandResult:
        """Take the right to write from a member."""
        return await self._run("mute", _name(user), _length(for_), _text(reason))

    async def unmute(self, user: str) -> fm.CommandResult:
        """Let a member write again."""
        return await self._run("unmute", _name(user))

    async def kick(self, user: str, reason: str) -> fm.CommandResult:
        """Remove a member, who may come back."""
        return await self._run("kick", _name(user), _text(reason))

    async def ban(self, user: str, for_: timedelta | None, reason: str) -> fm.CommandResult:
        """Remove an account, and keep it out."""
        return await self._run("ban", _name(user), _length(for_), _text(reason))

    async def unban(self, user: str) -> fm.CommandResult:
        """Let an account join again."""
        return await self._run("unban", _name(user))

    async def delete(self, seq: int, reason: str) -> fm.CommandResult:
        """Delete an entry."""
        return await self._run("delete", str(seq), _text(reason))

    async def pin(self, seq: int) -> fm.CommandResult:
        """Pin an entry."""
        return await self._run("pin", str(seq))

    async def unpin(self, seq: int) -> fm.CommandResult:
        """Take an entry off the pins."""
        return await self._run("unpin", str(seq))

    async def announce(self, text: str) -> fm.CommandResult:
        """Put up an announcement."""
        return await self._run("announce", _text(text))

    async def approve(self, user: str) -> fm.CommandResult:
        """Let in somebody who has asked to join."""
        return await self._run("approve", _name(user))

    async def deny(self, user: str, reason: str) -> fm.CommandResult:
        """Do not let in somebody who has asked to join."""
        return await self._run("deny", _name(user), _text(reason))

    async def lock(self, for_: timedelta | None) -> fm.CommandResult:
        """Let nobody but the admins write."""
        return await self._run("lock", *([] if for_ is None else [_length(for_)]))

    async def unlock(self) -> fm.CommandResult:
        """Let members write again."""
        return await self._run("unlock")

    async def _run(self, command: str, *words: str) -> fm.CommandResult:
        return await self._client.run_command(" ".join([f"/{command}", *words]), self.group)


def _name(user: str) -> str:
    return f"@{check_user_name(user.removeprefix('@'))}"


def _length(for_: timedelta | None) -> str:
    return "perm" if for_ is None else show_duration(int(for_.total_seconds() * 1000))


def _text(text: str) -> str:
    """Return a text as one line, as commands are. Raises ValueError where there is none."""
    if not (line := _BREAKS.sub(" ", text).strip()):
        raise ValueError("a reason or a text is needed")
    return line
