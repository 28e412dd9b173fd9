"""Commands at random, from a world so small that they meet each other.

They are built from a `Chance` that hypothesis seeds, not from strategies: hypothesis prefers a few
small values, and then whole kinds of commands hardly ever succeed. It still chooses, and shrinks, the
steps that a run has.
"""

from collections.abc import Callable, Sequence
from random import Random

from folkmoot_governance import Actor, Permission, PlatformRole
from folkmoot_governance.content.kinds import Action, Severity
from folkmoot_governance.duration import DAY_MS, FOREVER_MS, HOUR_MS, MINUTE_MS
from folkmoot_governance.group import commands as c
from folkmoot_governance.group.admission import code_id
from folkmoot_governance.group.events import PinWas, TextRemoved
from folkmoot_governance.group.removed_texts import REMOVABLE_TEXTS, GroupText
from folkmoot_governance.restrictions import Measure
from folkmoot_protocol.types import CommentPolicy, EntryKind, Identity, JoinMode, LinkRule, Role

CODES = ("100000000000", "200000000000", "300000000000")

# user: identity and platform role
ACCOUNTS: dict[str, tuple[Identity, PlatformRole | None]] = {
    "ana": (Identity.PERSON, None),
    "ben": (Identity.PERSON, None),
    "cai": (Identity.ORGANISATION, None),
    "dia": (Identity.MOBILE, None),
    "eve": (Identity.NONE, None),
    "mod": (Identity.PERSON, PlatformRole.MODERATOR),
    "sue": (Identity.PERSON, PlatformRole.SUPERADMIN),
    "vic": (Identity.NONE, PlatformRole.VIEWER),
}

USERS = tuple(ACCOUNTS)
WORDS = ("one", "/t+wo/", "three.example")
VERDICTS = (Action.FLAG, Action.HOLD, Action.REFUSE)
OVERTURNED = ("banned", "kicked", "muted", "closed", "group_warned", "entries_removed", "group_restricted")
"""Kinds of acts that an appeal makes void."""
REASONS = ("", "why", "{not} a placeholder", "话题")
DURATIONS = (1, MINUTE_MS, HOUR_MS, 40 * DAY_MS, FOREVER_MS)


class Chance(Random):
    """A source of chance that knows whom commands may be aimed at; a name may stand there more than once."""

    people: Sequence[str] = USERS


def user(chance: Chance) -> str:
    return chance.choice(chance.people)


BOTS = ("robo1", "robo2")
"""Bots, each of which is in any of the groups here."""


def anybody(chance: Chance) -> str:
    """Return somebody, or a bot."""
    return chance.choice([*chance.people, *BOTS])


def reason(chance: Chance) -> str:
    return chance.choice(REASONS)


def duration(chance: Chance) -> int:
    return chance.choice(DURATIONS)


def powers(chance: Chance) -> frozenset[Permission]:
    return frozenset(one for one in Permission if chance.random() < 0.6)


def applicants(chance: Chance) -> tuple[Actor, ...]:
    """Return some accounts, one of them perhaps twice; the machine fills in their counts."""
    return tuple(Actor(user(chance)) for _ in range(chance.randrange(6)))


def entry(chance: Chance) -> c.DeleteEntry:
    kind = chance.choice([EntryKind.TEXT, *EntryKind])
    return c.DeleteEntry(user(chance), seq=chance.randint(1, 9), ts=0, kind=kind, redacted=chance.random() < 0.2)


def found(chance: Chance) -> tuple[c.FoundEntry, ...]:
    return tuple(c.FoundEntry(seq, user(chance)) for seq in range(1, 9) if chance.random() < 0.3)


def text_removed(chance: Chance) -> TextRemoved:
    what = chance.choice(list(GroupText)[1:])
    whose = user(chance) if what is GroupText.TAG else ""
    instead = REMOVABLE_TEXTS[what].instead("")
    acts = (chance.randint(1, 60),) if what is GroupText.REASON else ()
    return TextRemoved(
        at=0, by="mod", what=what.value, text=instead, reason="r", user=whose, was_text="back", acts=acts
    )


def succession(chance: Chance) -> c.Succeed:
    """Replace somebody, who may be the owner, by some of those who may be in line."""
    candidates = [Actor(user(chance), identity=chance.choice(list(Identity))) for _ in range(3)]
    ends = (0, FOREVER_MS)
    return c.Succeed(
        user(chance),
        chance.choice(ends),
        tuple(c.Candidate(one, chance.choice([0, *ends])) for one in candidates),
        closed=chance.random() < 0.5,
    )


MEMBERS_ASK: dict[type[c.Command], Callable[[Chance], c.Command]] = {
    c.JoinGroup: lambda r: c.JoinGroup(reason(r)),
    c.LeaveGroup: lambda r: c.LeaveGroup(),
    c.AcceptTransfer: lambda r: c.AcceptTransfer(),
    c.DeleteEntry: entry,
}

ADMINS_ASK: dict[type[c.Command], Callable[[Chance], c.Command]] = {
    c.Invite: lambda r: c.Invite(user(r)),
    c.MakeInviteCode: lambda r: c.MakeInviteCode(
        code_id(r.choice(REASONS[1:])), r.choice([None, MINUTE_MS]), r.choice([0, 1, 2])
    ),
    c.RevokeInvitation: lambda r: c.RevokeInvitation(user(r)),
    c.RevokeInviteCode: lambda r: c.RevokeInviteCode(code_id(r.choice(REASONS[1:]))),
    c.DenyAllRequests: lambda r: c.DenyAllRequests(reason(r)),
    c.ApproveRequests: lambda r: c.ApproveRequests(applicants(r)),
    c.DenyRequest: lambda r: c.DenyRequest(user(r), reason=reason(r)),
    c.AddBot: lambda r: c.AddBot(r.choice(BOTS)),
    c.TakeBot: lambda r: c.TakeBot(anybody(r)),
    c.RemoveBot: lambda r: c.RemoveBot(anybody(r)),
    c.Kick: lambda r: c.Kick(anybody(r), reason=reason(r)),
    c.BanMember: lambda r: c.BanMember(user(r), duration(r), reason(r), r.random() < 0.5),
    c.Unban: lambda r: c.Unban(user(r)),
    c.MuteMember: lambda r: c.MuteMember(user(r), duration(r), reason(r), r.random() < 0.5),
    c.Unmute: lambda r: c.Unmute(user(r)),
    c.Lock: lambda r: c.Lock(duration(r), r.random() < 0.5),
    c.Unlock: lambda r: c.Unlock(),
    c.SetSlow: lambda r: c.SetSlow(r.choice([-1, 0, MINUTE_MS, 7 * HOUR_MS])),
    c.SetAntiraid: lambda r: c.SetAntiraid(r.choice([None, MINUTE_MS, DAY_MS]), r.random() < 0.5),
    c.EndAntiraid: lambda r: c.EndAntiraid(),
    c.Warn: lambda r: c.Warn(user(r), reason=reason(r)),
    c.Unwarn: lambda r: c.Unwarn(user(r), number=r.choice([0, 0, r.randint(1, 60)])),
    c.WriteNote: lambda r: c.WriteNote(user(r), text="a note"),
    c.ClearNotes: lambda r: c.ClearNotes(user(r)),
    c.Purge: lambda r: c.Purge(found(r), confirmed=r.random() < 0.8, again="/purge"),
    c.Pin: lambda r: c.Pin(r.randint(1, 9), user(r), r.choice([EntryKind.TEXT, *EntryKind]), r.random() < 0.1),
    c.Unpin: lambda r: c.Unpin(r.randint(1, 9)),
    c.SetTopic: lambda r: c.SetTopic(reason(r)),
    c.ApproveHeld: lambda r: c.ApproveHeld(r.randint(1, 60)),
    c.DenyHeld: lambda r: c.DenyHeld(r.randint(1, 60), reason(r)),
}

OWNERS_ASK: dict[type[c.Command], Callable[[Chance], c.Command]] = {
    c.Promote: lambda r: c.Promote(anybody(r), permissions=powers(r)),
    c.SetPermissions: lambda r: c.SetPermissions(user(r), permissions=powers(r)),
    c.Demote: lambda r: c.Demote(user(r)),
    c.SetTag: lambda r: c.SetTag(user(r), tag=reason(r)),
    c.OfferTransfer: lambda r: c.OfferTransfer(anybody(r)),
    c.WithdrawTransfer: lambda r: c.WithdrawTransfer(),
    c.SetLadder: lambda r: c.SetLadder(r.choice(["", "off", "1 mute 1h, 2 ban 1d", "2 kick", "2 mute 10"])),
    c.SetComments: lambda r: c.SetComments(r.choice(list(CommentPolicy)), r.choice([0, 0, 3])),
    c.SetLinks: lambda r: c.SetLinks(r.choice(list(LinkRule))),
    c.NameHeir: lambda r: c.NameHeir(anybody(r)),
    c.DropHeir: lambda r: c.DropHeir(),
    c.Rename: lambda r: c.Rename(reason(r)),
    c.SetCategory: lambda r: c.SetCategory(r.choice(["general", "music", "news", "no such"])),
    c.SetJoinMode: lambda r: c.SetJoinMode(r.choice(list(JoinMode))),
    c.SetQuestion: lambda r: c.SetQuestion(reason(r), tuple(r.sample(REASONS, 2))),
    c.SetMemberLimit: lambda r: c.SetMemberLimit(r.randint(0, 7)),
    c.SetInfoPage: lambda r: c.SetInfoPage(r.choice([True, False])),
    c.SetRules: lambda r: c.SetRules(reason(r)),
    c.Announce: lambda r: c.Announce(reason(r)),
    c.AddWord: lambda r: c.AddWord(r.choice(WORDS), r.choice(VERDICTS)),
    c.RemoveWord: lambda r: c.RemoveWord(r.choice(WORDS)),
    c.Rectify: lambda r: c.Rectify(r.randint(1, 60), reason(r)),
    c.Dissolve: lambda r: c.Dissolve(r.choice(["", "", *CODES])),
}

STAFF_ASK: dict[type[c.Command], Callable[[Chance], c.Command]] = {
    c.RemoveEntries: lambda r: c.RemoveEntries(found(r), reason(r), r.choice(["", "other", "no such"])),
    c.RemoveText: lambda r: c.RemoveText(
        r.choice(list(GroupText)).value,
        reason(r),
        user(r),
        acts=tuple(range(1, 60)),
        seqs=tuple(one.seq for one in found(r)),
        text=reason(r),
    ),
    c.SuspendGroup: lambda r: c.SuspendGroup(duration(r), reason(r), r.random() < 0.5),
    c.RestoreGroup: lambda r: c.RestoreGroup(reason(r)),
    c.RestrictGroup: lambda r: c.RestrictGroup(Measure.JOIN, duration(r), reason(r), r.random() < 0.5),
    c.FreeGroup: lambda r: c.FreeGroup(Measure.JOIN, reason(r)),
    c.CloseGroup: lambda r: c.CloseGroup(reason(r)),
    c.WarnGroup: lambda r: c.WarnGroup(duration(r), reason(r)),
    c.AcceptRectification: lambda r: c.AcceptRectification(reason(r)),
    c.RejectRectification: lambda r: c.RejectRectification(reason(r), r.choice([None, HOUR_MS])),
    c.GrantLimit: lambda r: c.GrantLimit(reason(r)),
    c.DenyLimit: lambda r: c.DenyLimit(reason(r)),
    c.ReleaseHeld: lambda r: c.ReleaseHeld(r.randint(1, 60)),
    c.RejectHeld: lambda r: c.RejectHeld(r.randint(1, 60), reason(r)),
}

SERVICE_ASKS: dict[type[c.Command], Callable[[Chance], c.Command]] = {
    c.EndMeasures: lambda r: c.EndMeasures(appealed=r.random() < 0.5, final=r.random() < 0.1),
    c.RecordVerdict: lambda r: c.RecordVerdict(
        user(r),
        "rule",
        r.choice(list(Severity)),
        r.choice(VERDICTS),
        seq=r.randint(1, 9),
        staff=r.random() < 0.5,
        own_rule=r.choice(["", "word:one"]),
    ),
    c.Regrade: lambda r: c.Regrade(r.choice([0, 50, 150]), r.choice([0, 0, 5000])),
    c.Succeed: succession,
    c.Overturn: lambda r: c.Overturn(
        user(r),
        r.randint(1, 60),
        r.choice(
            [
                "banned",
                "kicked",
                "muted",
                "closed",
                "group_warned",
                "entries_removed",
                "group_restricted",
                "limit_denied",
            ]
        ),
        reason=reason(r),
        restores=tuple(one.seq for one in found(r)),
        pins=tuple(PinWas(seq, user(r), seq) for seq in range(1, 9) if r.random() < 0.3),
        removed=r.choice([None, text_removed(r)]),
        asked_limit=r.choice([0, 0, 6, 7]),
    ),
    c.ReturnOwnership: lambda r: c.ReturnOwnership(
        user(r), user(r), r.choice([Role.ADMIN, Role.MEMBER]), tuple(sorted(powers(r))), user(r)
    ),
    c.Depart: lambda r: c.Depart(user(r)),
    c.WithdrawOffers: lambda r: c.WithdrawOffers(user(r)),
    c.TellDates: lambda r: c.TellDates({user(r): r.choice(list(PlatformRole)) for _ in range(r.randint(0, 3))}),
    c.RaiseAlarm: lambda r: c.RaiseAlarm(r.choice(["joins", "text"])),
}

COMMANDS_OF_PEOPLE = MEMBERS_ASK | ADMINS_ASK | OWNERS_ASK
COMMANDS = COMMANDS_OF_PEOPLE | STAFF_ASK | SERVICE_ASKS


def make_command(chance: Chance, makers: dict[type[c.Command], Callable[[Chance], c.Command]]) -> c.Command:
    """Return a command of any kind in `makers`, all equally likely."""
    return chance.choice(list(makers.values()))(chance)
