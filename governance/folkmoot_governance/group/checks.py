"""The checks that stand before every decision: is the group alive, and may this actor do this?"""

from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import ChannelForm, GroupStatus, JoinMode

from ..actor import Actor
from ..classification import Grade, closed_border, most_members
from ..credit import level_of
from ..emergency import check_emergency
from ..measure_checks import check_group, check_power
from ..permissions import (
    IN_CHANNELS_ALONE,
    IN_GROUPS_ALONE,
    NEVER_BOTS,
    NOT_FOR_BOTS,
    OPEN_INVITE,
    OWN_COMMENT,
    OWN_ENTRY,
    PLATFORM_ACTS,
    RULES,
    SERVICE_ACTS,
    Rule,
    may_on_platform,
    powers_for,
)
from ..policy import IDENTITY_ORDER, Policy
from ..refusal import Refusal
from ..restrictions import Power
from ..roles import RANK, outranks
from ..text import N_
from ..verification import check_level
from . import commands as c
from .state import GroupState, Member


def refuse(code: ErrorCode, text: str, /, **detail: object) -> Refusal:
    """Return a refusal; `detail` fills the text's placeholders and goes to programs."""
    return Refusal(code, text, detail)


def rule_for(state: GroupState, command: c.Command, actor: Actor, now: int) -> Rule:
    """Return the row of the permission table that counts for `command` at `now`."""
    if isinstance(command, c.Invite):
        return rule_to_invite(state, in_raid=state.holds_off_raid(now))
    if isinstance(command, c.DeleteEntry) and command.user == actor.user:
        return OWN_ENTRY if state.form is None or actor.user in state.members else OWN_COMMENT
    return RULES[type(command)]


def rule_to_invite(state: GroupState, *, in_raid: bool) -> Rule:
    """Return the row that counts for inviting: while a raid is held off no plain member does."""
    return OPEN_INVITE if state.join_mode is JoinMode.OPEN and not in_raid else RULES[c.Invite]


def may_invite(state: GroupState, user: str, *, in_raid: bool) -> bool:
    """Say whether `user` may invite; what it has given holds as long. The service, without a name, always may."""
    return not user or check_role(state, rule_to_invite(state, in_raid=in_raid), Actor(user)) is None


def may_make_codes(state: GroupState, user: str) -> bool:
    """Say whether `user` may make invite codes; those that it has made hold as long."""
    return check_role(state, RULES[c.MakeInviteCode], Actor(user)) is None


def check_standing(state: GroupState, now: int, *, while_suspended: bool) -> Refusal | None:
    """Refuse what a closed or suspended group no longer allows (G11.1)."""
    standing = state.standing(now)
    if standing is GroupStatus.CLOSED:
        return refuse(ErrorCode.GROUP_CLOSED, N_("This group is closed."))
    if standing is GroupStatus.SUSPENDED and not while_suspended:
        until = state.status_until_ms
        return refuse(ErrorCode.GROUP_SUSPENDED, N_("The platform has suspended this group {until}."), until_ms=until)
    return None


def check_form(state: GroupState, kind: type[c.Command]) -> Refusal | None:
    """Refuse what makes no sense in a channel, or in a group."""
    return refuse_form(state) if kind in (IN_CHANNELS_ALONE if state.form is None else IN_GROUPS_ALONE) else None


FOR_CHANNELS = N_("That is for channels; this is a group.")
FOR_GROUPS = N_("That is for groups; a channel has readers instead of members.")


def refuse_form(state: GroupState) -> Refusal:
    """Return that something is for channels, where it was asked for in a group, or the other way round."""
    text = FOR_CHANNELS if state.form is None else FOR_GROUPS
    return refuse(ErrorCode.FORBIDDEN, text, rule="channel", help="/help")


def check_owner(state: GroupState, user: str) -> Refusal | None:
    """Refuse to let anybody else own a person's own channel: what it says stands under that person's name (W2)."""
    if state.form is not ChannelForm.PERSONAL or user == state.handle:
        return None
    text = N_(
        "This channel is @{user}'s own, under that name: nobody else can own it. A public account can change hands."
    )
    return refuse(ErrorCode.FORBIDDEN, text, user=state.handle, rule="channel.personal", help="/apply channel")


def check_subject(have: int, limit: int) -> Refusal | None:
    """Refuse one public account more than a subject may have; 0: any number."""
    if not limit or have < limit:
        return None
    text = N_("You have as many public accounts as one person or organisation may: {have} of {limit}.")
    detail = {"have": have, "limit": limit, "rule": "policy.channels.per_subject"}
    return refuse(ErrorCode.CHANNEL_QUOTA, text, **detail, help="/apply quota")


FOR_PEOPLE = refuse(ErrorCode.FORBIDDEN, N_("Bots cannot do this: it is for people."), rule="bots", help="/bot list")


def check_bot(command: c.Command) -> Refusal | None:
    """Refuse a bot what is for people alone."""
    return FOR_PEOPLE if type(command) in NOT_FOR_BOTS else None


def check_outsider(state: GroupState, user: str, now: int) -> Refusal | None:
    """Refuse to bring in who is in the group already, or is banned from it."""
    if user in state.members:
        return refuse(ErrorCode.ALREADY_MEMBER, N_("@{user} is a member already."), user=user)
    ban = state.ban_of(user, now)
    if ban:
        text = N_("@{user} is banned here: /unban @{user} first.")
        return refuse(ErrorCode.BANNED, text, user=user, until_ms=ban.until_ms, help=f"/unban @{ban.user}")
    return None


def check_giver(state: GroupState, member: Member) -> Refusal | None:
    """Refuse a bot while who answers for it is not in the group."""
    if not member.giver or member.giver in state.members:
        return None
    text = N_("@{giver}, who answers for this bot, is no longer here: somebody has to take it over with {help}.")
    return refuse(ErrorCode.FORBIDDEN, text, giver=member.giver, rule="bots", help=f"/bot token {member.user}")


def check_role(state: GroupState, rule: Rule, actor: Actor) -> Refusal | None:
    """Refuse an actor whose role or permissions are not enough for `rule`."""
    role = state.role_of(actor.user)
    if rule.least is None:
        return None
    if role is None:
        return refuse(ErrorCode.NOT_A_MEMBER, N_("You are not a member of this group."))
    refusal = check_giver(state, state.members[actor.user])
    if refusal:
        return refusal
    if RANK[role] < RANK[rule.least]:
        return refuse(
            ErrorCode.FORBIDDEN,
            N_("This needs the role {needed}; your role here is {role}."),
            needed=rule.least,
            role=role,
        )
    if rule.permission and not state.holds(actor.user, rule.permission):
        text = N_("The owner has not given you the permission {permission}.")
        return refuse(ErrorCode.FORBIDDEN, text, permission=rule.permission, help="/rights")
    return None


def check_target(state: GroupState, rule: Rule, command: c.Command, actor: Actor) -> Refusal | None:
    """Refuse to act on an equal or a superior."""
    if not isinstance(command, c.TargetedCommand):
        return None
    target = state.members.get(command.user) if type(command) in NEVER_BOTS else None
    if target is not None and target.giver:
        text = N_("@{user} is a bot: that is for people.")
        return refuse(ErrorCode.FORBIDDEN, text, user=command.user, rule="bots", help="/bot list")
    if not rule.outranks:
        return None
    if command.user == actor.user:
        return refuse(ErrorCode.FORBIDDEN, N_("You cannot do this to yourself."), rule="permissions.oneself")
    theirs = state.role_of(command.user)
    if outranks(state.role_of(actor.user), theirs):
        return None
    return refuse(
        ErrorCode.OUTRANKED,
        N_("@{user} is {role} here: you can only act on members below your own role."),
        user=command.user,
        role=theirs,
    )


def check_permission(state: GroupState, command: c.Command, actor: Actor, now: int) -> Refusal | None:
    """Run all checks that the permission table asks for, the group's standing first."""
    if type(command) in SERVICE_ACTS:
        return (
            refuse(ErrorCode.FORBIDDEN, N_("Only the service itself can do this."), rule="service")
            if actor.user
            else None
        )
    if type(command) in PLATFORM_ACTS:
        if not may_on_platform(actor.platform, PLATFORM_ACTS[type(command)]):
            return refuse(ErrorCode.FORBIDDEN, N_("Your platform role does not cover this."), rule="platform_roles")
        if isinstance(command, c.RemoveText):
            # The info page of a closed group still shows its texts.
            return None
        return check_standing(state, now, while_suspended=True)
    rule = rule_for(state, command, actor, now)
    return (
        check_form(state, type(command))
        or check_standing(state, now, while_suspended=rule.while_suspended)
        or check_role(state, rule, actor)
        or check_powers(state, rule, command, actor, now)
        or check_target(state, rule, command, actor)
    )


def check_powers(state: GroupState, rule: Rule, command: c.Command, actor: Actor, now: int) -> Refusal | None:
    """Refuse who has what the role asks for, but may not use it now, for a measure of the platform (G11.2)."""
    for power in powers_for(type(command), rule) if actor.restrictions or state.restrictions else ():
        refusal = check_power(actor.restrictions, power, now) or check_group(state.restrictions, power, now)
        if refusal:
            return refusal
    return None


def check_joiner(state: GroupState, joiner: Actor, now: int, policy: Policy) -> Refusal | None:
    """Refuse who may not become a member now: banned, stopped by the platform, or a cap is reached (G8.1)."""
    ban = state.ban_of(joiner.user, now)
    if ban:
        text = N_("@{user} is banned from this group {until}.")
        return refuse(ErrorCode.BANNED, text, user=joiner.user, until_ms=ban.until_ms, reason=ban.reason, case=ban.case)
    refusal = (
        check_group(state.restrictions, Power.JOIN, now)
        or check_emergency(joiner.emergencies, Power.JOIN, now, state.code, state.category)
        or check_power(joiner.restrictions, Power.JOIN, now, joiner.user)
        or check_room(state, policy)
    )
    if refusal:
        return refusal
    limit = policy.quota_of(joiner.credit).groups_joined
    if joiner.groups_joined >= limit:
        text = N_("@{user} is in as many groups as they may be: {current} of {limit}.")
        detail = {"current": joiner.groups_joined, "limit": limit, "rule": quota_rule(joiner, policy, "groups_joined")}
        return refuse(ErrorCode.JOIN_QUOTA, text, user=joiner.user, **detail)
    return None


def quota_rule(actor: Actor, policy: Policy, name: str) -> str:
    """Return the setting that a quota of the actor's credit level comes from."""
    return f"policy.quota.{level_of(policy.credit, actor.credit).name}.{name}"


def check_room(state: GroupState, policy: Policy) -> Refusal | None:
    """Refuse one member more than the owner's limit, or than a group with so few admins may have (G8.1)."""
    current, limit = len(state.members), most_members(policy.grades, state)
    if current < limit:
        return None
    border = closed_border(policy.grades, state)
    if border is None:
        text = N_("The group is full: {current} of {limit} members.")
        return refuse(ErrorCode.GROUP_FULL, text, current=current, limit=limit, rule="member_limit")
    above = border[1]
    text = N_("The group is full: to have more than {limit} members it needs {needed} admins besides its owner.")
    rule = f"policy.grades.{above.name}.least_admins"
    detail = {"current": current, "limit": limit, "needed": above.least_admins}
    return refuse(ErrorCode.GROUP_FULL, text, **detail, rule=rule, help="/promote")


def check_founder(founder: Actor, grade: Grade, now: int, policy: Policy) -> Refusal | None:
    """Refuse who may not answer for a group of `grade` as its owner: identity level, credit (G7, G8.3)."""
    needed = max(policy.to_create_group, grade.creator_identity, key=IDENTITY_ORDER.index)

    def missing(policy: Policy) -> Refusal:
        text = N_("Owning a group needs a verified identity: {needed}.")
        of_grade = needed is not policy.to_create_group
        rule = f"policy.grades.{grade.name}.creator_identity" if of_grade else "policy.identity.to_create_group"
        return refuse(ErrorCode.IDENTITY_REQUIRED, text, needed=needed, rule=rule, help="/verify")

    refusal = check_level(founder.identity, founder.verified_ts, needed, now, policy, missing)
    if refusal:
        return refusal
    if founder.credit < grade.creator_credit:
        text = N_("Owning a group of grade {grade} needs a credit of {needed}; @{user} has {current}.")
        detail = {"grade": grade.name, "needed": grade.creator_credit, "user": founder.user, "current": founder.credit}
        rule = f"policy.grades.{grade.name}.creator_credit"
        return refuse(ErrorCode.CREDIT_TOO_LOW, text, **detail, rule=rule, help="/credit")
    return None


def check_category(category: str, policy: Policy) -> Refusal | None:
    """Refuse a category that the operator has not set (G7)."""
    if category in policy.categories:
        return None
    known = ", ".join(sorted(policy.categories))
    return refuse(
        ErrorCode.BAD_REQUEST,
        N_("There is no category {category}; there are: {known}."),
        category=category,
        known=known,
        rule="policy.categories",
        help="/category",
    )
