"""Slash commands for owners."""

from folkmoot_governance import Permission, Refusal
from folkmoot_governance.account import check_agreement
from folkmoot_governance.group import commands as c
from folkmoot_governance.typed import OFF, read_text
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.group_code import parse_group_code
from folkmoot_protocol.names import check_display_name, check_group_name
from folkmoot_protocol.types import JoinMode

from ..common.i18n import N_
from .arguments import NO_PERMISSION, plain, read_user
from .call import Call
from .outcome import Answer, Noted, Outcome

MAX_LISTED = 200


async def promote(call: Call, user: str, permissions: frozenset[Permission] | None) -> Outcome:
    """Make a member an admin, with all permissions or those named; `none` is a name, too."""
    granted = sorted(call.room.state.permissions if permissions is None else permissions)
    text = call.say(
        N_("Granted: {permissions}. To change that: {help}"),
        {"permissions": " ".join(granted) or NO_PERMISSION, "help": f"/rights @{user} +… -…"},
    )
    return Noted(c.Promote(user, frozenset(granted)), text, {})


async def demote(call: Call, user: str) -> Outcome:
    """Make an admin an ordinary member."""
    return c.Demote(user)


async def tag(call: Call, user: str | None, text: str | None) -> Outcome:
    """Give a member a free tag, or take it away with `off` (G8.3). Alone: show the tags there are."""
    members = call.room.state.members.values()
    if user is None or text is None:
        rows = [{"user": one.user, "tag": one.tag} for one in members if one.tag and user in (None, one.user)]
        lines = [f"@{row['user']}: {row['tag']}" for row in rows[:MAX_LISTED]]
        return Answer("\n".join(lines) or call.say(N_("None.")), {"items": rows[:MAX_LISTED]})
    try:
        tag = read_text(text)
        return c.SetTag(user, check_display_name(tag) if tag else "")
    except ValueError as error:
        return Refusal(ErrorCode.BAD_NAME, str(error))


async def transfer(call: Call, who: str | None) -> Outcome:
    """Offer the group to a member; the heir accepts with `/transfer accept`, the owner takes it back with `cancel`.

    Alone: show the offer that is open.
    """
    if who is None:
        state = call.room.state
        is_open = bool(state.heir) and state.heir_until_ms > call.now
        offer = {"user": state.heir, "until_ms": state.heir_until_ms} if is_open else {"user": "", "until_ms": 0}
        text = (
            N_("The group has been offered to @{user}, {until}.")
            if is_open
            else N_("The group is not on offer to anybody.")
        )
        return Answer(call.say(text, offer), offer)
    if plain(who).lower() == "accept":
        # Handing over needs no agreement to new terms, taking over does.
        return check_agreement(call.account.state.agreement, call.app.policy) or c.AcceptTransfer()
    return c.WithdrawTransfer() if plain(who).lower() == "cancel" else c.OfferTransfer(read_user(who))


async def heir(call: Call, who: str | None) -> Outcome:
    """Show or name who takes over when the owner is gone, or name nobody."""
    if who is None:
        user = call.room.state.successor
        text = call.say(N_("The heir is @{user}."), {"user": user}) if user else call.say(N_("No heir is named."))
        return Answer(text, {"user": user})
    return c.DropHeir() if plain(who).lower() == OFF else c.NameHeir(read_user(who))


async def rename(call: Call, name: str | None) -> Outcome:
    """Rename the group. Alone: show its name."""
    if name is None:
        return Answer(call.room.state.name, {"name": call.room.state.name})
    try:
        return c.Rename(check_group_name(name))
    except ValueError as error:
        return Refusal(ErrorCode.BAD_NAME, str(error))


async def category(call: Call, name: str | None) -> Outcome:
    """File the group under another category (G7). Alone: show which it is under, and which there are."""
    if name is not None:
        return c.SetCategory(name)
    category, known = call.room.state.category, sorted(call.app.policy.categories)
    said = {"category": category, "known": ", ".join(known)}
    return Answer(
        call.say(N_("Category: {category}; there are: {known}"), said), {"category": category, "known": known}
    )


async def join_mode(call: Call, mode: str | None) -> Outcome:
    """Choose how people join (G8.3). Alone: show that."""
    if mode is not None:
        return c.SetJoinMode(JoinMode(mode))
    current = call.room.state.join_mode.value
    return Answer(call.say(N_("How to join: {mode}"), {"mode": current}), {"join_mode": current})


async def limit(call: Call, members: int | None) -> Outcome:
    """Set the group's own cap on members (G8.1). Alone: show it."""
    if members is not None:
        return c.SetMemberLimit(members)
    state = call.room.state
    inside: dict[str, object] = {"current": len(state.members), "limit": state.member_limit}
    return Answer(call.say(N_("Members of this group: {current} of {limit}"), inside), inside)


async def dissolve(call: Call, code: str | None) -> Outcome:
    """End the group for good."""
    return c.Dissolve(parse_group_code(code or "") or "")
