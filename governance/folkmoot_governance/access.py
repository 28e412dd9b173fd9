"""Who gets through which door: what each request asks of whoever sends it, and what each state that somebody can be in
takes from them (W6, G9, G11).

A *need* is one thing that is asked. Who lacks one of those that something has is refused, with the code that their
state says; who lacks none is not refused for who they are. What a slash command asks follows from the command that it
gives to the group (`permissions.RULES`, `published.IN_COMMANDS`) or from what it reads (`permissions.READS`), what a
verb of administration asks from `permissions.PLATFORM_RULES`. A test tries everything in every state, and expects what
the tables say.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct, field

from folkmoot_protocol import requests as rq
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Role

from .account_events import AccountRestricted
from .actor import PlatformRole
from .emergency import Halt
from .group import commands as c
from .measures import MEASURES, Row
from .permissions import RULES, SCOPED, Rule, may_on_platform, powers_for
from .published import IN_COMMANDS, TEXTS, Text
from .restrictions import Power


class Need(StrEnum):
    """What can be asked of somebody."""

    NO_SESSION = "not to be signed in"
    ACCOUNT = "an account"
    OPEN_ACCOUNT = "an account that is not suspended"
    CODE = "a code that staff has given, or that was sent"
    SESSION = "to be signed in"
    AGREEMENT = "to have accepted the agreement in force"
    MEMBERSHIP = "to be a member"
    ADMIN = "to be admin or owner"
    PERMISSION = "the owner's permission"
    OWNER = "to be the owner"
    NO_OWNER = "not to be the owner"
    OUTSIDE = "not to be a member yet"
    ENTRY = "neither to be banned nor to have been kicked just now"
    STANDING = "that the group is not suspended"
    CALM = "that no emergency makes the group read-only"
    DOORS = "that no emergency keeps people out of the group"
    VOICE = "not to be muted in the group"
    POST = "that the platform lets one post"
    JOIN = "that the platform lets one join"
    CREATE = "that the platform lets one create groups"
    MANAGE = "that the platform lets one manage groups"
    IDENTITY = "the identity that the operator asks for"
    HIT = "to be whom it hit"
    SHARED = "a group in common"
    STAFF = "a platform role that covers it"
    SCOPE = "that the case is one of those that the role is about"
    WORK = "that one's platform role does not rest"


Needs = frozenset[Need]
Lacks = Mapping[Need, ErrorCode]
"""What somebody lacks, each with the code with which they are refused what needs it."""


def _needs(*needs: Need) -> Needs:
    return frozenset(needs)


INSIDE = _needs(Need.MEMBERSHIP)
IN_GROUP = ((("group",), INSIDE),)


class Request(Struct, frozen=True, kw_only=True):
    """What a request asks of whoever sends it.

    `login`: one must be signed in; False: must not be yet; None: must be, or give an account and its password.
    `agreed`: one must have accepted the agreement in force (G5.2). `about` says what is asked for the sake of what the
    request is about: the first of its rows whose fields are all given counts. `needs` is what else is asked.
    `people`: no bot may.
    """

    login: bool | None = True
    agreed: bool = False
    people: bool = False
    about: tuple[tuple[tuple[str, ...], Needs], ...] = ()
    needs: Needs = frozenset()

    def needs_about(self, request: rq.Request) -> Needs:
        """Return what is asked for the sake of what a request is about."""
        rows = (needs for names, needs in self.about if all(getattr(request, name) is not None for name in names))
        return next(rows, frozenset())


REQUESTS: dict[type[rq.Request], Request] = {
    rq.Register: Request(login=False),
    rq.Login: Request(login=False, needs=_needs(Need.ACCOUNT, Need.OPEN_ACCOUNT)),
    rq.Resume: Request(login=False, needs=_needs(Need.ACCOUNT, Need.OPEN_ACCOUNT)),
    rq.Appeal: Request(login=False, needs=_needs(Need.ACCOUNT)),
    rq.Recover: Request(login=False),
    rq.ResetPassword: Request(login=False, needs=_needs(Need.ACCOUNT, Need.CODE)),
    rq.GetNotices: Request(login=None, needs=_needs(Need.ACCOUNT)),
    rq.ReadNotices: Request(login=None, needs=_needs(Need.ACCOUNT)),
    rq.Logout: Request(),
    rq.ChangePassword: Request(people=True),
    rq.SecondFactor: Request(people=True),
    rq.AcceptAgreement: Request(people=True),
    rq.GetAccount: Request(),
    rq.CreateGroup: Request(people=True, agreed=True, needs=_needs(Need.CREATE, Need.IDENTITY)),
    rq.ListGroups: Request(),
    rq.GetGroup: Request(),
    rq.JoinGroup: Request(
        people=True, agreed=True, needs=_needs(Need.OUTSIDE, Need.STANDING, Need.DOORS, Need.ENTRY, Need.JOIN)
    ),
    rq.LeaveGroup: Request(needs=_needs(Need.MEMBERSHIP, Need.NO_OWNER)),
    rq.ListMembers: Request(about=IN_GROUP),
    rq.RunCommand: Request(about=IN_GROUP),
    rq.ListCommands: Request(about=IN_GROUP),
    rq.Post: Request(agreed=True, about=IN_GROUP),
    rq.Edit: Request(agreed=True, about=IN_GROUP),
    rq.React: Request(agreed=True, about=IN_GROUP),
    rq.GetHistory: Request(about=IN_GROUP),
    rq.Search: Request(about=IN_GROUP),
    rq.Sync: Request(),
    rq.MarkRead: Request(about=IN_GROUP),
    rq.Typing: Request(about=IN_GROUP, needs=_needs(Need.STANDING, Need.CALM, Need.VOICE, Need.POST, Need.IDENTITY)),
    rq.Report: Request(
        people=True,
        about=((("group", "seq"), INSIDE), (("user",), _needs()), (("group",), _needs(Need.NO_OWNER))),
    ),
    rq.Upload: Request(agreed=True, needs=_needs(Need.POST, Need.IDENTITY)),
    rq.GetMedia: Request(),
    rq.OpenChannel: Request(people=True, agreed=True, needs=_needs(Need.CREATE, Need.POST, Need.IDENTITY)),
    rq.Apply: Request(people=True, agreed=True),
    rq.GetChannel: Request(),
    rq.Follow: Request(people=True, agreed=True),
    rq.Unfollow: Request(),
    rq.ListFollows: Request(),
    rq.GetHome: Request(),
    rq.GetPosts: Request(),
    rq.GetThread: Request(),
    rq.GetReposts: Request(),
    rq.Admin: Request(people=True, needs=_needs(Need.STAFF, Need.WORK)),
}
"""For each request. `sync` and `media` leave out the groups that one is no member of."""

GET_OUT = frozenset({"account", "leave", "transfer", "heir", "dissolve", "delete", "uninvite", "verify", "unfollow"})
BE_HEARD = frozenset({"report", "appeal", "counter", "cases", "rectify", "sanctions", "credit", "notices", "mediate"})
READ_GROUP = frozenset(
    {"info", "id", "rules", "members", "admins", "editors", "whois", "search", "pins", "log", "export", "duty"}
)
READ_OWN = frozenset({"help", "warns", "limits", "uptime", "sessions", "signins", "mydata", "proof"})
SET_FOR_ONESELF = frozenset({"ignore", "notify", "lang"})

OPEN_TO_ALL: dict[str, frozenset[str]] = {
    "get out, hand over, take back what one has said, asked or shown of oneself": GET_OUT,
    "be heard, and learn what was decided": BE_HEARD,
    "read what was said and decided in one's groups": READ_GROUP,
    "read one's own record, and which devices have it": READ_OWN,
    "set what concerns oneself alone": SET_FOR_ONESELF,
}
"""What new terms never stand in the way of, by slash command (G5.2). What waits until they are accepted: saying
something, coming in, governing others."""

WITHOUT_AGREEMENT = frozenset[str]().union(*OPEN_TO_ALL.values())

PEOPLES = frozenset(
    {
        *("report", "appeal", "counter", "mediate", "apply", "verify", "account", "follow", "unfollow", "repost"),
        *("sessions", "create", "join", "bot", "webhook"),
    }
)
"""What no bot asks for, by slash command: it is about a person, or who answers for the bot does it."""

AFTER_CLOSING = frozenset({"log", "export", "appeal", "sanctions", "notices", "cases"})
"""What who led a group may still ask in it when the platform has closed it, until the term of appeal is over, by slash
command."""

FOR_READERS = frozenset(
    {"report", "delete", "id", "rules", "follow", "unfollow", "comments", "repost", "appeal", "sanctions", "cases"}
)
"""What readers of a channel may ask in it who are no members, by slash command; of what they do there they are told
whether they may, by the rule of what they ask."""

OF_CHANNELS = frozenset({"editors"})
"""What makes sense in channels alone, and is no command to them (`permissions.IN_CHANNELS_ALONE`)."""

OF_GROUPS = frozenset({"me", "react"})
"""What makes sense in groups alone, and is no command to them."""

COMMANDS: dict[type[c.Command], Needs] = {
    c.CreateGroup: REQUESTS[rq.CreateGroup].needs,
    c.JoinGroup: REQUESTS[rq.JoinGroup].needs,
    c.LeaveGroup: REQUESTS[rq.LeaveGroup].needs,
    c.AcceptTransfer: _needs(Need.AGREEMENT),
    c.ApproveRequests: _needs(Need.DOORS),
    c.ApproveHeld: _needs(Need.CALM),
}
"""What some commands ask besides their row in `permissions.RULES`. Handing over takes no agreement, taking over
does."""

CASES: dict[str, Needs] = {
    "appeal": _needs(Need.HIT),
    "mediation": _needs(Need.SHARED),
}
"""What it takes to open a case, other than a report: against a measure, with somebody."""


def needs_of_text(text: Text, *, in_group: bool = True) -> Needs:
    """Return what is asked of the author of a text, by its row in `published.TEXTS`; `in_group`: it is said in one."""
    asked = {
        Need.VOICE: text.mute and in_group,
        Need.POST: text.mute,
        Need.IDENTITY: text.identity,
        Need.STANDING: text.standing and in_group,
        Need.CALM: text.standing and in_group,
    }
    return frozenset(need for need, is_asked in asked.items() if is_asked)


def texts_at(place: str) -> Iterable[Text]:
    """Return the texts that are typed at a place, such as `post.body` or `/topic`."""
    return (text for text in TEXTS for one in text.enters if place in (one, one.split(" ")[0]))


def needs_of_texts(texts: Iterable[Text], *, in_group: bool = True) -> Needs:
    """Return what is asked of the author of several texts."""
    return frozenset[Need]().union(*(needs_of_text(text, in_group=in_group) for text in texts))


def needs_of_request(request: rq.Request) -> Needs:
    """Return what a request asks, with the texts that it has."""
    row, name = REQUESTS[type(request)], str(request.__struct_config__.tag)
    given = [field for field in request.__struct_fields__ if getattr(request, field) not in (None, "")]
    by_password = {"user", "password"} <= set(given)
    own = {
        Need.SESSION: row.login or (row.login is None and not by_password),
        Need.NO_SESSION: row.login is False,
        Need.AGREEMENT: row.agreed,
    }
    texts = (text for field in given for text in texts_at(f"{name}.{field}"))
    more = {need for need, is_asked in own.items() if is_asked} | needs_of_texts(texts, in_group="group" in given)
    return row.needs | row.needs_about(request) | more


def needs_of_rule(rule: Rule) -> Needs:
    """Return what a row of `permissions.RULES` or `permissions.READS` asks."""
    roles = {
        None: _needs(),
        Role.MEMBER: _needs(Need.MEMBERSHIP),
        Role.ADMIN: _needs(Need.MEMBERSHIP, Need.ADMIN),
        Role.OWNER: _needs(Need.MEMBERSHIP, Need.ADMIN, Need.OWNER),
    }
    more = {Need.PERMISSION: bool(rule.permission), Need.STANDING: not rule.while_suspended}
    return roles[rule.least] | {need for need, is_asked in more.items() if is_asked}


def needs_of_command(kind: type[c.Command], *, says: bool) -> Needs:
    """Return what a command to a group asks; `says`: with the texts that it can have."""
    rule = RULES.get(kind)
    needs = COMMANDS.get(kind, frozenset())
    if rule is not None:
        needs |= needs_of_rule(rule) | {Need[power.name] for power in powers_for(kind, rule)}
    texts = IN_COMMANDS.get(kind, {}).values() if says else ()
    return needs | needs_of_texts(texts, in_group=kind is not c.CreateGroup)


class State(Struct, frozen=True, kw_only=True):
    """What somebody can be in besides their role in a group: what they `lack` by it, and `have` all the same.

    `roles`: who can be in it, None being who is no member. `signed_in`: whether they can sign in. `platform`: their
    role on the operator's staff.
    """

    name: str
    lacks: Lacks = field(default_factory=dict)
    has: Needs = frozenset()
    roles: tuple[Role | None, ...] = (None, Role.MEMBER, Role.ADMIN, Role.OWNER)
    signed_in: bool = True
    platform: PlatformRole | None = None


def _lacks(code: ErrorCode, *needs: Need) -> Lacks:
    return dict.fromkeys(needs, code)


_INSIDE = {Need.OUTSIDE: ErrorCode.ALREADY_MEMBER}

ROLES: dict[Role | None, Lacks] = {
    None: {
        **_lacks(ErrorCode.NOT_A_MEMBER, Need.MEMBERSHIP, Need.ADMIN, Need.PERMISSION, Need.OWNER),
        **_lacks(ErrorCode.FORBIDDEN, Need.SHARED),
    },
    Role.MEMBER: {**_INSIDE, **_lacks(ErrorCode.FORBIDDEN, Need.ADMIN, Need.PERMISSION, Need.OWNER)},
    Role.ADMIN: {**_INSIDE, **_lacks(ErrorCode.FORBIDDEN, Need.OWNER)},
    Role.OWNER: {**_INSIDE, **_lacks(ErrorCode.FORBIDDEN, Need.NO_OWNER)},
}
"""What each role in a group lacks."""

SIGNED_IN: Lacks = {Need.NO_SESSION: ErrorCode.BAD_REQUEST}
SIGNED_OUT: Lacks = {Need.SESSION: ErrorCode.NOT_AUTHENTICATED}
ANYBODY: Lacks = {Need.CODE: ErrorCode.AUTH_FAILED, Need.HIT: ErrorCode.FORBIDDEN}
"""What only one has, whom it was given, or done to."""


def _stopped(row: Row) -> Lacks:
    """Return what somebody lacks who is hit by a measure."""
    return {Need[power.name]: row.code for power in Power if power in row.stops and power.name in Need.__members__}


def _measured(row: Row) -> State:
    if Power.WORK in row.stops:
        return State(name=row.name, lacks=_stopped(row), roles=OUTSIDER, platform=PlatformRole.SUPERADMIN)
    return State(name=row.name, lacks=_stopped(row))


OUTSIDER, MEMBER, MODERATOR = (None,), (Role.MEMBER,), (Role.ADMIN,)
WAS_INSIDE = _needs(Need.SHARED)
MEASURED = tuple(_measured(row) for row in MEASURES if row.event is AccountRestricted)
"""Who is hit by a measure of the platform, by its row."""

HALTED = {Halt.READ_ONLY: Need.CALM, Halt.JOINS: Need.DOORS}
IN_EMERGENCY = tuple(
    State(name=f"in an emergency, {halt}", lacks=_lacks(ErrorCode.EMERGENCY, need)) for halt, need in HALTED.items()
)
"""Who is in a group where something stands still."""

OUT_OF_SCOPE = _lacks(ErrorCode.NO_SUCH_ENTRY, Need.SCOPE)

STATES: tuple[State, ...] = (
    State(name="in good standing"),
    State(
        name="stranger",
        lacks=_lacks(ErrorCode.AUTH_FAILED, Need.ACCOUNT, Need.OPEN_ACCOUNT),
        roles=OUTSIDER,
        signed_in=False,
    ),
    State(name="suspended", lacks=_lacks(ErrorCode.ACCOUNT_SUSPENDED, Need.OPEN_ACCOUNT), signed_in=False),
    State(name="agreement declined", lacks=_lacks(ErrorCode.AGREEMENT_REQUIRED, Need.AGREEMENT)),
    State(name="unverified", lacks=_lacks(ErrorCode.IDENTITY_REQUIRED, Need.IDENTITY)),
    State(name="muted", lacks=_lacks(ErrorCode.MUTED, Need.VOICE), roles=(Role.MEMBER, Role.ADMIN)),
    State(name="without permissions", lacks=_lacks(ErrorCode.FORBIDDEN, Need.PERMISSION), roles=MODERATOR),
    State(name="former admin", roles=MEMBER),
    State(name="kicked", lacks=_lacks(ErrorCode.JOIN_CLOSED, Need.ENTRY), has=WAS_INSIDE, roles=OUTSIDER),
    State(name="banned", lacks=_lacks(ErrorCode.BANNED, Need.ENTRY), has=WAS_INSIDE, roles=OUTSIDER),
    State(name="in a suspended group", lacks=_lacks(ErrorCode.GROUP_SUSPENDED, Need.STANDING)),
    *IN_EMERGENCY,
    *MEASURED,
    State(name="former staff", roles=OUTSIDER),
    *(State(name=f"staff, {role}", roles=OUTSIDER, platform=role) for role in PlatformRole),
    *(
        State(name=f"staff, {role} of other cases", lacks=OUT_OF_SCOPE, roles=OUTSIDER, platform=role)
        for role in sorted(SCOPED)
    ),
)
"""Every state that somebody can be in."""


def lacks_of(role: Role | None, state: State, acts: Iterable[str] = ("read",)) -> Lacks:
    """Return what somebody lacks who has a role in a group and is in a state, for these acts of staff."""
    session = SIGNED_IN if state.signed_in else SIGNED_OUT
    is_covered = all(may_on_platform(state.platform, act) for act in acts)
    staff = {} if is_covered else {Need.STAFF: ErrorCode.FORBIDDEN}
    lacks = {**ANYBODY, **session, **staff, **ROLES[role], **state.lacks}
    return {need: code for need, code in lacks.items() if need not in state.has}


def refused_with(needs: Needs, lacks: Lacks) -> frozenset[ErrorCode]:
    """Return the codes with one of which somebody is refused; none: who lacks these things may."""
    if Need.SESSION in needs & lacks.keys():
        return frozenset({lacks[Need.SESSION]})
    return frozenset(lacks[need] for need in needs & lacks.keys())
