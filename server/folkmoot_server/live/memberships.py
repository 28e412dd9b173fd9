"""Changes of memberships, which move the counts that caps are checked against (G8.1)."""

from typing import Protocol

from msgspec import Struct

from folkmoot_governance import GroupState
from folkmoot_governance.group import events as e


class Counted(Protocol):
    """Whose groups are counted: an account in memory. `groups` and `created` are codes."""

    groups: set[str]
    created: set[str]


class MembershipChange(Struct, frozen=True):
    """That an account is now in a group or not, and whether a living group counts as created by it; None: no change.

    Counting a change twice does no harm.
    """

    user: str
    code: str
    joined: bool | None = None
    created: bool | None = None
    is_bot: bool = False
    """Whether it is the account of a bot, which is in one group or in none."""

    def opposite(self) -> "MembershipChange":
        """Return what takes this change back: a change is decided only where it changes something."""
        joined = None if self.joined is None else not self.joined
        created = None if self.created is None else not self.created
        return MembershipChange(self.user, self.code, joined, created)

    @property
    def ends_tokens(self) -> bool:
        """Whether what opens the account ends with it."""
        return self.is_bot and self.joined is False

    def count(self, account: Counted) -> None:
        """Count this change in the account."""
        for change, codes in ((self.joined, account.groups), (self.created, account.created)):
            if change is True:
                codes.add(self.code)
            elif change is False:
                codes.discard(self.code)


def membership_changes(state: GroupState, event: e.Event) -> list[MembershipChange]:
    """Return what `event` changes in the counts of accounts (G8.1); `state` is the group before it."""
    code = state.code
    match event:
        case e.MemberJoined():
            return [MembershipChange(event.user, code, joined=True)]
        case e.MemberDeparted():
            return [_gone(state, event.user)] if event.user in state.members else []
        case e.MemberLeft() | e.MemberKicked() | e.MemberBanned():
            return [_gone(state, event.user)]
        case e.GroupDissolved() | e.GroupClosed():
            gone = [_gone(state, user) for user in state.members]
            return [*gone, MembershipChange(state.creator, code, created=False)]
        case e.MeasureOverturned(reopens=True) if state.kept is not None:
            back = [MembershipChange(user, code, joined=True) for user in state.kept.members]
            return [*back, MembershipChange(state.creator, code, created=True)]
        case _:
            return []


def _gone(state: GroupState, user: str) -> MembershipChange:
    member = state.members.get(user)
    return MembershipChange(user, state.code, joined=False, is_bot=member is not None and bool(member.giver))
