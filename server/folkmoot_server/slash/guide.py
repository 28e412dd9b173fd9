"""What `/help` tells beyond a command's row: under which heading it stands, and how it is written, by example.

A command stands under one heading, and each example is a line that the command takes: tests see to both.
"""

from msgspec import Struct

from ..common.i18n import N_


class Section(Struct, frozen=True):
    """Commands under one heading. `name` and its `alias` are what one types after `/help`."""

    name: str
    alias: str
    title: str
    commands: tuple[str, ...]


SECTIONS = (
    Section(
        "start",
        "入门",
        N_("Finding your way"),
        ("help", "create", "join", "leave", "info", "id", "rules", "lang", "limits", "uptime"),
    ),
    Section(
        "talk",
        "发言",
        N_("Talking and reading"),
        ("me", "edit", "react", "search", "pins", "nick", "notify", "ignore", "whois", "members", "admins"),
    ),
    Section(
        "order",
        "秩序",
        N_("Keeping order"),
        (
            *("mute", "unmute", "mutes", "warn", "warns", "unwarn", "ladder", "kick", "ban", "unban", "bans"),
            *("delete", "purge", "lock", "unlock", "slow", "links", "antiraid", "word", "queue", "note", "log", "duty"),
        ),
    ),
    Section(
        "newcomers",
        "入群",
        N_("Who comes in"),
        ("joinmode", "question", "invite", "invites", "uninvite", "requests", "approve", "deny", "limit"),
    ),
    Section(
        "group",
        "群务",
        N_("Running the group"),
        (
            *("topic", "announce", "setrules", "pin", "unpin", "tag", "promote", "demote", "rights", "rename"),
            *("bot", "webhook", "category", "infopage", "transfer", "heir", "export", "rectify", "dissolve"),
        ),
    ),
    Section(
        "appeals",
        "维权",
        N_("Reports, appeals and your rights"),
        ("report", "appeal", "cases", "sanctions", "proof", "counter", "mediate", "notices", "credit"),
    ),
    Section(
        "yourself",
        "个人",
        N_("Your account"),
        ("verify", "sessions", "signins", "mydata", "account"),
    ),
    Section(
        "channels",
        "频道",
        N_("Channels"),
        ("follow", "unfollow", "repost", "editors", "comments", "apply", "credentials"),
    ),
)

EXAMPLES: dict[str, tuple[str, ...]] = {
    "help": ("/help mute", "/help order"),
    "create": (N_("/create Film club"), N_('/create "Film club" general')),
    "members": ("/members", "/members admin"),
    "follow": ("/follow @ann",),
    "unfollow": ("/unfollow @ann",),
    "repost": ("/repost @ann/12", N_("/repost @ann/12 How true")),
    "whois": ("/whois @bob",),
    "join": ("/join 4821-9067-3350", N_("/join 4821-9067-3350 four")),
    "leave": ("/leave", "/leave 4821-9067-3350"),
    "invite": ("/invite @kim", "/invite code 2d 10"),
    "mydata": ("/mydata",),
    "notices": ("/notices",),
    "nick": (N_("/nick Ann of the archive"), "/nick off"),
    "notify": ("/notify mentions",),
    "ignore": ("/ignore @bob", "/ignore @bob off"),
    "me": (N_("/me puts the kettle on"),),
    "search": (N_("/search kettle"),),
    "report": ("/report 17 spam", N_("/report @bob harassment Three messages since noon"), "/report group fraud"),
    "proof": ("/proof 482190673350-17",),
    "appeal": (N_("/appeal 482190673350-17 I quoted what somebody else had written"),),
    "mediate": (
        N_("/mediate @bob Can we talk about Tuesday?"),
        N_("/mediate m-482190673350-3 propose We both say sorry"),
    ),
    "counter": (N_("/counter r-482190673350-3 The picture is my own"),),
    "apply": (N_("/apply channel gazette The Film Gazette"),),
    "credentials": ("/credentials @gazette",),
    "verify": ("/verify", "/verify mobile +8613800000000"),
    "account": ("/account close",),
    "sessions": ("/sessions", "/sessions end others"),
    "lang": ("/lang zh-CN",),
    "kick": (N_("/kick @bob off topic again"),),
    "ban": (N_("/ban @bob 7d advertising"), N_("/ban @bob perm advertising")),
    "bot": ("/bot add weather", "/bot list", "/bot token weather", "/bot remove weather"),
    "webhook": ("/webhook in builds", "/webhook out archive https://example.org/hook", "/webhook remove builds"),
    "unban": ("/unban @bob",),
    "mute": (N_("/mute @bob 10m off topic"), "/mute @bob perm", "/mute @bob replace 1h"),
    "unmute": ("/unmute @bob",),
    "warn": (N_("/warn @bob please keep to the topic"),),
    "warns": ("/warns", "/warns @bob"),
    "unwarn": ("/unwarn @bob", "/unwarn @bob 17"),
    "ladder": ("/ladder 3 mute 1h, 4 kick, 5 ban 7d", "/ladder default", "/ladder off"),
    "note": ("/note @bob", N_("/note @bob was warned by mail"), "/note @bob clear"),
    "delete": (N_("/delete 17 advertising"),),
    "purge": ("/purge @bob 1h", "/purge 20"),
    "edit": (N_("/edit 17 We meet at eight"),),
    "react": ("/react 17 👍", "/react 17 👍 off"),
    "pin": ("/pin 17",),
    "unpin": ("/unpin 17",),
    "comments": ("/comments followers", "/comments closed 17"),
    "links": ("/links nomedia",),
    "slow": ("/slow 30s", "/slow off"),
    "lock": ("/lock 1h", "/lock perm"),
    "topic": (N_("/topic Films of the thirties"), "/topic off"),
    "queue": ("/queue", "/queue approve 17", N_("/queue deny 17 advertising")),
    "approve": ("/approve @kim @lee", "/approve all"),
    "deny": (N_("/deny @kim members of the club only"),),
    "uninvite": ("/uninvite @kim",),
    "antiraid": ("/antiraid on 30m", "/antiraid off"),
    "log": ("/log", "/log @bob 7d", "/log member_muted"),
    "promote": ("/promote @ben delete mute", "/promote @ben none"),
    "demote": ("/demote @ben",),
    "rights": ("/rights", "/rights @ben +kick -mute"),
    "tag": (N_("/tag @ben projectionist"), "/tag @ben off"),
    "transfer": ("/transfer @ben", "/transfer accept"),
    "heir": ("/heir @ben", "/heir off"),
    "rename": (N_("/rename Film club"),),
    "category": ("/category general",),
    "joinmode": ("/joinmode approval",),
    "question": (N_("/question Two and two? = 4 | four"), "/question off"),
    "limit": ("/limit 200",),
    "word": (N_("/word add hold lottery"), N_("/word test lottery"), N_("/word del lottery")),
    "setrules": (N_("/setrules Be kind. No advertising."), "/setrules off"),
    "announce": (N_("/announce We meet at eight"), "/announce off"),
    "infopage": ("/infopage off",),
    "export": ("/export",),
    "rectify": ("/rectify", N_("/rectify 482190673350-17 The pictures are gone")),
    "dissolve": ("/dissolve",),
}
"""Lines that people may copy, for whatever takes arguments; translated where somebody says something in them."""

ALSO = {
    "delete": N_("Besides, whoever wrote an entry may delete it for some time."),
    "invite": N_("While the group is open to everyone, any member may invite."),
    "warns": N_("Members see the warnings against themselves."),
}
"""What the rule in a row does not say of who may."""


def find_section(name: str) -> Section | None:
    """Return a section by what is typed after `/help`."""
    return next((one for one in SECTIONS if name.lower() in (one.name, one.alias)), None)
