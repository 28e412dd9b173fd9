"""A book of a group, kept from its events by other means than the code under test."""

from folkmoot_governance.duration import FOREVER_MS
from folkmoot_governance.group import events as e


class Book:
    """What the machine itself remembers of a group: its events, and ends of measures in Unix ms."""

    def __init__(self) -> None:
        self.events: list[e.Event] = []
        self.bans: dict[str, int] = {}
        self.mutes: dict[str, int] = {}
        self.warnings: dict[int, tuple[str, int]] = {}
        self.locked_until = 0
        self.suspended_until = 0
        self.limit = 0
        self.asked = 0
        self.antiraid = (0, 0, 0)
        self.last_post: dict[str, int] = {}

    def note(self, event: e.Event) -> None:
        self.events.append(event)
        match event:
            case e.MemberBanned(user=user, until_ms=until):
                self.bans[user] = until
            case e.BanLifted(user=user):
                del self.bans[user]
            case e.MemberMuted(user=user, until_ms=until):
                self.mutes[user] = until
            case e.MuteLifted(user=user):
                del self.mutes[user]
            case e.OwnerMissing():
                self.locked_until = FOREVER_MS
            case e.OwnershipTransferred(user=user):
                self.mutes.pop(user, None)
            case e.GroupLocked(until_ms=until):
                self.locked_until = until
            case e.GroupUnlocked():
                self.locked_until = 0
            case e.GroupSuspended(until_ms=until):
                self.suspended_until = until
            case e.GroupRestored():
                self.suspended_until = 0
            case e.MeasureOverturned():
                self.overturn(event)
                self.asked = event.asked_limit or self.asked
            case e.BansEnded(users=users):
                self.end(self.bans, users, event.at)
            case e.MutesEnded(users=users):
                self.end(self.mutes, users, event.at)
            case e.LockEnded():
                assert 0 < self.locked_until <= event.at
                self.locked_until = 0
            case e.SuspensionEnded():
                assert 0 < self.suspended_until <= event.at
                self.suspended_until = 0
            case e.GroupCreated(member_limit=limit) | e.MemberLimitSet(limit=limit) | e.LimitGranted(limit=limit):
                self.limit, self.asked = limit, 0
            case e.LimitAsked(limit=limit):
                self.asked = limit
            case e.LimitDenied() | e.LimitWithdrawn():
                self.asked = 0
            case e.AntiraidSet(newcomers_ms=first, until_ms=until) if self.antiraid[2] <= event.at:
                self.antiraid = first, event.at, until
            case e.AntiraidSet(until_ms=until):
                self.antiraid = *self.antiraid[:2], until
            case e.AntiraidLapsed():
                assert 0 < self.antiraid[2] <= event.at
                self.antiraid = (0, 0, 0)
            case e.AntiraidEnded():
                self.antiraid = (0, 0, 0)
            case e.MemberWarned(user=user, until_ms=until):
                self.warnings[len(self.events)] = user, until
            case e.WarningLifted(user=user, number=number):
                assert self.warnings.pop(number)[0] == user
            case e.WarningsExpired(numbers=numbers):
                assert all(self.warnings.pop(number)[1] <= event.at for number in numbers)

    def overturn(self, event: e.MeasureOverturned) -> None:
        """Forget what an act did that is void: it must be the last of its kind against the account."""
        for kind, held in ((e.MemberBanned, self.bans), (e.MemberMuted, self.mutes)):
            acts = [at for at, one in enumerate(self.events, 1) if isinstance(one, kind) and one.user == event.user]
            if acts[-1:] == [event.number]:
                held.pop(event.user, None)
        self.warnings.pop(event.number, None)

    @staticmethod
    def end(measures: dict[str, int], users: tuple[str, ...], at: int) -> None:
        """Forget measures that are said to be over: they must be."""
        for user in users:
            assert measures.pop(user) <= at
