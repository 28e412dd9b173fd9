"""Who may do what. This table is the whole answer; `decide` reads it and adds nothing.

A row says, for one command: the least role in the group, the permission that an admin needs besides (an
owner has all), whether the actor must outrank the account aimed at, and whether it still works while the
platform has suspended the group. Commands of the platform's staff are in a table of their own, by duty
instead of rank (G14).
"""

from functools import cache

from msgspec import Struct

from folkmoot_protocol.types import Role

from .actor import Actor, PlatformRole
from .group import commands as c
from .restrictions import Power
from .roles import Permission


class Rule(Struct, frozen=True):
    """One row: what the actor needs for one command. `least` None: being a member is not needed."""

    least: Role | None
    permission: Permission | None = None
    outranks: bool = False
    while_suspended: bool = True


RULES: dict[type[c.Command], Rule] = {
    # command               least role     permission           outranks target   while suspended
    c.JoinGroup: Rule(None, while_suspended=False),
    c.LeaveGroup: Rule(None),
    c.AcceptTransfer: Rule(Role.MEMBER),
    c.Invite: Rule(Role.ADMIN, Permission.INVITE, while_suspended=False),
    c.MakeInviteCode: Rule(Role.ADMIN, Permission.INVITE, while_suspended=False),
    c.RevokeInvitation: Rule(Role.ADMIN, Permission.INVITE),
    c.RevokeInviteCode: Rule(Role.ADMIN, Permission.INVITE),
    c.ApproveRequests: Rule(Role.ADMIN, Permission.JOINS, while_suspended=False),
    c.DenyRequest: Rule(Role.ADMIN, Permission.JOINS),
    c.DenyAllRequests: Rule(Role.ADMIN, Permission.JOINS),
    c.Kick: Rule(Role.ADMIN, Permission.KICK, outranks=True),
    c.AddBot: Rule(Role.ADMIN, Permission.BOTS, while_suspended=False),
    c.TakeBot: Rule(Role.ADMIN, Permission.BOTS, outranks=True, while_suspended=False),
    c.RemoveBot: Rule(Role.ADMIN, Permission.BOTS, outranks=True),
    c.BanMember: Rule(Role.ADMIN, Permission.BAN, outranks=True),
    c.Unban: Rule(Role.ADMIN, Permission.BAN),
    c.MuteMember: Rule(Role.ADMIN, Permission.MUTE, outranks=True),
    c.Unmute: Rule(Role.ADMIN, Permission.MUTE, outranks=True),
    c.Warn: Rule(Role.ADMIN, Permission.WARN, outranks=True),
    c.Unwarn: Rule(Role.ADMIN, Permission.WARN, outranks=True),
    c.WriteNote: Rule(Role.ADMIN, Permission.WARN, outranks=True),
    c.ClearNotes: Rule(Role.ADMIN, Permission.WARN, outranks=True),
    c.DeleteEntry: Rule(Role.ADMIN, Permission.DELETE, outranks=True),
    c.Purge: Rule(Role.ADMIN, Permission.DELETE),
    c.Pin: Rule(Role.ADMIN, Permission.PIN),
    c.Unpin: Rule(Role.ADMIN, Permission.PIN),
    c.Lock: Rule(Role.ADMIN, Permission.LOCK),
    c.Unlock: Rule(Role.ADMIN, Permission.LOCK),
    c.SetSlow: Rule(Role.ADMIN, Permission.SLOW),
    c.SetAntiraid: Rule(Role.ADMIN, Permission.JOINS),
    c.EndAntiraid: Rule(Role.ADMIN, Permission.JOINS),
    c.SetTopic: Rule(Role.ADMIN, Permission.TOPIC),
    c.Promote: Rule(Role.OWNER, outranks=True),
    c.SetPermissions: Rule(Role.OWNER, outranks=True),
    c.Demote: Rule(Role.OWNER, outranks=True),
    c.SetTag: Rule(Role.OWNER),
    c.OfferTransfer: Rule(Role.OWNER, outranks=True),
    c.WithdrawTransfer: Rule(Role.OWNER),
    c.NameHeir: Rule(Role.OWNER, outranks=True),
    c.DropHeir: Rule(Role.OWNER),
    c.Rename: Rule(Role.OWNER),
    c.SetLadder: Rule(Role.OWNER),
    c.SetComments: Rule(Role.ADMIN, Permission.COMMENTS),
    c.SetLinks: Rule(Role.OWNER),
    c.SetCategory: Rule(Role.OWNER),
    c.SetJoinMode: Rule(Role.OWNER),
    c.SetQuestion: Rule(Role.OWNER),
    c.SetMemberLimit: Rule(Role.OWNER),
    c.SetInfoPage: Rule(Role.OWNER),
    c.SetRules: Rule(Role.OWNER),
    c.Announce: Rule(Role.OWNER),
    c.ApproveHeld: Rule(Role.ADMIN, Permission.DELETE, while_suspended=False),
    c.DenyHeld: Rule(Role.ADMIN, Permission.DELETE),
    c.AddWord: Rule(Role.OWNER),
    c.RemoveWord: Rule(Role.OWNER),
    c.Rectify: Rule(Role.OWNER),
    c.Dissolve: Rule(Role.OWNER),
}

GOVERNS = frozenset({Role.ADMIN, Role.OWNER})

NOT_MANAGING: frozenset[type[c.Command]] = frozenset(
    {c.Rectify, c.OfferTransfer, c.WithdrawTransfer, c.NameHeir, c.Dissolve}
)
"""What an owner may still do whose rights to manage groups the platform has suspended: answer it, hand over, end."""


def powers_for(kind: type[c.Command], rule: Rule) -> tuple[Power, ...]:
    """Return what the platform must have left to who asks for a command."""
    manages = rule.least in GOVERNS and kind not in NOT_MANAGING
    return (Power.MANAGE,) if manages or kind is c.AcceptTransfer else ()


IN_CHANNELS_ALONE: frozenset[type[c.Command]] = frozenset({c.SetComments})
"""What makes no sense in a group."""

IN_GROUPS_ALONE: frozenset[type[c.Command]] = frozenset(
    {
        *(c.ApproveRequests, c.DenyRequest, c.DenyAllRequests, c.SetJoinMode, c.SetQuestion, c.SetMemberLimit),
        *(c.SetAntiraid, c.EndAntiraid, c.Lock, c.Unlock, c.Announce, c.SetInfoPage),
        *(c.AddBot, c.TakeBot, c.RemoveBot),
    }
)
"""What makes no sense in a channel: its members are its editors, who are invited; its readers are no crowd at the door,
and who may comment is its policy of comments."""

NOT_FOR_BOTS: frozenset[type[c.Command]] = frozenset(
    {
        *(c.CreateGroup, c.OpenChannel, c.JoinGroup, c.AcceptTransfer),
        *(c.AddBot, c.TakeBot, c.RemoveBot, c.Invite, c.MakeInviteCode),
    }
)
"""What no bot asks for, whatever it has been entrusted with: it is in the group that it was made for and no other, and
brings nobody along."""

NEVER_BOTS: frozenset[type[c.Command]] = frozenset({c.OfferTransfer, c.NameHeir})
"""What is offered to people alone: no bot answers for a group."""

READS: dict[str, Rule] = {
    # what is read         least role, permission
    "log": Rule(Role.MEMBER),
    "duty": Rule(Role.ADMIN),
    "export": Rule(Role.OWNER),
    "bans": Rule(Role.ADMIN, Permission.BAN),
    "mutes": Rule(Role.ADMIN, Permission.MUTE),
    "requests": Rule(Role.ADMIN, Permission.JOINS),
    "invites": Rule(Role.ADMIN, Permission.INVITE),
    "log_of_all": Rule(Role.ADMIN),
    "warns_of_all": Rule(Role.ADMIN, Permission.WARN),
    "held": Rule(Role.ADMIN, Permission.DELETE),
    "appeals": Rule(Role.ADMIN),
    "words": Rule(Role.ADMIN, Permission.DELETE),
    "word_trial": Rule(Role.OWNER),
    "answers": Rule(Role.OWNER),
    "bots": Rule(Role.ADMIN, Permission.BOTS),
}
"""Who may read what of a group that not everybody may. A member's log, and its warnings, are of its own affairs; what
may be written by whom reads it (`/note`) has its row in `RULES`."""

OPEN_INVITE = Rule(Role.MEMBER, while_suspended=False)
"""Instead of the row of `Invite` while the join mode is open: whoever is invited could come in anyway."""

OWN_ENTRY = Rule(Role.MEMBER)
"""Instead of the row of `DeleteEntry` for one's own entry: no permission, but `Policy.delete_own_ms` at most."""

OWN_COMMENT = Rule(None)
"""The same in a channel, where readers comment who are no members."""

SCOPED = frozenset({PlatformRole.INSPECTOR})
"""Roles that are about cases, which are named when they are given, and that end: nothing but these cases opens."""

_STAFF = frozenset({PlatformRole.MODERATOR, PlatformRole.SAFETY_OFFICER, PlatformRole.SUPERADMIN})

PLATFORM_RULES: dict[str, frozenset[PlatformRole]] = {
    # act                 who on the operator's staff
    "read": frozenset(PlatformRole) - SCOPED,
    "read_case": frozenset(PlatformRole),
    "open_case": _STAFF | {PlatformRole.REVIEWER, PlatformRole.INSPECTOR},
    "remove_entry": _STAFF,
    "warn_group": _STAFF,
    "restrict_account": _STAFF,
    "suspend_group": _STAFF,
    "restore_group": _STAFF,
    "close_group": frozenset({PlatformRole.SAFETY_OFFICER, PlatformRole.SUPERADMIN}),
    "review_group": frozenset({PlatformRole.REVIEWER, PlatformRole.SAFETY_OFFICER, PlatformRole.SUPERADMIN}),
    "suspend_account": _STAFF,
    "restore_account": _STAFF,
    "withdraw_rights": frozenset({PlatformRole.SAFETY_OFFICER, PlatformRole.SUPERADMIN}),
    "close_account": frozenset({PlatformRole.SAFETY_OFFICER, PlatformRole.SUPERADMIN}),
    "attest_identity": frozenset({PlatformRole.REVIEWER, PlatformRole.SUPERADMIN}),
    "review_case": _STAFF | {PlatformRole.REVIEWER},
    "review_post": _STAFF | {PlatformRole.REVIEWER},
    "review_appeal": _STAFF | {PlatformRole.REVIEWER},
    "review_application": _STAFF | {PlatformRole.REVIEWER},
    "read_access": frozenset({PlatformRole.SAFETY_OFFICER, PlatformRole.SUPERADMIN}),
    "end_sessions": frozenset({PlatformRole.SAFETY_OFFICER, PlatformRole.SUPERADMIN}),
    "recover_account": frozenset({PlatformRole.SAFETY_OFFICER, PlatformRole.SUPERADMIN}),
    "set_credit": frozenset({PlatformRole.SAFETY_OFFICER, PlatformRole.SUPERADMIN}),
    "read_identity": frozenset({PlatformRole.REVIEWER, PlatformRole.SAFETY_OFFICER, PlatformRole.SUPERADMIN}),
    "read_texts": _STAFF | {PlatformRole.REVIEWER},
    "edit_words": _STAFF,
    "declare_emergency": frozenset({PlatformRole.SAFETY_OFFICER, PlatformRole.SUPERADMIN}),
    "assess_feature": frozenset({PlatformRole.SAFETY_OFFICER, PlatformRole.SUPERADMIN}),
    "announce": frozenset({PlatformRole.SAFETY_OFFICER, PlatformRole.SUPERADMIN}),
    "file_report": frozenset({PlatformRole.SAFETY_OFFICER, PlatformRole.SUPERADMIN}),
    "export_case": frozenset({PlatformRole.SAFETY_OFFICER, PlatformRole.SUPERADMIN}),
    "note_training": frozenset({PlatformRole.SAFETY_OFFICER, PlatformRole.SUPERADMIN}),
    "grant_role": frozenset({PlatformRole.SUPERADMIN}),
    "suspend_staff": frozenset({PlatformRole.SUPERADMIN}),
    "hold_entries": frozenset({PlatformRole.SAFETY_OFFICER, PlatformRole.SUPERADMIN}),
    "confirm_store": frozenset({PlatformRole.SUPERADMIN}),
}

PLATFORM_ACTS: dict[type[c.Command], str] = {
    c.RemoveEntries: "remove_entry",
    c.RemoveText: "remove_entry",
    c.Refute: "remove_entry",
    c.WithdrawRefutation: "remove_entry",
    c.WarnGroup: "warn_group",
    c.AcceptRectification: "warn_group",
    c.RejectRectification: "warn_group",
    c.SuspendGroup: "suspend_group",
    c.RestoreGroup: "restore_group",
    c.RestrictGroup: "suspend_group",
    c.FreeGroup: "restore_group",
    c.CloseGroup: "close_group",
    c.GrantLimit: "review_group",
    c.DenyLimit: "review_group",
    c.ReleaseHeld: "review_post",
    c.RejectHeld: "review_post",
    c.ReviewChannel: "review_application",
    c.GrantCredential: "review_application",
    c.RevokeCredential: "withdraw_rights",
}


SERVICE_ACTS: frozenset[type[c.Command]] = frozenset(
    {
        *(c.EndMeasures, c.Depart, c.RaiseAlarm, c.RecordVerdict, c.Succeed),
        *(c.Regrade, c.Overturn, c.WithdrawOffers, c.ReturnOwnership, c.TellDates, c.WithdrawBadge),
    }
)
"""What the service does by itself, as `actor.SERVICE`, also in a group that is closed; nobody can ask for it."""


UNSECURED = frozenset({"read", "read_case"})
"""What staff may do without a second factor though the operator asks for one. Whatever else they do acts on somebody,
or opens what is personal."""


def may_on_platform(role: PlatformRole | None, act: str) -> bool:
    """Say whether a platform role covers `act`, a key of `PLATFORM_RULES`."""
    return role is not None and role in PLATFORM_RULES[act]


@cache
def acts_of(role: PlatformRole | None) -> tuple[str, ...]:
    """Return the acts that a platform role covers."""
    return tuple(act for act in PLATFORM_RULES if may_on_platform(role, act))


def is_in_scope(actor: Actor, case: str) -> bool:
    """Say whether an actor's platform role is about a case: most are about all, `SCOPED` ones about those named."""
    return actor.platform not in SCOPED or case in actor.cases
