"""Slash commands for owners."""

from folkmoot_governance import ALL_PERMISSIONS, Permission, Refusal
from folkmoot_governance.account import check_agreement
from folkmoot_governance.group import commands as c
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.group_code import parse_group_code
from folkmoot_protocol.names import check_display_name, check_group_name
from folkmoot_protocol.types import JoinMode

from ..common.i18n import N_
from .arguments import read_user
from .call import Call
from .outcome import Answer, Outcome


async def promote(call: Call, user: str, permissions: frozenset[Permission] | None) -> Outcome:
    """Make a member an admin, with all permissions or those named."""
    return c.Promote(user, ALL_PERMISSIONS if permissions is None else permissions)


async def demote(call: Call, user: str) -> Outcome:
    """Make an admin a plain member."""
    return c.Demote(user)


async def tag(call: Call, user: str, text: str | None) -> Outcome:
    """Give a member a free tag; nothing takes it away (G8.3)."""
    try:
        return c.SetTag(user, check_display_name(text) if text else "")
    except ValueError as error:
        return Refusal(ErrorCode.BAD_NAME, str(error))


async def transfer(call: Call, who: str) -> Outcome:
    """Offer the group to a member; the heir accepts with `/transfer accept`, the owner takes it back with `cancel`."""
    if who.lower() == "accept":
        # Handing over needs no agreement to new terms, taking over does.
        return check_agreement(call.account.state.agreement, call.app.policy) or c.AcceptTransfer()
    return c.WithdrawTransfer() if who.lower() == "cancel" else c.OfferTransfer(read_user(who))


async def heir(call: Call, who: str | None) -> Outcome:
    """Show or name who takes over when the owner is gone, or name nobody."""
    if who is None:
        user = call.room.state.successor
        text = call.say(N_("The heir is @{user}."), {"user": user}) if user else call.say(N_("No heir is named."))
        return Answer(text, {"user": user})
    return c.DropHeir() if who.lower() == "off" else c.NameHeir(read_user(who))


async def rename(call: Call, name: str) -> Outcome:
    """Rename the group."""
    try:
        return c.Rename(check_group_name(name))
    except ValueError as error:
        return Refusal(ErrorCode.BAD_NAME, str(error))


async def category(call: Call, name: str) -> Outcome:
    """File the group under another category (G7)."""
    return c.SetCategory(name)


async def join_mode(call: Call, mode: str) -> Outcome:
    """Say how people come in (G8.3)."""
    return c.SetJoinMode(JoinMode(mode))


async def limit(call: Call, members: int) -> Outcome:
    """Set the group's own cap on members (G8.1)."""
    return c.SetMemberLimit(members)


async def dissolve(call: Call, code: str | None) -> Outcome:
    """End the group for good."""
    return c.Dissolve(parse_group_code(code or "") or "")
