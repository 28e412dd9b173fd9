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

    def opposite(self) -> "MembershipChange":
        """Return what takes this change back: a change is decided only where it changes something."""
        joined = None if self.joined is None else not self.joined
        created = None if self.created is None else not self.created
        return MembershipChange(self.user, self.code, joined, created)

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
            return [MembershipChange(event.user, code, joined=False)] if event.user in state.members else []
        case e.MemberLeft() | e.MemberKicked() | e.MemberBanned():
            return [MembershipChange(event.user, code, joined=False)]
        case e.GroupDissolved() | e.GroupClosed():
            gone = [MembershipChange(user, code, joined=False) for user in state.members]
            return [*gone, MembershipChange(state.creator, code, created=False)]
        case e.MeasureOverturned(reopens=True) if state.kept is not None:
            back = [MembershipChange(user, code, joined=True) for user in state.kept.members]
            return [*back, MembershipChange(state.creator, code, created=True)]
        case _:
            return []
