"""The chat itself: what one types goes to the current group, what happens is shown."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import folkmoot_protocol as fm
from folkmoot_protocol.line import split_line, starts_command

from ..sdk import (
    Client,
    ClientError,
    ClientEvent,
    Connected,
    ConnectionLost,
    Disconnected,
    RequestRefused,
    SessionEnded,
)
from ..terminal import N_, _
from . import view
from .channels import COMMANDS, ChannelCommands
from .completion import fields_of
from .export import Lines, gather, gather_own, is_export, is_own_data, save
from .screen import Line, Screen, Word

HISTORY_LINES = 30
PAGE = 200

LOCAL = {
    "/switch": N_("Go to another of your groups, by name, number or code"),
    "/groups": N_("List your groups"),
    **COMMANDS,
    "/quit": N_("Leave the chat; you stay in your groups"),
    "/password": N_("Change your password; all your other sessions end"),
    "/otp": N_("Ask for a code as well when signing in, or (off) stop that"),
    "/logout": N_("Sign out, so that the next chat asks for a password"),
}
"""Commands that the chat carries out by itself, with their summaries."""


def read_local(line: str) -> tuple[str, str]:
    """Return the first word of a line, with a plain slash if it begins a command, and what is left."""
    parts = split_line(line)
    plain = f"/{parts[2]}" if parts is not None and len(parts[1]) == 1 else line
    word, _space, rest = plain.strip().partition(" ")
    return word, rest.strip()


class Chat:
    """One account's chat on one screen."""

    def __init__(self, client: Client, screen: Screen) -> None:
        self._client = client
        self._screen = screen
        self._channels = ChannelCommands(client, screen)
        self._current: str | None = None
        self._shown: dict[str, int] = {}
        self._days: dict[str, str] = {}
        self._first: dict[str, int] = {}
        self._state = ""
        self._names: dict[str, str] = {}
        self._told_unread: set[str] = set()
        self._last_seq = 0
        self._read_up_to = ""
        self._marking: asyncio.Task[None] | None = None
        self.signed_out = False

    async def run(self) -> None:
        """Show what happens and carry out what is typed, until there are no more lines.

        Raises `ClientError` when the session ends.
        """
        account = self._client.account
        self._screen.user = account.user if account is not None else ""
        showing = asyncio.create_task(self._show_events())
        typing = asyncio.create_task(self._read_lines())
        try:
            self._screen.older = lambda: self._try(self._load_older)
            async with self._screen.shown():
                await asyncio.wait({showing, typing}, return_when=asyncio.FIRST_COMPLETED)
                for task in (typing, showing):
                    if task.done():
                        task.result()
        finally:
            tasks = [task for task in (showing, typing, self._marking) if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # What is typed

    async def _read_lines(self) -> None:
        self._names = {code: group.name for code, group in self._client.groups.items()}
        await self._list_groups()
        if len(self._client.groups) == 1:
            await self._switch(next(iter(self._client.groups)))
        await self._offer()
        while (line := await self._screen.read(self._prompt())) is not None:
            if read_local(line) == ("/quit", ""):
                break
            # The default binds this line; mypy cannot infer a lambda that has one.
            await self._try(lambda line=line: self._obey(line))  # type: ignore[misc]  # mypy cannot infer a default
            if self.signed_out:
                return
        if self._current is not None:
            await self._client.wait_for(self._current, self._last_seq)
        if self._marking is not None:
            await self._marking

    def _prompt(self) -> str:
        name = self._names.get(self._current or "", "")
        return f"{view.clean(name)}> "

    async def _obey(self, line: str) -> None:
        """Carry out one line: a command of the chat's own, one of the server's, or a post."""
        word, rest = read_local(line)
        if word == "/switch" and rest:
            await self._switch_to(rest)
        elif word in ("/groups", "/switch"):
            await self._list_groups()
        elif word in COMMANDS:
            await self._channels.obey(word, rest)
        elif word == "/password":
            await self._change_password()
        elif word == "/otp":
            await (self._end_second_factor() if rest == "off" else self._set_second_factor())
        elif word == "/logout":
            await self._client.logout()
            self.signed_out = True
        elif line.strip():
            await self._send(line)

    async def _change_password(self) -> None:
        """Ask for the old password and twice for the new one, none of which is shown."""
        questions = (_("Your password: "), _("The new one: "), _("The new one again: "))
        given = [await self._screen.read_secret(question) for question in questions]
        password, new, again = (one or "" for one in given)
        if not (password and new):
            self._say(_("Nothing was done."))
        elif new != again:
            self._say(_("The two are not the same: nothing was done."))
        else:
            await self._client.change_password(password, new)
            self._say(_("Your password has been changed, and all your other sessions have ended."))

    async def _set_second_factor(self) -> None:
        """Show a secret for an authenticator, and have a code of it confirm that it is there."""
        password = await self._screen.read_secret(_("Your password: ")) or ""
        begun = await self._client.second_factor("begin", password=password)
        self._say(_("Give this to your authenticator: {secret}").format(secret=begun.secret))
        self._say(begun.uri)
        code = await self._screen.read_secret(_("The code that it shows: ")) or ""
        set_up = await self._client.second_factor("confirm", code=code)
        self._say(_("From now on, signing in needs a code. Recovery codes, each valid once; keep them safe:"))
        for one in set_up.codes:
            self._say(one)

    async def _end_second_factor(self) -> None:
        password = await self._screen.read_secret(_("Your password: ")) or ""
        code = await self._screen.read_secret(_("The code that your authenticator shows: ")) or ""
        await self._client.second_factor("end", password=password, code=code)
        self._say(_("Signing in no longer needs a code."))

    async def _send(self, line: str) -> None:
        """Post a line or run it as a command; after a command that led into another group, go there."""
        before = set(self._client.groups)
        if self._current is not None:
            result = await self._client.post(self._current, line, reply_to=self._screen.reply_to)
            command = result.command
            self._last_seq = result.seq or self._last_seq
        elif starts_command(line):
            command = await self._client.run_command(line)
        else:
            self._say(_("You are not in any group here yet: /join <code>, /create <name>, or /switch to one of yours."))
            return
        if command is not None and command.text:
            told = view.beyond_the_log(command) if self._current is not None else command.text
            self._screen.write([(view.STRONG, view.clean(told))])
        if command is not None and self._current is not None and "export" in command.data and is_export(line):
            await self._save(await gather(self._client, self._current, command.data))
        if command is not None and "mydata" in command.data and is_own_data(line):
            await self._save(await gather_own(self._client, command.data))
        joined = [code for code in self._client.groups if code not in before]
        if command is not None and joined:
            await self._switch(joined[-1])
            await self._offer()

    async def _save(self, lines: Lines) -> None:
        """Write what was gathered to a file in the folder that one is in."""
        try:
            path = save(lines, Path.cwd())
        except OSError as error:
            self._screen.write([(view.WARN, _("The record cannot be written: {error}").format(error=error))])
            return
        if "group" in lines[0]:
            acts = sum(line["line"] == "act" for line in lines)
            text = _("{acts} acts and {entries} entries written to {path}")
            self._say(text.format(acts=acts, entries=len(lines) - acts - 1, path=path))
        else:
            self._say(_("Written to {path}").format(path=path))

    async def _switch_to(self, words: str) -> None:
        found = self._find_groups(words)
        if len(found) > 1:
            names = ", ".join(
                f"{view.clean(self._client.groups[code].name)} ({fm.show_group_code(code)})" for code in found
            )
            self._say(_("Several of your groups have that name: {names}. Write the code.").format(names=names))
            return
        if not found:
            self._say(_("None of your groups is called {name}.").format(name=view.clean(words)))
            return
        await self._switch(found[0])
        await self._offer()

    def _find_groups(self, words: str) -> list[str]:
        """Return which of one's groups are meant: by code, name, number in the list, or the beginning of a name."""
        groups = self._client.groups
        code, wanted = fm.parse_group_code(words), words.casefold()
        if code is not None and code in groups:
            return [code]
        codes = list(groups)
        is_number = words.isdecimal() and len(words) < 6 and 0 < int(words) <= len(codes)
        exact = [one for one, group in groups.items() if group.name.casefold() == wanted]
        if exact or is_number:
            # A group may be called "2" and not be the second.
            return list(dict.fromkeys([*exact, *([codes[int(words) - 1]] if is_number else [])]))
        return [one for one, group in groups.items() if wanted and group.name.casefold().startswith(wanted)]

    async def _switch(self, code: str) -> None:
        """Make a group the current one, and show the end of its history, as far as it was not shown yet."""
        self._current = None  # what arrives meanwhile is in the history that is read
        group = self._client.groups[code]
        self._names[code] = group.name
        self._screen.begin([(view.STRONG, f"— {view.clean(group.name)} — {fm.show_group_code(code)}")])
        if self._screen.is_one_page:
            self._shown.pop(code, None)
        self._days.pop(code, None)
        if group.topic:
            self._say(view.clean(group.topic))
        if group.announcement:
            self._screen.write([(view.STRONG, view.clean(group.announcement))])
        page = await self._client.get_history(code, limit=HISTORY_LINES)
        page_start = page.entries[0].seq if page.entries else 1
        self._show_page(code, page.entries)
        while self._shown.get(code, 0) < self._client.cursors().get(code, 0):
            page = await self._client.get_history(code, after=self._shown.get(code, 0), limit=PAGE)
            self._show_page(code, page.entries)
            if not page.entries:
                break
        self._current = code
        self._told_unread.discard(code)
        self._last_seq = self._shown.get(code, 0)
        self._first[code] = page_start
        self._show_state()
        await self._client.mark_read(code, self._last_seq)

    async def _load_older(self) -> None:
        """Show the page of the current group's history above what is shown."""
        code = self._current
        if code is None or self._first.get(code, 1) <= 1:
            return
        page = await self._client.get_history(code, before=self._first[code], limit=PAGE)
        if not page.entries or code != self._current:
            return
        self._first[code] = page.entries[0].seq
        lines: list[tuple[Line, fm.Entry | None]] = []
        day = ""
        for entry in page.entries:
            if (day_of := view.day_of(entry.ts)) != day:
                lines.append((view.show_day(entry.ts), None))
                day = day_of
            lines.append((self._line_of(entry), entry))
        self._screen.put_before(lines)

    def _show_page(self, code: str, entries: tuple[fm.Entry, ...]) -> None:
        for entry in entries:
            self._show_entry(code, entry)

    async def _list_groups(self) -> None:
        groups = await self._client.list_groups()
        if not groups:
            self._say(_("You are not in any group yet: /join <code> or /create <name>."))
        for number, group in enumerate(groups, 1):
            self._screen.write([("", f"{number:3} "), *view.show_group(group, current=group.id == self._current)])

    async def _offer(self) -> None:
        """Let the screen complete what one may use here."""
        commands = await self._client.list_commands(self._current)
        words = [
            Word(f"/{name}", one.summary, fields_of(one.arguments))
            for one in commands
            if one.allowed
            for name in (one.name, *one.aliases)
        ]
        names: list[str] = []
        if self._current is not None:
            names = [one.user for one in (await self._client.list_members(self._current, limit=PAGE)).members]
        self._screen.offer([*words, *(Word(word, _(summary)) for word, summary in LOCAL.items())], names)

    async def _try(self, act: Callable[[], Awaitable[None]]) -> None:
        """Do something and say it if the server refuses."""
        try:
            await act()
        except RequestRefused as refused:
            self._screen.write([(view.WARN, view.clean(refused.message))])
        except ConnectionLost:
            self._say(_("The connection broke before the answer came: check whether it was done."))

    # What happens

    async def _show_events(self) -> None:
        async for event in self._client.events():
            self._show(event)
        raise SessionEnded(fm.CloseCode.NORMAL)

    def _show_state(self) -> None:
        """Say where one is, what is unread elsewhere, and how the connection stands."""
        groups, cursors = self._client.groups, self._client.cursors()
        told = [view.clean(self._names.get(self._current or "", ""))] if self._current else []
        if self._current in groups:
            told.append(fm.show_group_code(self._current or ""))
            members = groups[self._current or ""].members
            told.append(_("members: {count}").format(count=members))
        unread = sum(
            cursors.get(code, 0) > (group.read_seq or 0) for code, group in groups.items() if code != self._current
        )
        told += [_("groups with news: {count}").format(count=unread)] if unread else []
        self._screen.show_state(" · ".join([*told, *([self._state] if self._state else [])]))

    def _show(self, event: ClientEvent) -> None:
        match event:
            case fm.EntryEvent():
                self._show_news(event)
            case fm.PostEvent():
                self._channels.show_post(fm.ChannelPost(group=event.group, entry=event.entry, original=event.original))
            case fm.LagEvent():
                self._channels.show_missed()
            case fm.LeftEvent():
                self._show_left(event)
            case fm.GroupEvent():
                self._names[event.group.id] = event.group.name
            case fm.CaseEvent():
                self._say(f"{event.case}: {view.clean(event.text)}" if event.case else view.clean(event.text))
                if event.notice is not None:
                    self._read_soon(event.notice.id)
            case Disconnected():
                seconds = f"{event.retry_s:.1f}"
                self._state = _("offline")
                self._say(_("The connection broke; next attempt in {seconds} s.").format(seconds=seconds))
            case Connected() if event.again:
                self._state = ""
                self._say(_("Connected again."))
                self._channels.came_back()
        self._show_state()

    def _read_soon(self, up_to: str) -> None:
        """Let the server know what has been shown, so that it is not told again."""
        self._read_up_to = max(self._read_up_to, up_to)
        if self._marking is None:
            self._marking = asyncio.create_task(self._mark_read())

    async def _mark_read(self) -> None:
        marked = ""
        try:
            while marked != self._read_up_to:
                up_to = self._read_up_to
                await self._client.read_notices(up_to)
                marked = up_to
        except ClientError:
            pass  # It is told once more.
        finally:
            self._marking = None

    def _show_news(self, event: fm.EntryEvent) -> None:
        """Show an entry of the current group; of another, once, that there is something."""
        if event.group == self._current:
            self._show_entry(event.group, event.entry)
        elif event.group in self._names and event.group not in self._told_unread and self._current:
            if not self._calls_for(event):
                return
            self._told_unread.add(event.group)
            self._say(_("There is news in {group}.").format(group=view.clean(self._names[event.group])))

    def _show_entry(self, code: str, entry: fm.Entry) -> None:
        if entry.seq > self._shown.get(code, 0):
            self._shown[code] = entry.seq
            if (day := view.day_of(entry.ts)) != self._days.get(code):
                self._days[code] = day
                self._screen.write(view.show_day(entry.ts))
            self._screen.write(self._line_of(entry), entry)

    def _line_of(self, entry: fm.Entry) -> Line:
        account = self._client.account
        is_ignored = account is not None and entry.from_.user in account.ignored
        return view.show_ignored(entry) if is_ignored else view.show_entry(entry)

    def _calls_for(self, event: fm.EntryEvent) -> bool:
        """Say whether the reader wants to hear of an entry of a group that is not shown (`/notify`, `/ignore`)."""
        account, group = self._client.account, self._client.groups.get(event.group)
        if account is None or group is None or event.entry.from_.user in account.ignored:
            return False
        mentions = (event.entry.data or {}).get("mentions", ())
        return group.notify is fm.Notify.ON or (group.notify is fm.Notify.MENTIONS and account.user in mentions)

    def _show_left(self, event: fm.LeftEvent) -> None:
        name = self._names.pop(event.group, event.group)
        self._screen.write(view.show_left(name, event.reason))
        self._shown.pop(event.group, None)
        if event.group == self._current:
            self._current = None

    def _say(self, text: str) -> None:
        """Say something that is not from the group."""
        self._screen.write([(view.DIM, text)])
