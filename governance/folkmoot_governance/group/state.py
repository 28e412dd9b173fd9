"""A group as the rules see it."""

from msgspec import Struct, field

from folkmoot_protocol.types import ChannelForm, CommentPolicy, GroupStatus, JoinMode, LinkRule, Role

from ..content.kinds import Action, Severity
from ..credentials import Credentials, in_force
from ..credentials import next_end as next_credential_end
from ..restrictions import Held, next_end
from ..roles import ALL_PERMISSIONS, EDITORS_PERMISSIONS, Permission

BOT = "bot"
"""The tag by which everybody knows a bot."""


class Member(Struct):
    """One membership. `permissions` counts for admins only: an owner holds all, a member none. `giver` is who answers
    for a bot, empty for people."""

    user: str
    role: Role
    joined_ts: int
    permissions: frozenset[Permission] = frozenset()
    tag: str = ""
    giver: str = ""


class Ban(Struct, frozen=True):
    """A block on joining until `until_ms`; `case` is the number of the act that made it."""

    user: str
    until_ms: int
    by: str
    reason: str
    case: str


class Mute(Struct, frozen=True):
    """A silence until `until_ms`. It survives leaving and coming back."""

    user: str
    until_ms: int
    by: str
    reason: str
    case: str


class Wait(Struct, frozen=True):
    """That `user` was removed or turned down and may not come in, nor ask to, before `until_ms`."""

    user: str
    until_ms: int
    by: str
    reason: str
    case: str


class Invitation(Struct, frozen=True):
    """That `user` may come in past the join mode until `until_ms`, as long as `by` may invite; empty: the service."""

    user: str
    until_ms: int
    by: str


class InviteCode(Struct, frozen=True):
    """A code that lets in `uses` more people until `until_ms`."""

    code_id: str
    until_ms: int
    uses: int
    by: str


class Warned(Struct, frozen=True):
    """A warning, in force until `until_ms`. `number` is the version of the group that it made."""

    number: int
    user: str
    until_ms: int
    by: str
    reason: str
    ts: int


class Refuted(Struct, frozen=True):
    """What the platform says about the post `seq` by `user`, which `reposters` have repeated (user names, separated by
    spaces); `case` is the number of the act."""

    seq: int
    user: str
    text: str
    ts: int
    case: str
    reposters: str = ""


class Pinned(Struct, frozen=True):
    """An entry that is kept at hand."""

    seq: int
    by: str
    ts: int


class JoinRequest(Struct, frozen=True):
    """Somebody waiting at the door of a group with join mode `approval`; void from `until_ms` on."""

    user: str
    asked_ts: int
    until_ms: int
    answer: str = ""


class Review(Struct, frozen=True):
    """Something for admins to look at until `until_ms`: a held post, or (`seq`) an entry that was flagged.

    `mark` tells a held post when its author sends it again. `staff`: the operator's staff looks at it, and after them
    the admins, if the group's own word `own_rule` holds it as well.
    """

    number: int
    user: str
    ts: int
    rule: str
    severity: Severity
    until_ms: int
    seq: int = 0
    mark: str = ""
    staff: bool = False
    own_rule: str = ""


class Word(Struct, frozen=True):
    """A content rule of the group's own: a term, a pattern written `/…/`, or a domain."""

    word: str
    verdict: Action
    by: str


class KeptFields(Struct):
    """What a group that was closed had of its own: fields of `GroupState`, of the same names (`group.keeping`).

    It was closed by the act `number`; until `until_ms` an appeal may bring it back.
    """

    number: int
    until_ms: int
    status: GroupStatus = GroupStatus.ACTIVE
    status_until_ms: int = 0
    heir: str = ""
    heir_until_ms: int = 0
    successor: str = ""
    rectify_case: int = 0
    rectify_until_ms: int = 0
    rectify_reason: str = ""
    rectified_ms: int = 0
    rectified_text: str = ""
    inspect_until_ms: int = 0
    date_told: int = 0


class Kept(KeptFields):
    """All that a group had that was closed."""

    members: dict[str, Member] = field(default_factory=dict)
    requests: dict[str, JoinRequest] = field(default_factory=dict)
    invitations: dict[str, Invitation] = field(default_factory=dict)
    waits: dict[str, Wait] = field(default_factory=dict)
    invite_codes: dict[str, InviteCode] = field(default_factory=dict)
    reviews: dict[int, Review] = field(default_factory=dict)


class GroupState(Struct):
    """All that events have made of a group. `version` counts the events of its stream.

    Only `apply` changes it. `locked_until_ms` silences all but owner and admins ("mute all"); 0 is "not
    locked". `heir` is who may accept the transfer that the owner offered, until `heir_until_ms`. `entries_per_day` is
    how active the group was when it was graded last. `asked_limit` is the member limit that waits for the platform's
    word, 0 for none. `info_hidden_ms` is since when the owner hides the info page, 0 for not at all.
    With a `form` it is a channel: its members are the editors, and it is known by its `handle`, too. `comments` says
    who may comment in it, `threads` who on the posts of these seqs: of both the stricter counts.
    Until `antiraid_until_ms` those who came in between `antiraid_from_ms` and `antiraid_since_ms` may not post.
    """

    code: str
    name: str
    creator: str
    owner: str
    created_ts: int
    form: ChannelForm | None = None
    handle: str = ""
    opened_ts: int = 0
    """When a channel was opened (Unix ms), 0 while the platform has not let it."""
    credentials: Credentials = ()
    """What the platform has granted to a channel; some of it may have ended."""
    topic: str = ""
    category: str = "general"
    grade: str = "standard"
    join_mode: JoinMode = JoinMode.OPEN
    status: GroupStatus = GroupStatus.ACTIVE
    status_until_ms: int = 0
    member_limit: int = 0
    locked_until_ms: int = 0
    slow_ms: int = 0
    antiraid_from_ms: int = 0
    antiraid_since_ms: int = 0
    antiraid_until_ms: int = 0
    ladder: str = ""
    """What follows on warnings, as `ladder.parse_ladder` reads it; empty: what the operator set."""
    links: LinkRule = LinkRule.ON
    comments: CommentPolicy = CommentPolicy.OPEN
    threads: dict[int, CommentPolicy] = field(default_factory=dict)
    heir: str = ""
    heir_until_ms: int = 0
    successor: str = ""
    """Who takes over if the owner is shut out, as the owner has named them."""
    entries_per_day: int = 0
    most_followers: int = 0
    """The most followers that a channel had when it was graded."""
    asked_limit: int = 0
    info_hidden_ms: int = 0
    rectify_case: int = 0
    """The number of the platform's warning that is open, 0 for none; what for, and until when it is to be mended."""
    rectify_until_ms: int = 0
    rectify_reason: str = ""
    rectified_ms: int = 0
    """When the owner said that it is mended, 0 for not yet; what the owner said; and until when staff is to look."""
    rectified_text: str = ""
    inspect_until_ms: int = 0
    date_told: int = 0
    """How far the date of the warning (`dates.date_of_group`) was told."""
    rules: str = ""
    announcement: str = ""
    question: str = ""
    answers: str = ""
    """To the question at the door, normalised, one a line."""
    version: int = 0
    members: dict[str, Member] = field(default_factory=dict)
    bans: dict[str, Ban] = field(default_factory=dict)
    mutes: dict[str, Mute] = field(default_factory=dict)
    warnings: dict[int, Warned] = field(default_factory=dict)
    """By number, oldest first."""
    pins: dict[int, Pinned] = field(default_factory=dict)
    """By seq, the latest pin last."""
    refutations: dict[int, Refuted] = field(default_factory=dict)
    """By seq."""
    requests: dict[str, JoinRequest] = field(default_factory=dict)
    reviews: dict[int, Review] = field(default_factory=dict)
    words: dict[str, Word] = field(default_factory=dict)
    invitations: dict[str, Invitation] = field(default_factory=dict)
    waits: dict[str, Wait] = field(default_factory=dict)
    invite_codes: dict[str, InviteCode] = field(default_factory=dict)
    kept: Kept | None = None
    """Of a group that the platform closed, what it had: an appeal may bring it back."""
    restrictions: Held = ()
    """What the platform has taken from it for a time."""

    @property
    def permissions(self) -> frozenset[Permission]:
        """What an admin can have here."""
        return ALL_PERMISSIONS if self.form is None else EDITORS_PERMISSIONS

    @property
    def restrictions_until_ms(self) -> int:
        """When the next restriction ends, 0 where none does."""
        return next_end(self.restrictions)

    @property
    def credentials_until_ms(self) -> int:
        """When the next credential ends, 0 where none does."""
        return next_credential_end(self.credentials)

    def granted(self, now: int) -> Credentials:
        """Return what the platform has granted, as far as it counts at `now`."""
        return in_force(self.credentials, now) if self.credentials else ()

    @property
    def is_pending(self) -> bool:
        """Whether it is a public account that waits for its review: nobody but its editors knows of it."""
        return self.form is not None and not self.opened_ts

    def standing(self, now: int) -> GroupStatus:
        """Return the status in force at `now`: a suspension ends by itself, a warning is closed by staff (G11.1)."""
        if self.status is GroupStatus.SUSPENDED and now >= self.status_until_ms:
            return GroupStatus.WARNED if self.rectify_case else GroupStatus.ACTIVE
        if self.status is GroupStatus.ACTIVE and self.rectify_case:
            return GroupStatus.WARNED
        return self.status

    def role_of(self, user: str) -> Role | None:
        """Return the role of `user`, None if not a member."""
        member = self.members.get(user)
        return member.role if member else None

    def holds(self, user: str, permission: Permission) -> bool:
        """Say whether `user` may do what `permission` grants: an owner anything, an admin what was given."""
        member = self.members.get(user)
        if member is None or member.role is Role.MEMBER:
            return False
        return member.role is Role.OWNER or permission in member.permissions

    def ban_of(self, user: str, now: int) -> Ban | None:
        """Return the ban in force on `user` at `now`."""
        ban = self.bans.get(user)
        return ban if ban and ban.until_ms > now else None

    def mute_of(self, user: str, now: int) -> Mute | None:
        """Return the mute in force on `user` at `now`."""
        mute = self.mutes.get(user)
        return mute if mute and mute.until_ms > now else None

    def wait_of(self, user: str, now: int) -> Wait | None:
        """Return why `user` may not come in, nor ask to, at `now`."""
        wait = self.waits.get(user)
        return wait if wait and wait.until_ms > now else None

    def holds_off_raid(self, now: int) -> bool:
        """Say whether newcomers are silent, and joining takes approval, at `now`."""
        return self.antiraid_until_ms > now

    def is_newcomer(self, member: Member) -> bool:
        """Say whether `member` came in just before the raid was noticed: who came later was let in by an admin."""
        return self.antiraid_from_ms <= member.joined_ts <= self.antiraid_since_ms

    def warnings_of(self, user: str, now: int) -> list[Warned]:
        """Return the warnings in force on `user` at `now`, oldest first."""
        return [one for one in self.warnings.values() if one.user == user and one.until_ms > now]

    def bans_in_force(self, now: int) -> int:
        """Return how many bans are in force at `now`."""
        return sum(one.until_ms > now for one in self.bans.values())

    def tags_of(self, user: str) -> list[str]:
        """Return the tags besides the role (G8.3): `creator`, `bot`, and the free tag that the owner gave."""
        member = self.members.get(user)
        tags = ["creator"] if user == self.creator else []
        if member and member.giver:
            tags.append(BOT)
        return [*tags, member.tag] if member and member.tag else tags


def case_number(code: str, version: int) -> str:
    """Return the number under which the act that made version `version` of a group is known to people."""
    return f"{code}-{version}"
