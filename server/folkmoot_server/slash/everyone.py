"""Slash commands for everyone."""

from collections.abc import Collection

import msgspec

from folkmoot_governance import Refusal
from folkmoot_governance.case.rules import reports_per_day
from folkmoot_governance.classification import most_members
from folkmoot_governance.group import commands as c
from folkmoot_governance.group.state import Member
from folkmoot_governance.roles import RANK
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.group_code import show_group_code
from folkmoot_protocol.names import check_group_name
from folkmoot_protocol.types import GroupStatus, Role

from ..actions.posts.search import SEARCH_PAGE
from ..common.i18n import LANGUAGES, N_, show_instant
from .arguments import names_user, plain, read_user
from .call import IN_A_GROUP, Call
from .outcome import Action, Answer, Elsewhere, Noted, Outcome

MAX_LISTED = 200
MAX_NAMED = 10
MAX_QUOTED = 160
"""Characters of an entry that are shown in a list."""


async def create(call: Call, text: str) -> Outcome:
    """Found a group; its code is in the answer. The last word is its category if it is the name of one (G7).

    That is a guess where the name is not in quotes, so the answer says it. A word that is the usual category stays in
    the name: nothing would be gained by taking it out.
    """
    name, category = read_name(text, call.app.policy.categories)
    usual = call.app.membership.default_category
    is_guess = category not in ("", usual) and not text.startswith('"')
    if category == usual and not text.startswith('"'):
        name = text
    try:
        name = check_group_name(name)
    except ValueError as error:
        return Refusal(ErrorCode.BAD_NAME, str(error))
    command = c.CreateGroup(await call.app.membership.free_code(), name, category or usual)
    if not is_guess:
        return command
    detail = {"name": name, "category": category, "rename": f"/rename {text}", "other": f"/category {usual}"}
    said = N_("Understood: the name {name}, the category {category}. If all of it is the name: {rename} and {other}")
    return Noted(command, call.say(said, detail), {})


def read_name(text: str, categories: Collection[str]) -> tuple[str, str]:
    """Return the name in a line of `/create` and the category after it, empty where there is none."""
    if text.startswith('"') and '"' in text[1:]:
        name, _, category = text[1:].rpartition('"')
        category = plain(category.strip())
        return (name, category) if not category or category in categories else (text, "")
    name, _, category = text.rpartition(" ")
    return (name, plain(category)) if name and plain(category) in categories else (text, "")


async def info(call: Call) -> Outcome:
    """Show the group's name, code, standing, owner, caps and what is in force."""
    group = call.room.view(call.now, call.account)
    state = call.room.state
    lines = [
        f"{group.name} ({show_group_code(group.id)})",
        call.say(N_("Members: {members} of {limit}"), {"members": group.members, "limit": group.member_limit}),
        call.say(N_("Owner: @{owner}; created by @{creator}"), {"owner": group.owner, "creator": group.creator}),
        call.say(N_("Category: {category}; grade: {grade}"), {"category": group.category, "grade": group.grade}),
        call.say(N_("How to join: {mode}; standing: {state}"), {"mode": group.join_mode, "state": group.state}),
    ]
    if state.form is not None:
        followers = await call.app.store.channels.count_followers(state.code)
        reach = {"followers": followers, "reads": await call.app.channels.reads.count(state.code)}
        lines.append(call.say(N_("Followers: {followers}; readers today: {reads}"), reach))
    if group.topic:
        lines.append(call.say(N_("Topic: {topic}"), {"topic": group.topic}))
    if state.announcement:
        lines.append(call.say(N_("Announcement: {announcement}"), {"announcement": state.announcement}))
    if group.slow_ms:
        lines.append(call.say(N_("Slow mode: {slow}"), {"slow_ms": group.slow_ms}))
    if state.locked_until_ms > call.now:
        lines.append(call.say(N_("Only owner and admins may post {until}."), {"until_ms": state.locked_until_ms}))
    if group.state is GroupStatus.SUSPENDED:
        lines.append(
            call.say(N_("The platform has suspended this group {until}."), {"until_ms": state.status_until_ms})
        )
    return Answer("\n".join(lines), {"group": to_data(group)})


async def show_id(call: Call) -> Outcome:
    """Show the group's code (G8.2)."""
    code = call.room.state.code
    return Answer(show_group_code(code), {"group": code})


async def rules(call: Call) -> Outcome:
    """Show the group's own rules, if it has any, and the platform's (G5)."""
    document = call.app.documents.rules
    own = call.room.state.rules if call.room_or_none else ""
    text, imprint = document.text(call.session.language), call.app.config.operator.imprint
    text = "\n".join([text, *(f"{call.say(label)}: {value}" for _key, label, value in imprint)])
    data: dict[str, object] = {"version": document.version, "url": "/rules", "group_rules": own}
    data |= {key: value for key, _label, value in imprint}
    return Answer(f"{own}\n\n{text}" if own else text, data)


async def members(call: Call, role: str | None) -> Outcome:
    """List members, highest role first."""
    found = sorted(
        (one for one in call.room.state.members.values() if role is None or one.role == role),
        key=lambda one: (-RANK[one.role], one.user),
    )
    shown = [call.say("@{user} [{role}]", {"user": one.user, "role": one.role}) for one in found[:MAX_LISTED]]
    if len(found) > MAX_LISTED:
        shown.append(call.say(N_("… and {more} more"), {"more": len(found) - MAX_LISTED}))
    data = {
        "members": [{"user": one.user, "role": one.role.value} for one in found[:MAX_LISTED]],
        "total": len(found),
    }
    return Answer("\n".join(shown), data)


async def admins(call: Call) -> Outcome:
    """List who answers for the group (G9)."""
    found = sorted(
        (one for one in call.room.state.members.values() if one.role is not Role.MEMBER),
        key=lambda one: (-RANK[one.role], one.user),
    )
    lines = [show_leader(call, one) for one in found]
    return Answer("\n".join(lines), {"admins": [{"user": one.user, "role": one.role.value} for one in found]})


def show_leader(call: Call, one: Member) -> str:
    """Return one of those who lead the group, with what they may do, as a line."""
    detail = {"user": one.user, "role": one.role, "permissions": " ".join(sorted(one.permissions))}
    return call.say("@{user} [{role}] {permissions}", detail).rstrip()


async def whois(call: Call, who: str) -> Outcome:
    """Show what everyone may know of an account, and its place in this group.

    What is written without `@` may be the name that somebody is shown under here, and that may be another account.
    """
    called = [] if names_user(who) or call.room_or_none is None else await named(call, who)
    account = await call.app.accounts.load(read_user(who))
    if account is None or account.state.closed_ts:
        if len(called) > 1:
            text = N_("More than one is called {name} here: {names}. Write /whois @user.")
            return Refusal(ErrorCode.NO_SUCH_USER, text, {"name": who, "users": called, "help": "/members"})
        account = await call.app.accounts.load(called[0]) if called else None
    if account is None:
        text = N_("There is no account @{user}.")
        return Refusal(ErrorCode.NO_SUCH_USER, text, {"user": read_user(who)[:64]})
    user = account.user
    view = account.view()
    since = {"time": show_instant(view.created_ts), "identity": view.identity}
    lines = [
        f"{view.display_name} (@{user})",
        call.say(N_("Account since {time}; identity: {identity}"), since),
    ]
    if view.bot is not None:
        text = N_("A bot: @{giver} answers for it") if view.bot else N_("A bot for which nobody answers")
        lines.append(call.say(text, {"giver": view.bot}))
    data: dict[str, object] = {"account": to_data(view)}
    member = call.room_or_none and call.room.state.members.get(user)
    if member:
        place = {"role": member.role, "time": show_instant(member.joined_ts)}
        lines.append(call.say(N_("Here: {role}, since {time}"), place))
        data["role"] = member.role.value
    others = [one for one in called if one != user]
    if others:
        text = N_("Others here are also called {name}: {names}")
        lines.append(call.say(text, {"name": who, "users": others}))
    elif called and user != read_user(who):
        lines.append(call.say(N_("Understood as the name of @{user} in this group."), {"user": user}))
    return Answer("\n".join(lines), data)


async def named(call: Call, name: str) -> list[str]:
    """Return who is shown under a name in the group."""
    return await call.app.store.ledger.members_called(call.room.state.code, name, MAX_NAMED)


async def join(call: Call, code: str, answer: str | None) -> Outcome:
    """Join another group, or ask to."""
    room = await call.app.membership.find_room(code, call.session)
    if isinstance(room, Refusal):
        return room
    refusal = call.app.membership.check_tries(room, call.account.user, answer)
    refusal = refusal or await call.app.names.come_in(call.account, room)
    return refusal or Elsewhere(room, c.JoinGroup(answer or ""))


async def leave(call: Call, code: str | None) -> Outcome:
    """Leave this group, or another; take back a request to join one."""
    if code is None:
        return c.LeaveGroup() if call.room_or_none else IN_A_GROUP
    room = await call.app.membership.find_room(code)
    return room if isinstance(room, Refusal) else Elsewhere(room, c.LeaveGroup())


async def me(call: Call, text: str) -> Outcome:
    """Post an action."""
    return Action(text)


async def search(call: Call, text: str) -> Outcome:
    """Find what was said in this group, newest first."""
    found = await call.app.posts.search.search(call.room, call.account.user, text, None, SEARCH_PAGE)
    if isinstance(found, Refusal):
        return found
    lines = [
        f"#{one.seq} {show_instant(one.ts)} @{one.from_.user}: {shorten(' '.join(one.body.split()), MAX_QUOTED)}"
        for one in found.entries
    ]
    if found.before is not None:
        lines.append(call.say(N_("There may be more before #{seq}."), {"seq": found.before}))
    text = "\n".join(lines) or call.say(N_("Nothing found."))
    return Answer(text, {"entries": to_data(found.entries), "before": found.before})


def shorten(text: str, most: int) -> str:
    """Return a text cut off after `most` characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


QUOTAS = {
    "posts_per_minute": N_("Posts a minute that your credit allows: {limit}"),
    "invites_per_day": N_("Invitations a day that your credit allows: {limit}"),
    "reports_per_day": N_("Reports a day that your credit allows: {limit}"),
}
"""What the level of one's credit allows (G7.2)."""


async def limits(call: Call) -> Outcome:
    """Show the caps that hold for the account and the group, with the counts of today (G8.1)."""
    account, quota = call.account, call.account.level.quota
    created = {"current": account.created_by_person, "limit": quota.groups_created}
    joined = {"current": account.joined_by_person, "limit": quota.groups_joined}
    lines = [
        call.say(N_("Groups created: {current} of {limit}"), created),
        call.say(N_("Groups joined: {current} of {limit}"), joined),
    ]
    data: dict[str, object] = {"groups_created": created, "groups_joined": joined}
    if call.room_or_none:
        state = call.room.state
        inside = {"current": len(state.members), "limit": most_members(call.app.policy.grades, state)}
        lines.append(call.say(N_("Members of this group: {current} of {limit}"), inside))
        data["members"] = inside
    rate = call.app.config.limits.posts_per_second
    if rate:
        lines.append(call.say(N_("Posts a second: {rate}"), {"rate": rate}))
    data["posts_per_second"] = rate
    record = await call.app.store.ledger.reporter_record(account.user, call.now)
    held = {"reports_per_day": reports_per_day(record, quota.reports_per_day)}
    for name, text in QUOTAS.items():
        data[name] = held.get(name, getattr(quota, name))
        if data[name]:
            lines.append(call.say(text, {"limit": data[name]}))
    return Answer("\n".join(lines), data)


async def uptime(call: Call) -> Outcome:
    """Show how long the node that answers has run."""
    ran_ms = call.app.status.uptime_ms()
    text = call.say(N_("The server has run for {duration}."), {"duration_ms": ran_ms})
    return Answer(text, {"uptime_ms": ran_ms})


async def language(call: Call, chosen: str | None) -> Outcome:
    """Choose the language of what the server says. Alone: show it."""
    if chosen is None:
        return Answer(call.session.language, {"language": call.session.language})
    name = next(one for one in LANGUAGES if one.lower() == chosen)
    refusal = await call.app.own_settings.choose_language(call.account, name)
    if refusal:
        return refusal
    return Answer(call.say(N_("From now on in English.")), {"language": name})


def to_data(struct: object) -> object:
    """Return a protocol struct as plain values."""
    return msgspec.to_builtins(struct)
