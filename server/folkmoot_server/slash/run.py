"""Running slash commands, typed as a post or sent as a `command` request."""

from collections.abc import Callable
from typing import Any

import msgspec

from folkmoot_governance import Refusal
from folkmoot_governance.access import AFTER_CLOSING, FOR_READERS
from folkmoot_governance.closed_names import hide_names
from folkmoot_governance.group.commands import CreateGroup
from folkmoot_governance.group.events import GroupCreated
from folkmoot_governance.group.keeping import led_at_closing
from folkmoot_governance.notices import event_fields, text_of
from folkmoot_governance.undo import undo_of
from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.group_code import show_group_code
from folkmoot_protocol.results import CommandResult, CommandsResult, PostResult, Result
from folkmoot_protocol.types import Entry, EntryKind, Role

from ..actions.accounts.closed import hide_closed
from ..actions.app import App
from ..actions.groups.govern import Act
from ..actions.groups.membership import NOT_A_MEMBER
from ..actions.posts.form import Form
from ..common.i18n import N_
from ..delivery.session import Session
from ..live.rooms import Room
from .agreed import check_agreed
from .arguments import SyntaxProblem, read_arguments
from .call import IN_A_GROUP, Call
from .help import check_place, check_read, describe
from .line import Line, read_command, unknown
from .outcome import About, Action, Answer, Carrying, Elsewhere, Noted, Outcome, Repeat
from .registry import COMMANDS, find_slash
from .row import Slash

REPOSTED = N_("It is now in your channel: @{handle}/{seq}")

Wrap = Callable[[CommandResult], Result]


async def run_command(app: App, session: Session, request: rq.RunCommand) -> Result | Refusal | None:
    """Run a line as a `command` request."""
    return await run_line(app, session, request, read_command(request.line), lambda result: result)


async def post_command(app: App, session: Session, request: rq.Post, line: Line) -> Result | Refusal | None:
    """Run a line that was posted; the answer comes in the post's `ok`."""
    return await run_line(app, session, request, line, lambda result: PostResult(command=result))


async def run_line(
    app: App, session: Session, request: rq.RunCommand | rq.Post, line: Line, wrap: Wrap
) -> Result | Refusal | None:
    """Find the command's row, read its arguments, run it, and carry out what it decided."""
    row, led = find_slash(line.name), None
    room = await app.membership.enter_room(session, request.group) if request.group else None
    if room is NOT_A_MEMBER and row is not None and row.name in AFTER_CLOSING:
        room, led = await enter_closed(app, session, request.group or "")
    if room is NOT_A_MEMBER and row is not None:
        room = await enter_channel(app, session, request.group or "", row)
    if isinstance(room, Refusal):
        return room
    if row is None:
        return unknown(line)
    if row.in_group and room is None:
        return IN_A_GROUP
    replied = await replied_entry(app, room, request)
    call = Call(app, session, room, replied, COMMANDS, led)
    refusal = check_agreed(row, call) or check_place(row, call) or check_read(row, call)
    if refusal:
        return refusal
    members = room.state.members if room else ()
    values = read_arguments(row.arguments, line.text, replied, row.usage, members)
    if isinstance(values, Refusal):
        return values
    try:
        outcome = await row.run(call, *values)
    except SyntaxProblem as problem:
        return Refusal(ErrorCode.BAD_SYNTAX, problem.text, {**problem.detail, "usage": row.usage})
    return await carry_out(app, session, request, call, outcome, wrap)


async def enter_closed(app: App, session: Session, group: str) -> tuple[Room | Refusal, Role | None]:
    """Return a closed group and as what one led it, or that one is no member."""
    room = await app.membership.find_room(group, session)
    if isinstance(room, Refusal):
        return room, None
    led = led_at_closing(room.state, session.user)
    return (NOT_A_MEMBER, None) if led is None else (room, led)


async def enter_channel(app: App, session: Session, group: str, row: Slash) -> Room | Refusal | None:
    """Return a channel for one of its readers, who is no member; None where a command is about no group."""
    room = await find_channel(app, session, group)
    if isinstance(room, Refusal) or row.name in FOR_READERS:
        return room
    return NOT_A_MEMBER if row.in_group else None


async def find_channel(app: App, session: Session, group: str) -> Room | Refusal:
    """Return a channel that anybody may read; a group is as if one were told that one is no member."""
    room = await app.membership.find_room(group, session)
    if isinstance(room, Refusal):
        return room
    readable = NOT_A_MEMBER if room.state.form is None else await app.channels.following.find_readable(group, session)
    return readable if isinstance(readable, Refusal) else room


async def replied_entry(app: App, room: Room | None, request: rq.RunCommand | rq.Post) -> Entry | None:
    """Return the entry that a posted command replies to, as it stands: it names the command's target."""
    if room is None or not isinstance(request, rq.Post) or not request.reply_to:
        return None
    found = await app.posts.history.find(room, request.reply_to)
    return found.standing if found else None


async def carry_out(
    app: App, session: Session, request: rq.RunCommand | rq.Post, call: Call, outcome: Outcome, wrap: Wrap
) -> Result | Refusal | None:
    """Answer at once, or decide and queue; from the decision to the queue without an await."""
    if isinstance(outcome, Refusal):
        return outcome
    if isinstance(outcome, Answer):
        text, data = await hide_closed(app.store.ledger, (outcome.text, outcome.data))
        return wrap(CommandResult(text, data))
    if isinstance(outcome, Action):
        return await post_action(app, session, request, call, outcome, wrap)
    if isinstance(outcome, Repeat):
        return await repeat_post(app, session, request, call, outcome, wrap)
    if isinstance(outcome, About):
        return await do_about(app, session, request, call, outcome, wrap)
    note = outcome if isinstance(outcome, Noted) else None
    if isinstance(outcome, Noted):
        outcome = outcome.command
    if isinstance(outcome, CreateGroup):
        act = await app.membership.found(outcome, call.account)
    else:
        room = outcome.room if isinstance(outcome, Elsewhere) else call.room
        command = outcome.command if isinstance(outcome, (Elsewhere, Carrying)) else outcome
        extra_rows = outcome.extra_rows if isinstance(outcome, Carrying) else None
        act = await app.membership.decide_on(room, command, call.account, extra_rows)
    if isinstance(act, Refusal):
        return act
    kept = None if note is not None and note.is_secret else note
    app.group_service.queue_answer(
        session,
        request.id,
        act,
        lambda: wrap(tell_act(session, act, note)),
        lambda: msgspec.to_builtins(tell_act(session, act, kept)),
    )
    return None


async def post_action(
    app: App, session: Session, request: rq.RunCommand | rq.Post, call: Call, action: Action, wrap: Wrap
) -> Result | Refusal | None:
    """Post `/me`: an entry like any other, so a nonce makes it safe to repeat."""
    nonce = request.nonce
    reply_to = request.reply_to if isinstance(request, rq.Post) else None
    post = rq.Post(id=request.id, group=call.room.state.code, body=action.text, nonce=nonce, reply_to=reply_to)
    form = Form(EntryKind.ACTION, lambda seq, ts: wrap(CommandResult("", {"seq": seq, "ts": ts})))
    return await app.posts.posting.post_after_reading(session, post, action.text, form)


async def repeat_post(
    app: App, session: Session, request: rq.RunCommand | rq.Post, call: Call, repeat: Repeat, wrap: Wrap
) -> Result | Refusal | None:
    """Post what repeats another post in one's own channel: a nonce makes it safe to ask again."""
    user = call.account.user
    room = await app.channels.opening.room_of(f"@{user}", session)
    if isinstance(room, Refusal):
        return room

    def answer(seq: int, ts: int) -> Result:
        told = {"handle": user, "seq": seq, "ts": ts}
        return wrap(CommandResult(call.say(REPOSTED, told), told))

    code, original = room.state.code, repeat.original
    post = rq.Post(id=request.id, group=code, body=repeat.text, nonce=request.nonce, repost=original)
    return await app.posts.posting.post_after_reading(session, post, repeat.text, Form(EntryKind.TEXT, answer))


async def do_about(
    app: App, session: Session, request: rq.RunCommand | rq.Post, call: Call, about: About, wrap: Wrap
) -> Result | Refusal | None:
    """Edit or react: as the typed request does, answered as a command."""
    nonce = request.nonce
    asked: Any = about.kind(id=request.id, group=call.room.state.code, nonce=nonce, **about.fields)  # type: ignore[arg-type]  # its own fields

    def answer(seq: int, ts: int) -> Result:
        return wrap(CommandResult(session.say(N_("Done.")), {"seq": seq, "ts": ts}))

    handler: Any = app.posts.editing.edit if about.kind is rq.Edit else app.posts.editing.react
    result: Result | Refusal | None = await handler(session, asked, answer)
    return result


def tell_act(session: Session, act: Act, note: Noted | None = None) -> CommandResult:
    """Tell the actor what was done, under which case number, until when, and what undoes it."""
    lines: list[str] = []
    items: list[dict[str, object]] = []
    for event, case in zip(act.events, act.cases, strict=True):
        fields = event_fields(event)
        reason = fields.get("reason")
        said = session.say(text_of(event), fields)
        lines.append(f"{said}: {reason}" if reason else said)
        item: dict[str, object] = {**fields, "case": case}
        if isinstance(event, GroupCreated):
            lines.append(session.say(N_("Its code: {code}"), {"code": show_group_code(event.code)}))
        undo = undo_of(act.room.state, event, case, session.user, event.at)
        if undo is None:
            lines.append(session.say(N_("Case {case}."), item))
        elif undo.restores:
            item["undo"] = undo.line
            lines.append(session.say(N_("Case {case}. To undo: {undo}"), item))
        else:
            item["help"] = undo.line
            lines.append(session.say(N_("Case {case}. It cannot be undone as such; what can be done: {help}"), item))
        items.append(item)
    text = "\n".join(lines) or session.say(N_("Nothing to change."))
    data = dict(items[0]) if items else {}
    if len(items) > 1:
        data["acts"] = items
    if note is not None:
        text, data = f"{text}\n{note.text}", data | note.data
    told = hide_names((text, msgspec.to_builtins(data)), act.room.tags)
    return CommandResult(*told)


async def list_commands(app: App, session: Session, request: rq.ListCommands) -> CommandsResult | Refusal:
    """Return all slash commands, and which of them one may use."""
    room = await app.membership.enter_room(session, request.group) if request.group else None
    if room is NOT_A_MEMBER:
        room = await find_channel(app, session, request.group or "")
    if isinstance(room, Refusal):
        return room
    call = Call(app, session, room, None, COMMANDS)
    return CommandsResult(tuple(describe(row, call) for row in COMMANDS))
