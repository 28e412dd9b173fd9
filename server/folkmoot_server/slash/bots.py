"""Slash commands about bots, and about webhooks, which are bots that post by HTTP: who answers for them is a person."""

from collections.abc import Sequence

from folkmoot_governance import GroupState, Refusal
from folkmoot_governance.account_commands import RegisterAccount
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_governance.likeness import is_reserved
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.names import check_display_name, check_user_name, fold_user_name

from ..actions.accounts.sign_in import NAME_TAKEN
from ..actions.outgoing import LONGEST_WORD
from ..actions.outgoing import Call as OutgoingCall
from ..common.i18n import N_
from ..crypto.passwords import HOOK, hash_hook, hash_token, new_token
from ..live.once import beforehand
from ..storage.change_set import ChangeSet, Profile
from ..storage.changes import profile_row, revoke_tokens, token_row
from .arguments import split_word
from .call import Call
from .help import check_reading
from .outcome import Answer, Carrying, Noted, Outcome

WHICH = N_("Say which one: {help} <name>.")
TOKEN_SHOWN = N_("The token of @{user} is shown only once; a program signs in with it: {token}")
ADDRESS_SHOWN = N_("The address of @{user} is shown only once; whoever has it can post here: {url}")
SECRET_SHOWN = N_(
    "What is said here is sent to that address from now on. The secret that signs it is shown only once: {secret}"
)
KINDS = {"bot": N_("bot"), "webhook": N_("webhook"), "outgoing": N_("webhook that sends")}
"""What a bot is. The first two are the devices by which their sessions are listed."""


TAKE_OVER = {"bot": "/bot token", "webhook": "/webhook token", "outgoing": "/webhook out"}


async def bot(call: Call, act: str | None, text: str | None) -> Outcome:
    """Add a bot, list them, give one another token, or remove it."""
    return await _run(call, act, text, is_hook=False)


async def webhook(call: Call, act: str | None, text: str | None) -> Outcome:
    """The same for addresses at which programs post, or to which posts are sent."""
    return await _run(call, "add" if act == "in" else act, text, is_hook=True)


async def _run(call: Call, act: str | None, text: str | None, *, is_hook: bool) -> Outcome:
    if act in (None, "list"):
        return await list_bots(call)
    name, display_name = split_word(text or "")
    if not name:
        ways = "/webhook in|out|token|remove" if is_hook else "/bot add|token|remove"
        return Refusal(ErrorCode.BAD_SYNTAX, WHICH, {"help": ways})
    if act == "out":
        return await send_out(call, name, display_name)
    if act == "add":
        return await add(call, name, display_name, is_hook=is_hook)
    user = fold_user_name(name)
    command = c.RemoveBot(user) if act == "remove" else c.TakeBot(user)
    refused = call.app.group_service.would(call.room, command, call.account)
    if isinstance(refused, Refusal):
        return refused
    return command if isinstance(command, c.RemoveBot) else give_token(call, command, is_hook=is_hook)


async def add(call: Call, name: str, display_name: str, *, is_hook: bool) -> Outcome:
    """Let a bot in, whose account is made, or was this group's before."""
    command = c.AddBot(fold_user_name(name))
    refused = call.app.group_service.would(call.room, command, call.account)
    if isinstance(refused, Refusal):
        return refused
    return await make_account(call, name, display_name) or give_token(call, command, is_hook=is_hook)


async def make_account(call: Call, name: str, display_name: str) -> Refusal | None:
    """Make the account of a bot, unless it is there and was made for this group; refuse a name that may not be."""
    try:
        user = check_user_name(name.removeprefix("@"))
        shown = check_display_name(display_name or user)
    except ValueError as error:
        return Refusal(ErrorCode.BAD_NAME, str(error))
    return await _check_name(call, user, shown) or await _register(call, user, shown)


async def send_out(call: Call, name: str, text: str) -> Outcome:
    """Have what is said from now on sent to an address, by a bot that is made for it or that does so already."""
    url, word = split_word(text)
    user = fold_user_name(name)
    refused = await call.app.outgoing.check(call.room, user, url)
    if refused is None and len(word) > LONGEST_WORD:
        detail: dict[str, object] = {"most": LONGEST_WORD, "length": len(word)}
        refused = Refusal(
            ErrorCode.TOO_LONG, N_("A word has at most {most} characters; this one has {length}."), detail
        )
    member = call.room.state.members.get(user)
    command: c.AddBot | c.TakeBot = c.TakeBot(user) if member is not None and member.giver else c.AddBot(user)
    allowed = call.app.group_service.would(call.room, command, call.account)
    if isinstance(allowed, Refusal):
        return allowed
    if refused is None and isinstance(command, c.AddBot):
        refused = await make_account(call, name, "")
    if refused is not None:
        return refused
    secret = new_token()

    def rows(change_set: ChangeSet, state: GroupState, event: e.Event) -> None:
        noted = call.app.outgoing.row(call.room, user, OutgoingCall(url, secret), word, event.at)
        change_set.rows = [*change_set.rows, revoke_tokens(user), noted]

    data = {"user": user, "secret": secret}
    return Noted(Carrying(command, rows), call.say(SECRET_SHOWN, data), dict(data), is_secret=True)


async def _check_name(call: Call, user: str, shown: str) -> Refusal | None:
    if is_reserved(user):
        return NAME_TAKEN
    return await call.app.names.check_new(user, shown)


async def _register(call: Call, user: str, shown: str) -> Refusal | None:
    """Make the account, unless it is there and was made for this group."""
    home = call.room.state.code
    account = await call.app.accounts.load(user)
    if account is not None:
        return None if account.state.home == home and not account.state.closed_ts else NAME_TAKEN
    made = RegisterAccount(user, call.app.policy.agreement, home)
    profile = profile_row(Profile(user, shown, "", call.session.language))
    with beforehand():
        refusal = await call.app.account_service.carry_out(None, made, call.account.actor(), [profile])
    return NAME_TAKEN if refusal is not None and refusal.code is ErrorCode.CONFLICT else refusal


def give_token(call: Call, command: c.AddBot | c.TakeBot, *, is_hook: bool) -> Noted:
    """Have a new token stored with a command, in the place of those before, and tell it once that is so."""
    token, user = new_token(), command.user
    stored = hash_hook(token) if is_hook else hash_token(token)

    def rows(change_set: ChangeSet, state: GroupState, event: e.Event) -> None:
        opened = token_row(stored, user, event.at, "webhook" if is_hook else "bot")
        change_set.rows = [*change_set.rows, revoke_tokens(user), opened]

    if not is_hook:
        text, data = TOKEN_SHOWN, {"user": user, "token": token}
    else:
        url = f"{call.app.config.server.public_url.rstrip('/')}/hooks/{token}"
        text, data = ADDRESS_SHOWN, {"user": user, "url": url}
    return Noted(Carrying(command, rows), call.say(text, data), dict(data), is_secret=True)


async def list_bots(call: Call) -> Outcome:
    """List the bots of the group, who answers for each, and whether it posts by an address."""
    refusal = check_reading("bots", call)
    if refusal:
        return refusal
    items: list[dict[str, object]] = []
    sending = {one.user for one in await call.app.store.ledger.hooks_of(call.room.state.code)}
    for member in call.room.state.members.values():
        if member.giver:
            sessions = await call.app.sessions.sessions_of(member.user)
            is_hook = any(one.hash.startswith(HOOK) for one in sessions)
            is_here = member.giver in call.room.state.members
            seen = max((one.seen_ts for one in sessions), default=0)
            kind = "outgoing" if member.user in sending else "webhook" if is_hook else "bot"
            items.append(
                {"user": member.user, "kind": kind, "giver": member.giver, "answers": is_here, "seen_ts": seen}
            )
    return Answer("\n".join(_say_items(call, items)) or call.say(N_("None.")), {"items": items})


def _say_items(call: Call, items: Sequence[dict[str, object]]) -> list[str]:
    here = N_("@{user} ({kind}): @{giver} answers for it")
    gone = N_("@{user} ({kind}): silent, for @{giver}, who answered for it, is no longer here. Take it over: {help}")
    return [
        call.say(
            here if one["answers"] else gone,
            {**one, "kind": call.say(KINDS[str(one["kind"])]), "help": TAKE_OVER[str(one["kind"])] + f" {one['user']}"},
        )
        for one in items
    ]
