"""Slash commands about the group's own record and duties: `/log`, `/export`, `/duty`, `/infopage`, `/setrules`,
`/announce`."""

from collections.abc import Sequence
from itertools import takewhile
from typing import get_args

import msgspec

from folkmoot_governance import GroupState, Refusal, case_number
from folkmoot_governance.duty import duties
from folkmoot_governance.group import commands as c
from folkmoot_governance.group.events import Event, GroupEvent
from folkmoot_governance.notices import event_fields, text_of
from folkmoot_governance.record import as_read, concerns
from folkmoot_governance.typed import read_text
from folkmoot_governance.undo import undo_of
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.group_code import show_group_code
from folkmoot_protocol.names import check_announcement, check_rules

from ..actions.groups.removed_texts import RemovedFromRecord
from ..common.i18n import N_, show_instant
from ..storage.api import ActFilter
from ..storage.change_set import Recorded, group_stream
from .arguments import (
    NOT_A_CHOICE,
    names_user,
    plain,
    read_length,
    read_user,
    split_word,
    take_term,
)
from .call import Call
from .cases import appeals_for, open_reports
from .help import check_reading
from .outcome import Answer, Outcome

PAGE = 50
EXPORT_PAGE = 200
"""Acts of one answer: bounded, so that a long life of a group does not come in one frame."""

KINDS: dict[str, type[Event]] = {kind.__struct_config__.tag: kind for kind in get_args(GroupEvent)}


async def log(call: Call, words: str | None) -> Outcome:
    """Show acts, newest first: all of them to owner and admins, to members those that concern them.

    `words` filter: `@user`, the kind of an act, a duration (`7d`: since then), `before <number>`.
    """
    wanted = read_filter(words or "", call.now)
    if isinstance(wanted, Refusal):
        return wanted
    state, me = call.room.state, call.account.user
    sees_all = check_reading("log_of_all", call) is None
    if not sees_all and wanted.user not in (None, me):
        return Refusal(ErrorCode.FORBIDDEN, N_("Members see the acts that concern them; admins see all of them."))
    user = (wanted.user and call.room.user_of(wanted.user)) if sees_all else me
    asked = ActFilter(wanted.before, user, wanted.kinds, wanted.since_ms)
    found = await call.app.store.ledger.acts(group_stream(state.code), asked, PAGE + 1)
    shown = [one for one in found[:PAGE] if user is None or concerns(event_of(one), user)]
    removed = await RemovedFromRecord.load(call.app.store.ledger, state.code)
    events = [as_read(removed.show(one), me, lambda what: check_reading(what, call) is None) for one in shown]
    items = [describe(state, event, one.version) for event, one in zip(events, shown, strict=True)]
    if sees_all and not call.led:
        items = [offer_undo(call, item, event) for item, event in zip(items, events, strict=True)]
    lines = [line_of(call, item, event) for item, event in zip(items, events, strict=True)]
    data: dict[str, object] = {"acts": items}
    if len(found) > PAGE:
        data["before"] = found[PAGE - 1].version
        lines.append(call.say(N_("Older ones: {command}"), {"command": older(words or "", found[PAGE - 1].version)}))
    return Answer("\n".join(lines) or call.say(N_("There are no such acts.")), data)


def read_filter(text: str, now: int) -> ActFilter | Refusal:
    """Return what the words of `/log` ask for, or what is wrong with one of them."""
    wanted = ActFilter()
    while text:
        since, after = take_term(text)
        word, text = split_word(text)
        kind = plain(word).lower()
        if names_user(word):
            wanted = msgspec.structs.replace(wanted, user=read_user(word))
        elif kind == "before":
            number, text = split_word(text)
            number = plain(number).rpartition("-")[2]
            if not (number.isascii() and number.isdigit() and len(number) <= 15):
                return Refusal(ErrorCode.BAD_SYNTAX, N_("Say before which act: before <number>, or its case number."))
            wanted = msgspec.structs.replace(wanted, before=int(number))
        elif kind in KINDS:
            wanted = msgspec.structs.replace(wanted, kinds=(*wanted.kinds, kind))
        elif since:
            wanted = msgspec.structs.replace(wanted, since_ms=max(0, now - read_length(since)))
            text = after
        else:
            return Refusal(ErrorCode.BAD_SYNTAX, NOT_A_CHOICE, {"word": word, "choices": " ".join(sorted(KINDS))})
    return wanted


def older(words: str, before: int) -> str:
    """Return the line that shows the page after this one."""
    kept = list(takewhile(lambda word: word.lower() != "before", words.split()))
    return " ".join(["/log", *kept, "before", str(before)])


def event_of(one: Recorded) -> Event:
    """Return the event of a group's stream."""
    assert isinstance(one.event, Event), "a group's stream has events of groups"
    return one.event


def describe(state: GroupState, event: Event, version: int) -> dict[str, object]:
    """Return an act as data: its fields, case number and time."""
    item = {**event_fields(event), "case": case_number(state.code, version), "ts": event.at}
    plain: dict[str, object] = msgspec.to_builtins(item)
    return plain


def offer_undo(call: Call, item: dict[str, object], event: Event) -> dict[str, object]:
    """Return an act with what undoes it, as the reader would, while it can be undone."""
    undo = undo_of(call.room.state, event, str(item["case"]), call.account.user, call.now)
    return item if undo is None else item | {"undo" if undo.restores else "help": undo.line}


def line_of(call: Call, item: dict[str, object], event: Event) -> str:
    """Return an act as a line for people."""
    said = call.say(text_of(event), event_fields(event))
    line = f"{show_instant(event.at)} · {item['case']} · {said}"
    if item.get("reason"):
        line += f": {item['reason']}"
    if "help" in item:
        return call.say(N_("{line} (what can be done: {help})"), {"line": line, **item})
    return call.say(N_("{line} (to undo: {undo})"), {"line": line, **item}) if "undo" in item else line


async def export(call: Call, after: int | None) -> Outcome:
    """Give the owner the group's record, oldest first, `EXPORT_PAGE` acts at a time: `next` goes on."""
    state = call.room.state
    found = await call.app.store.ledger.events(group_stream(state.code), after or 0, EXPORT_PAGE + 1)
    page = found[:EXPORT_PAGE]
    removed = await RemovedFromRecord.load(call.app.store.ledger, state.code)
    data: dict[str, object] = {
        "export": state.code,
        "name": state.name,
        "version": state.version,
        "acts": [describe(state, removed.show(one), one.version) for one in page],
    }
    if len(found) <= EXPORT_PAGE:
        return Answer(export_text(call, page), data)
    data["next"] = page[-1].version
    more = call.say(N_("More of it: /export {next}"), data)
    return Answer(f"{export_text(call, page)}\n{more}", data)


def export_text(call: Call, page: Sequence[Recorded]) -> str:
    """Say in words what an export has; the acts themselves are in its data."""
    if not page:
        return call.say(N_("There are no such acts."))
    detail = {
        "first": page[0].version,
        "last": page[-1].version,
        "all": call.room.state.version,
        "code": show_group_code(call.room.state.code),
    }
    return call.say(N_("Record of group {code}: acts {first} to {last} of {all}."), detail)


async def duty(call: Call) -> Outcome:
    """Say what owner and admins should see to before a border bites (G7, G9)."""
    cases = [*await open_reports(call), *await appeals_for(call)]
    found = duties(call.room.state, call.now, call.app.policy, cases)
    lines = []
    for one in found:
        due = one.detail.get("due_ts")
        said = call.say(one.text, one.detail | ({"due": show_instant(due)} if isinstance(due, int) else {}))
        lines.append(f"{said} → {one.help}" if one.help else said)
    items = [{"kind": one.kind, "help": one.help, **one.detail} for one in found]
    return Answer("\n".join(lines) or call.say(N_("Nothing is waiting for you.")), {"duties": items})


async def info_page(call: Call, choice: str | None) -> Outcome:
    """Show or hide the group's info page (G8.2). Alone: say whether it is shown."""
    if choice is not None:
        return c.SetInfoPage(choice == "on")
    is_shown = not call.room.state.info_hidden_ms
    text = N_("The group's info page is shown.") if is_shown else N_("The group's info page is hidden.")
    return Answer(call.say(text), {"shown": "on" if is_shown else "off"})


async def set_rules(call: Call, text: str | None) -> Outcome:
    """Set the group's own rules, or take them away with `off` (G5). Alone: show them."""
    if text is None:
        current = call.room.state.rules
        return Answer(current or call.say(N_("The group has no rules of its own.")), {"rules": current})
    try:
        return c.SetRules(check_rules(read_text(text)))
    except ValueError as error:
        return Refusal(ErrorCode.BAD_NAME, str(error))


async def announce(call: Call, text: str | None) -> Outcome:
    """Show the announcement, put up another one, or take it down with `off`."""
    if text is None:
        current = call.room.state.announcement
        return Answer(current or call.say(N_("There is no announcement.")), {"announcement": current})
    try:
        return c.Announce(check_announcement(read_text(text)))
    except ValueError as error:
        return Refusal(ErrorCode.BAD_NAME, str(error))
