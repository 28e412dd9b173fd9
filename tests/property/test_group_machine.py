"""No sequence of commands breaks a group: what holds at every moment, whoever asks for whatever.

The machine keeps a book of its own (who is banned, muted, locked out until when), written from the
events, and ranks of its own, so that it doesn't believe the code under test.
"""

import copy
from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest
from hypothesis import currently_in_test_context, note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from folkmoot_governance import (
    ALL_PERMISSIONS,
    SERVICE,
    Actor,
    GroupState,
    Permission,
    Policy,
    Refusal,
    apply,
    check_post,
    decide,
    founded,
    replay,
)
from folkmoot_governance.classification import Grade
from folkmoot_governance.duration import DAY_MS, FOREVER_MS, HOUR_MS, MINUTE_MS
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_governance.notices import TELLINGS
from folkmoot_governance.permissions import PLATFORM_ACTS, RULES, SERVICE_ACTS
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import GroupStatus, Identity, JoinMode, Role
from tests.builders.rules import caps, tell_event, tell_refusal
from tests.profile import scaled
from tests.property.group_book import Book
from tests.property.group_commands import (
    ACCOUNTS,
    ADMINS_ASK,
    BOTS,
    CODES,
    COMMANDS,
    COMMANDS_OF_PEOPLE,
    MEMBERS_ASK,
    OWNERS_ASK,
    SERVICE_ASKS,
    STAFF_ASK,
    USERS,
    Chance,
    make_command,
)

GRADES = (
    Grade("small", 5, up_to_entries_per_day=100),
    Grade("middle", 6, categories=frozenset({"music"}), info_page=True, least_admins=1),
    Grade("large", 7, categories=frozenset({"news"}), creator_identity=Identity.ORGANISATION, review=True),
)
MAX_GROUPS = 2
POLICY = Policy(
    credit=caps(groups_created=MAX_GROUPS, groups_joined=MAX_GROUPS),
    grades=GRADES,
    admins_per_group=2,
    bots_per_group=1,
    bans_per_group=2,
    requests_per_group=2,
    invitations_per_group=2,
    warnings_per_member=3,
    pins_per_group=2,
    to_post=Identity.MOBILE,
    to_create_group=Identity.PERSON,
    categories=frozenset({"general", "music", "news"}),
)

HEIGHT = {None: 0, Role.MEMBER: 1, Role.ADMIN: 2, Role.OWNER: 3}
AGAINST_A_PERSON = (
    c.Kick,
    c.BanMember,
    c.MuteMember,
    c.Unmute,
    c.Warn,
    c.Unwarn,
    c.WriteNote,
    c.ClearNotes,
    c.DeleteEntry,
    c.Promote,
    c.Demote,
    c.SetPermissions,
)
FOR_MODERATORS = (
    c.RemoveEntries,
    c.RemoveText,
    c.SuspendGroup,
    c.RestoreGroup,
    c.RestrictGroup,
    c.FreeGroup,
    c.WarnGroup,
    c.AcceptRectification,
    c.RejectRectification,
    c.ReleaseHeld,
    c.RejectHeld,
)
TO_CHANNELS = {
    *(c.GrantCredential, c.RevokeCredential, c.ReviewChannel, c.WithdrawBadge),
    *(c.Refute, c.WithdrawRefutation),
}
FOR_STAFF = (*FOR_MODERATORS, c.CloseGroup, c.GrantLimit, c.DenyLimit)
GRADE_HEIGHT = {"small": 0, "middle": 1, "large": 2}
SHUT = (c.JoinGroup, c.Invite, c.MakeInviteCode, c.ApproveRequests)
CAME_IN = (e.MemberJoined, e.GroupCreated)


def test_every_command_is_tried() -> None:
    """What makes sense in channels alone is not: the groups here are groups."""
    assert COMMANDS.keys() == (RULES.keys() | PLATFORM_ACTS.keys() | SERVICE_ACTS) - TO_CHANNELS


class GroupMachine(RuleBasedStateMachine):
    """Up to three groups of eight accounts, who ask for anything at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_800_000_000_000
        self.groups: dict[str, GroupState] = {}
        self.books: dict[str, Book] = {}
        self.random = Chance()

    @initialize(mode=st.sampled_from([JoinMode.OPEN, JoinMode.APPROVAL]), seed=st.integers(0, 2**32))
    def begin(self, mode: JoinMode, seed: int) -> None:
        """Start with life in the place: an empty world refuses nearly everything."""
        self.random = Chance(seed)
        for founder, code in zip(("ana", "ben", "cai"), CODES, strict=True):
            self.found(founder, code, "general", JoinMode.OPEN)
        for user in ("ben", "dia", "eve", "mod"):
            self.ask(CODES[0], user, c.JoinGroup())
        self.ask(CODES[0], "ana", c.Promote("ben", ALL_PERMISSIONS))
        self.ask(CODES[0], "ana", c.SetJoinMode(mode))

    @precondition(lambda self: self.has_closed())
    @rule()
    def create(self) -> None:
        """Found a group in the place of a closed one, which has nothing more to show."""
        code = next(code for code, state in self.groups.items() if state.status is GroupStatus.CLOSED)
        category, mode = self.random.choice(["music", "news", "none"]), self.random.choice(list(JoinMode))
        self.found(self.random.choice(USERS), code, category, mode)

    @rule()
    def members_ask(self) -> None:
        self.ask(self.pick(), self.random.choice(USERS), make_command(self.random, MEMBERS_ASK))

    @rule()
    def admins_ask(self) -> None:
        """Ask as one of those who may well be allowed to."""
        code = self.pick()
        self.ask(code, self.random.choice(self.above_members(code)), make_command(self.random, ADMINS_ASK))

    @rule()
    def owners_ask(self) -> None:
        code = self.pick()
        self.ask(code, self.groups[code].owner, make_command(self.random, OWNERS_ASK))

    @rule()
    def staff_ask(self) -> None:
        """Suspend or restore; that staff close a group is left to chance, for a closed group is soon told."""
        command = self.random.choice([c.RestoreGroup("mended"), make_command(self.random, STAFF_ASK)])
        self.ask(self.pick(), "mod", command)

    @rule()
    def staff_looks_at_sizes(self) -> None:
        """Let a group ask for a size, and staff answer; the daily look besides."""
        code = self.pick()
        self.ask(code, self.groups[code].owner, c.SetMemberLimit(self.random.choice([6, 7])))
        command = self.random.choice([c.GrantLimit("seen"), c.GrantLimit("seen"), c.DenyLimit("no")])
        self.ask(code, "sue", command)
        self.ask(code, SERVICE.user, c.Regrade(self.random.choice([0, 0, 0, 150])))

    @rule()
    def service_raises_the_alarm(self) -> None:
        self.ask(self.pick(), SERVICE.user, SERVICE_ASKS[c.RaiseAlarm](self.random))

    @rule()
    def owner_is_shut_out(self) -> None:
        code = self.pick()
        command = SERVICE_ASKS[c.Succeed](self.random)
        assert isinstance(command, c.Succeed)
        self.ask(code, SERVICE.user, c.Succeed(self.groups[code].owner, FOREVER_MS, command.candidates))

    @rule()
    def anyone_asks_anything(self) -> None:
        self.ask(self.pick(), self.random.choice(USERS), make_command(self.random, COMMANDS))

    @rule()
    def doors_open(self) -> None:
        """Let all in who wait, and the heir take over: what chance alone seldom hits in time."""
        code = self.pick()
        waiting = tuple(Actor(user) for user in self.groups[code].requests)
        self.ask(code, self.random.choice(self.above_members(code)), c.ApproveRequests(waiting))
        self.ask(code, self.groups[code].heir or "eve", c.AcceptTransfer())

    @rule(ms=st.sampled_from([0, 1, MINUTE_MS, HOUR_MS, 3 * DAY_MS, 50 * DAY_MS]))
    def wait(self, ms: int) -> None:
        self.now += ms

    @rule()
    def service_asks(self) -> None:
        """Clear away what is over; then there is nothing more that is."""
        code = self.pick()
        self.ask(code, SERVICE.user, c.EndMeasures())
        assert decide(self.groups[code], c.EndMeasures(), SERVICE, self.now, POLICY) == []

    @rule()
    def post(self) -> None:
        code, user = self.pick(), self.random.choice(USERS)
        if self.may_post(code, user) is None:
            self.books[code].last_post[user] = self.now

    @rule()
    def closing_is_overturned(self) -> None:
        """Close a group, let life go on, and let the appeal succeed: it is as if it had not been closed."""
        code = self.pick()
        before = copy.deepcopy(self.groups[code])
        self.ask(code, "sue", c.CloseGroup("unlawful"))
        number, was_open = self.groups[code].version, before.status is not GroupStatus.CLOSED
        if was_open:
            closed = [at for at, event in enumerate(self.books[code].events, 1) if isinstance(event, e.GroupClosed)]
            number = closed[-1]
            self.ask(code, self.random.choice(USERS), make_command(self.random, COMMANDS_OF_PEOPLE))
        self.ask(code, SERVICE.user, c.Overturn(before.owner, number, "closed"))
        if was_open:
            before.version = self.groups[code].version
            assert self.groups[code] == before

    def has_closed(self) -> bool:
        return any(one.status is GroupStatus.CLOSED for one in self.groups.values())

    def pick(self) -> str:
        """Return one of the groups, the oldest most often; who is in it will be aimed at most often."""
        code = self.random.choice([next(iter(self.groups)), *self.groups])
        state = self.groups[code]
        self.random.people = [*state.members, *state.members, *state.bans, *state.mutes, *USERS]
        return code

    def above_members(self, code: str) -> list[str]:
        """Return owner and admins; the last owner of a group that is closed."""
        return [self.groups[code].owner] + [
            one.user for one in self.groups[code].members.values() if one.role is not Role.MEMBER
        ]

    def actor(self, user: str) -> Actor:
        if user == SERVICE.user:
            return SERVICE
        if user in BOTS:
            return Actor(user, home=CODES[0])
        identity, platform = ACCOUNTS[user]
        states = self.groups.values()
        created = sum(state.creator == user for state in states)
        return Actor(user, created, sum(user in state.members for state in states), identity, platform)

    def found(self, user: str, code: str, category: str, mode: JoinMode) -> None:
        actor = self.actor(user)
        decision = decide(None, c.CreateGroup(code, "Moot", category, join_mode=mode), actor, self.now, POLICY)
        if isinstance(decision, Refusal):
            tell_refusal(decision)
            return
        event, *more = decision
        assert isinstance(event, e.GroupCreated)
        assert actor.groups_created < MAX_GROUPS
        assert actor.groups_joined < MAX_GROUPS
        assert actor.identity in (Identity.PERSON, Identity.ORGANISATION)
        self.groups[code], self.books[code] = founded(event), Book()
        self.keep(code, event)
        # What staff looks at first is founded with nobody in it but its founder.
        assert bool(more) == (category == "news") == (event.member_limit == 1)
        for another in more:
            apply(self.groups[code], another)
            self.keep(code, another)

    def ask(self, code: str, user: str, command: c.Command) -> None:
        if isinstance(command, c.ApproveRequests):
            command = c.ApproveRequests(tuple(self.actor(one.user) for one in command.applicants))
        state, actor = self.groups[code], self.actor(user)
        before = copy.deepcopy(state)
        tell = note if currently_in_test_context() else print
        tell(f"{self.now} {user} in {code}: {command}")
        decision = decide(state, command, actor, self.now, POLICY)
        assert state == before, "deciding changed the state"
        if isinstance(decision, Refusal):
            tell_refusal(decision)
            return
        self.check_allowed(code, actor, command)
        for event in decision:
            self.check_came_in(code, event)
            apply(state, event)
            self.keep(code, event)

    def check_allowed(self, code: str, actor: Actor, command: c.Command) -> None:
        """A yes was given: was it one that may be given? Looks at the state from before the events."""
        state, book = self.groups[code], self.books[code]
        mine = state.role_of(actor.user)
        if isinstance(command, tuple(SERVICE_ACTS)):
            assert actor == SERVICE
            return
        assert state.status is not GroupStatus.CLOSED or isinstance(command, c.RemoveText)
        if isinstance(command, c.ApproveHeld | c.DenyHeld | c.ReleaseHeld | c.RejectHeld):
            # What a rule of the operator's holds is for its staff, what the group's own word holds for its admins.
            assert state.reviews[command.number].staff is isinstance(command, c.ReleaseHeld | c.RejectHeld)
        if isinstance(command, FOR_STAFF):
            assert actor.platform in ("moderator", "superadmin")
            assert actor.platform == "superadmin" or isinstance(command, FOR_MODERATORS)
            assert book.asked or not isinstance(command, c.GrantLimit | c.DenyLimit)
            return
        assert not (isinstance(command, SHUT) and book.suspended_until > self.now)
        assert mine is not None or isinstance(command, c.JoinGroup | c.LeaveGroup)
        if isinstance(command, AGAINST_A_PERSON) and command.user != actor.user:
            assert HEIGHT[mine] > HEIGHT[state.role_of(command.user)]
        elif isinstance(command, AGAINST_A_PERSON):
            assert isinstance(command, c.DeleteEntry), "acted on oneself"

    def check_came_in(self, code: str, event: e.Event) -> None:
        """Whoever comes in is below every cap the moment before, and not banned."""
        if isinstance(event, e.MemberJoined):
            state, book = self.groups[code], self.books[code]
            assert event.user not in state.members
            assert len(state.members) < book.limit
            assert len(state.members) != 5 or Role.ADMIN in {one.role for one in state.members.values()}
            assert event.giver or self.actor(event.user).groups_joined < MAX_GROUPS
            assert (event.user in BOTS) is bool(event.giver)
            assert book.bans.get(event.user, 0) <= self.now

    def keep(self, code: str, event: e.Event) -> None:
        """Note the event as the ledger would: it must survive JSON, and people must be told."""
        stored: Any = msgspec.json.decode(msgspec.json.encode(event), type=e.GroupEvent)
        assert stored == event
        assert type(stored) is type(event)
        self.books[code].note(stored)
        assert type(event) in TELLINGS
        tell_event(event)

    def may_post(self, code: str, user: str) -> Refusal | None:
        last = self.books[code].last_post.get(user, 0)
        refusal = check_post(self.groups[code], user, self.actor(user).identity, self.now, last, POLICY)
        if refusal:
            tell_refusal(refusal)
        return refusal

    def why_no_post(self, code: str, user: str) -> ErrorCode | None:
        """Answer like `check_post`, from the machine's own book."""
        state, book = self.groups[code], self.books[code]
        plain = state.role_of(user) is Role.MEMBER
        last = book.last_post.get(user, 0)
        reasons = {
            ErrorCode.GROUP_CLOSED: state.status is GroupStatus.CLOSED,
            ErrorCode.GROUP_SUSPENDED: book.suspended_until > self.now,
            ErrorCode.NOT_A_MEMBER: state.role_of(user) is None,
            ErrorCode.MUTED: book.mutes.get(user, 0) > self.now,
            ErrorCode.GROUP_MUTED: plain and (book.locked_until > self.now or self.is_silent_newcomer(code, user)),
            ErrorCode.SLOW_MODE: plain and state.slow_ms > 0 and self.now - last < state.slow_ms,
            ErrorCode.IDENTITY_REQUIRED: ACCOUNTS[user][0] is Identity.NONE,
        }
        return next((code for code, holds in reasons.items() if holds), None)

    def is_silent_newcomer(self, code: str, user: str) -> bool:
        first, last, until = self.books[code].antiraid
        return until > self.now and first <= self.groups[code].members[user].joined_ts <= last

    @invariant()
    def all_is_well(self) -> None:
        self.check_one_owner()
        self.check_what_is_kept()
        self.check_caps_hold()
        self.check_grades()
        self.check_lists_do_not_overlap()
        self.check_powers_belong_to_admins()
        self.check_offers_are_by_who_may_make_them()
        self.check_posts_are_refused_rightly()
        self.check_replay_gives_the_state()

    def open_now(self, ends: Iterable[int]) -> int:
        return sum(end > self.now for end in ends)

    def check_what_is_kept(self) -> None:
        """What is kept is of a closed group, and is a group's: with one owner, whom the state still names."""
        for state in self.groups.values():
            if state.kept is not None:
                assert state.status is GroupStatus.CLOSED
                owners = [one.user for one in state.kept.members.values() if one.role is Role.OWNER]
                assert owners == [state.owner]

    def check_one_owner(self) -> None:
        for state in self.groups.values():
            owners = [one.user for one in state.members.values() if one.role is Role.OWNER]
            assert owners == ([] if state.status is GroupStatus.CLOSED else [state.owner])

    def check_caps_hold(self) -> None:
        joined = Counter(user for state in self.groups.values() for user in state.members)
        assert all(count <= MAX_GROUPS for user, count in joined.items() if user not in BOTS)
        for code, state in self.groups.items():
            assert state.member_limit == self.books[code].limit <= 7
            assert state.asked_limit == self.books[code].asked <= 7
            assert len(state.members) <= state.member_limit
            admins = sum(member.role is Role.ADMIN for member in state.members.values())
            assert admins <= POLICY.admins_per_group
            bots = {user for user, member in state.members.items() if member.giver}
            assert bots <= {*BOTS} and len(bots) <= POLICY.bots_per_group
            assert not {state.owner, state.heir, state.successor} & {*BOTS}
            assert self.open_now(one.until_ms for one in state.bans.values()) <= POLICY.bans_per_group
            assert self.open_now(one.until_ms for one in state.requests.values()) <= POLICY.requests_per_group
            assert self.open_now(one.until_ms for one in state.invitations.values()) <= POLICY.invitations_per_group
            assert 0 <= state.slow_ms <= POLICY.slow_max_ms
            assert len(state.pins) <= POLICY.pins_per_group
            warned = Counter(user for user, until in self.books[code].warnings.values() if until > self.now)
            assert all(count <= POLICY.warnings_per_member for count in warned.values())
            assert state.warnings.keys() == self.books[code].warnings.keys()

    def check_grades(self) -> None:
        """No group stands below what its size and its category lead to."""
        for state in self.groups.values():
            size, category = max(0, len(state.members) - 5), {"music": 1, "news": 2}.get(state.category, 0)
            assert GRADE_HEIGHT[state.grade] >= max(size, category)

    def check_lists_do_not_overlap(self) -> None:
        for code, state in self.groups.items():
            members = state.members.keys()
            banned = {user for user, until in self.books[code].bans.items() if until > self.now}
            assert not banned & (members | state.requests.keys() | state.invitations.keys())
            assert not members & (state.requests.keys() | state.invitations.keys())
            assert not state.successor or (state.successor in members and state.successor != state.owner)
            assert not state.heir or (state.heir in members and state.heir != state.owner)
            assert all(user == member.user for user, member in state.members.items())

    def check_powers_belong_to_admins(self) -> None:
        for state in self.groups.values():
            assert all(member.role is Role.ADMIN for member in state.members.values() if member.permissions)

    def check_offers_are_by_who_may_make_them(self) -> None:
        """Whoever has given what is open may give it still; what the service gave after an appeal is nobody's."""
        for state in self.groups.values():
            for one in state.invitations.values():
                assert not one.by or state.holds(one.by, Permission.INVITE) or self.is_open_to(state, one.by)
            assert all(state.holds(one.by, Permission.INVITE) for one in state.invite_codes.values())
            assert not state.asked_limit or state.owner == self.asked_by(state)

    @staticmethod
    def is_open_to(state: GroupState, user: str) -> bool:
        return state.join_mode is JoinMode.OPEN and user in state.members

    def asked_by(self, state: GroupState) -> str:
        asked = [one for one in self.books[state.code].events if isinstance(one, e.LimitAsked)]
        return asked[-1].by

    def check_posts_are_refused_rightly(self) -> None:
        for code in self.groups:
            for user in ACCOUNTS:
                refusal = self.may_post(code, user)
                assert (refusal.code if refusal else None) == self.why_no_post(code, user)

    def check_replay_gives_the_state(self) -> None:
        for code, state in self.groups.items():
            assert replay(self.books[code].events) == state
            assert state.version == len(self.books[code].events)


TestGroupMachine = GroupMachine.TestCase


@pytest.mark.parametrize("seed", range(scaled(30)))
def test_long_walk(seed: int) -> None:
    """The same machine left to chance alone: long lives, in which rare things meet other rare things."""
    machine = GroupMachine()
    machine.begin(mode=JoinMode.APPROVAL, seed=seed)
    steps = [
        machine.members_ask,
        machine.admins_ask,
        machine.admins_ask,
        machine.owners_ask,
        machine.anyone_asks_anything,
        machine.doors_open,
        machine.staff_ask,
        machine.service_asks,
        machine.staff_looks_at_sizes,
        machine.service_raises_the_alarm,
        machine.owner_is_shut_out,
        machine.closing_is_overturned,
        machine.post,
        lambda: machine.wait(machine.random.choice([1, MINUTE_MS, HOUR_MS, DAY_MS])),
    ]
    for _ in range(400):
        machine.random.choice(steps)()
        machine.all_is_well()
        if machine.has_closed():
            machine.create()
