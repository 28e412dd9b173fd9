"""Slash commands for everyone, a row each: see `registry`."""

from folkmoot_governance.group import commands as c
from folkmoot_protocol.types import ArgumentKind, Notify, Role

from ..common.i18n import LANGUAGES, N_
from . import applying, cases, channels, everyone, evidence, joining, mediation, mydata, own, person, sanctions
from .arguments import USER, Argument, choice, one_of
from .help import show_help
from .row import Slash, optional, rest, word

INVITED = Argument("@user|code", from_reply=lambda entry: entry.from_.user, starts="@", kind=ArgumentKind.USER)
REPORTED = Argument(
    "seq|@user|group", cases.read_reported, from_reply=cases.reported_seq, starts="@", kind=ArgumentKind.SEQ
)
ROLE = optional(one_of(*(role.value for role in Role), shown="role"))
LANGUAGE = Argument(
    "|".join(LANGUAGES), choice(*(name.lower() for name in LANGUAGES)), kind=ArgumentKind.CHOICE, choices=LANGUAGES
)
WHOSE = Argument("@user|name", from_reply=lambda entry: f"@{entry.from_.user}", rest=True, kind=ArgumentKind.USER)
NOTIFY = one_of(*(what.value for what in Notify))
CHANNEL = Argument("@handle|code", kind=ArgumentKind.GROUP)

FOR_EVERYONE: tuple[Slash, ...] = (
    Slash(
        "help",
        ("帮助",),
        (Argument("command", optional=True, kind=ArgumentKind.COMMAND),),
        N_("Show the commands, or one of them"),
        show_help,
        in_group=False,
    ),
    Slash(
        "create",
        ("建群",),
        (rest('<name…> [category] | "<name…>" [category]'),),
        N_("Create a group"),
        everyone.create,
        in_group=False,
    ),
    Slash("info", ("信息",), (), N_("Show this group"), everyone.info),
    Slash("id", ("群号",), (), N_("Show this group's code"), everyone.show_id),
    Slash("rules", ("群规",), (), N_("Show the rules"), everyone.rules, in_group=False),
    Slash("members", ("成员",), (ROLE,), N_("List the members"), everyone.members),
    Slash("editors", ("编辑名单",), (), N_("List the editors of this channel"), channels.editors),
    Slash(
        "follow",
        ("关注",),
        (optional(CHANNEL),),
        N_("Follow this channel, or another one"),
        channels.follow,
        in_group=False,
    ),
    Slash(
        "unfollow",
        ("取关",),
        (optional(CHANNEL),),
        N_("Stop following this channel, or another one"),
        channels.unfollow,
        in_group=False,
    ),
    Slash(
        "repost",
        ("转发",),
        (word("@channel/seq|seq"), optional(rest("text…"))),
        N_("Repost a channel's post in your own channel, with or without a text"),
        channels.repost,
        in_group=False,
    ),
    Slash("admins", ("管理员",), (), N_("List owner and admins"), everyone.admins),
    Slash("whois", ("查人",), (WHOSE,), N_("Show an account"), everyone.whois, in_group=False),
    Slash(
        "join",
        ("加群",),
        (Argument("code", kind=ArgumentKind.GROUP), optional(rest("answer…"))),
        N_("Join a group"),
        everyone.join,
        in_group=False,
    ),
    Slash(
        "leave",
        ("退群",),
        (optional(Argument("code", kind=ArgumentKind.GROUP)),),
        N_("Leave this group, or another one; take back a request to join"),
        everyone.leave,
        c.LeaveGroup,
        in_group=False,
    ),
    Slash(
        "invite",
        ("邀请",),
        (INVITED, optional(rest("duration uses"))),
        N_("Invite somebody into this group, or make an invite code"),
        joining.invite,
        c.Invite,
    ),
    Slash("nick", ("昵称",), (optional(rest("[name…|off]")),), N_("Use another name in this group"), own.nick),
    Slash("notify", ("提醒",), (optional(NOTIFY),), N_("Choose what you are notified of in this group"), own.notify),
    Slash(
        "ignore",
        ("忽略",),
        (optional(USER), optional(one_of("off"))),
        N_("Hide what somebody writes from yourself only"),
        own.ignore,
        in_group=False,
    ),
    Slash("me", ("动作",), (rest("text…"),), N_("Post an action"), everyone.me),
    Slash("search", ("搜索",), (rest("text…"),), N_("Find what was said here"), everyone.search),
    Slash("uptime", ("运行时间",), (), N_("Show how long the server has run"), everyone.uptime, in_group=False),
    Slash("limits", ("限额",), (), N_("Show the limits that apply to you"), everyone.limits, in_group=False),
    Slash(
        "report",
        ("举报",),
        (REPORTED, word("reason"), optional(rest("text…"))),
        N_("Report an entry, an account or this group"),
        cases.report,
        in_group=False,
    ),
    Slash("cases", ("案件",), (), N_("List your reports and appeals"), cases.cases, in_group=False),
    Slash(
        "proof",
        ("证明",),
        (word("case"),),
        N_("Get the proof that a measure against you is on record"),
        evidence.proof,
        in_group=False,
    ),
    Slash(
        "appeal",
        ("申诉",),
        (word("case"), rest("text…")),
        N_("Appeal against a measure that affects you"),
        cases.appeal,
        in_group=False,
    ),
    Slash(
        "mediate",
        ("调解",),
        (
            optional(Argument("@user|case", starts="@", kind=ArgumentKind.USER)),
            optional(rest("[text…] | say|propose|accept|end|mediator [text…]")),
        ),
        N_("Ask somebody for mediation, continue one, or list yours"),
        mediation.mediate,
        in_group=False,
    ),
    Slash(
        "counter",
        ("反通知",),
        (optional(word("case")), optional(rest("text…"))),
        N_("Answer a copyright report on something of yours, or list such reports"),
        cases.counter,
        in_group=False,
    ),
    Slash(
        "apply",
        ("申请",),
        (one_of(*applying.KINDS, shown="what"), optional(rest("…"))),
        N_("Apply for a public account, a badge, a licence or more accounts, or show what is needed"),
        applying.apply,
        in_group=False,
    ),
    Slash(
        "credentials",
        ("认证",),
        (optional(Argument("@channel|code", kind=ArgumentKind.GROUP)),),
        N_("Show the badge, the licences and the label of a channel"),
        applying.credentials,
        in_group=False,
    ),
    Slash("credit", ("信用",), (), N_("Show your credit and how it came to be"), own.credit, in_group=False),
    Slash(
        "notices",
        ("通知",),
        (optional(word("before")),),
        N_("List your notices, the latest first; they count as read then"),
        own.notices,
        in_group=False,
    ),
    Slash("sanctions", ("处置",), (), N_("List what is in force against you"), sanctions.sanctions, in_group=False),
    Slash(
        "verify",
        ("实名",),
        (optional(one_of(*person.VERIFIABLE)), optional(rest("number"))),
        N_("Show how far your identity is verified, or have it verified"),
        person.verify,
        in_group=False,
    ),
    Slash(
        "account",
        ("账号",),
        (one_of("close"), optional(word("name"))),
        N_("Close your account for good"),
        person.close_account,
        in_group=False,
    ),
    Slash(
        "mydata",
        ("我的数据",),
        (optional(word("next")),),
        N_("Get what is stored about you, as data"),
        mydata.mydata,
        in_group=False,
    ),
    Slash(
        "sessions",
        ("会话",),
        (optional(one_of("end")), optional(word("id|others"))),
        N_("List where you are signed in, or sign out elsewhere"),
        person.sessions,
        in_group=False,
    ),
    Slash(
        "signins",
        ("登录记录",),
        (),
        N_("List when and from where somebody signed in to your account, or tried to"),
        person.sign_ins,
        in_group=False,
    ),
    Slash("lang", ("语言",), (optional(LANGUAGE),), N_("Choose your language"), everyone.language, in_group=False),
)
