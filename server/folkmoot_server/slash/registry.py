"""All slash commands, a row each: usage, permission, help and completion come from the row.

To add one, write its function (it is given a `Call` and one value per argument) and add its row.
"""

from folkmoot_governance.group import commands as c
from folkmoot_protocol.types import ArgumentKind, CommentPolicy, JoinMode, LinkRule, Notify, Role

from ..common.i18n import LANGUAGES, N_
from . import (
    applying,
    cases,
    channels,
    content,
    entries,
    everyone,
    evidence,
    joining,
    mediation,
    moderation,
    mydata,
    own,
    ownership,
    person,
    record,
    rights,
    sanctions,
    warnings,
)
from .arguments import DURATION, REASON, SEQ, USER, Argument, choice, one_of, read_number, read_permissions
from .help import show_help
from .row import Slash, optional, rest, word

JOIN_MODES = tuple(mode.value for mode in JoinMode)


INVITED = Argument("@user|code", from_reply=lambda entry: entry.from_.user, starts="@", kind=ArgumentKind.USER)
REPORTED = Argument(
    "seq|@user|group", cases.read_reported, from_reply=cases.reported_seq, starts="@", kind=ArgumentKind.SEQ
)
ROLE = optional(one_of(*(role.value for role in Role), shown="role"))
LANGUAGE = Argument(
    "|".join(LANGUAGES), choice(*(name.lower() for name in LANGUAGES)), kind=ArgumentKind.CHOICE, choices=LANGUAGES
)
WHOSE = Argument("@user|name", from_reply=lambda entry: f"@{entry.from_.user}", rest=True, kind=ArgumentKind.USER)
NUMBER = Argument("number", read_number, kind=ArgumentKind.NUMBER)
NOTIFY = one_of(*(what.value for what in Notify))
COMMENTS = one_of(*(policy.value for policy in CommentPolicy))
CHANNEL = Argument("@handle|code", kind=ArgumentKind.GROUP)
LINKS = one_of(*(rule.value for rule in LinkRule))
PURGED = Argument("@user|<count>", from_reply=lambda entry: f"@{entry.from_.user}", starts="@", kind=ArgumentKind.USER)

QUEUE_ACT = Argument("approve|deny", choice("approve", "deny"), optional=True)
LOG_FILTER = "[@user] [kind] [since] [before number]"

COMMANDS: tuple[Slash, ...] = (
    # everyone
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
    # owners and admins
    Slash("kick", ("踢",), (USER, REASON), N_("Remove a member"), moderation.kick, c.Kick),
    Slash(
        "ban",
        ("拉黑",),
        (optional(USER), optional(rest("[duration] [reason…]"))),
        N_("Remove somebody and keep them out"),
        moderation.ban,
        c.BanMember,
    ),
    Slash("unban", ("解除拉黑",), (USER,), N_("Lift a ban"), moderation.unban, c.Unban),
    Slash("bans", ("拉黑列表",), (), N_("List the bans in force"), moderation.bans, c.Unban, reads="bans"),
    Slash(
        "mute",
        ("禁言",),
        (optional(USER), optional(DURATION), REASON),
        N_("Silence a member for a time"),
        moderation.mute,
        c.MuteMember,
    ),
    Slash("unmute", ("解除禁言",), (USER,), N_("Lift a mute"), moderation.unmute, c.Unmute),
    Slash("mutes", ("禁言列表",), (), N_("List the mutes in force"), moderation.mutes, c.Unmute, reads="mutes"),
    Slash("warn", ("警告",), (USER, REASON), N_("Warn a member"), warnings.warn, c.Warn),
    Slash("warns", ("警告列表",), (optional(USER),), N_("List the warnings in force"), warnings.warns),
    Slash("unwarn", ("撤回警告",), (USER, optional(NUMBER)), N_("Take back a warning"), warnings.unwarn, c.Unwarn),
    Slash(
        "ladder",
        ("警告规则",),
        (optional(rest("[steps…|default|off]")),),
        N_("Show or set what follows after warnings"),
        warnings.ladder,
        c.SetLadder,
    ),
    Slash(
        "note",
        ("备注",),
        (USER, optional(rest("[text…|clear [number]]"))),
        N_("Notes about a member, for admins only"),
        warnings.note,
        c.WriteNote,
    ),
    Slash("delete", ("删除", "撤回"), (SEQ, REASON), N_("Delete an entry"), entries.delete, c.DeleteEntry),
    Slash(
        "purge",
        ("批量删除",),
        (PURGED, optional(rest("[since] [confirm <seq>]"))),
        N_("Delete many entries, after a preview"),
        entries.purge,
        c.Purge,
    ),
    Slash("edit", ("编辑",), (SEQ, rest("text…")), N_("Edit an entry of your own"), entries.edit),
    Slash(
        "react",
        ("回应",),
        (SEQ, word("emoji"), optional(one_of("off")), optional(word("@user|all"))),
        N_("React to an entry with an emoji, or take the reaction back"),
        entries.react,
    ),
    Slash("pin", ("置顶",), (SEQ,), N_("Pin an entry"), entries.pin, c.Pin),
    Slash("unpin", ("取消置顶",), (SEQ,), N_("Unpin an entry"), entries.unpin, c.Unpin),
    Slash("pins", ("置顶列表",), (), N_("List what is pinned"), entries.pins),
    Slash(
        "comments",
        ("评论设置",),
        (optional(COMMENTS), optional(SEQ)),
        N_("Show or choose who may comment in the channel, or on one of its posts"),
        channels.comments,
        c.SetComments,
    ),
    Slash(
        "links",
        ("链接",),
        (optional(LINKS),),
        N_("Show or choose which links members may post"),
        entries.links,
        c.SetLinks,
    ),
    Slash(
        "slow",
        ("慢速",),
        (optional(rest("[duration|off]")),),
        N_("Show or set the least time between two posts"),
        moderation.slow,
        c.SetSlow,
    ),
    Slash(
        "lock",
        ("全员禁言",),
        (optional(DURATION),),
        N_("Let only owner and admins post, for a time or perm; by itself: show whether that is so"),
        moderation.lock,
        c.Lock,
    ),
    Slash("unlock", ("解除全员禁言",), (), N_("Let everyone post again"), moderation.unlock, c.Unlock),
    Slash(
        "topic", ("主题",), (optional(rest("[text…|off]")),), N_("Show or set the topic"), moderation.topic, c.SetTopic
    ),
    Slash(
        "queue",
        ("待审",),
        (QUEUE_ACT, optional(word("number", content.read_queued)), REASON),
        N_("Show what is waiting for review; approve it or turn it down"),
        content.queue,
        c.ApproveHeld,
    ),
    Slash(
        "requests",
        ("入群申请",),
        (),
        N_("List who is waiting to join"),
        joining.requests,
        c.DenyRequest,
        reads="requests",
    ),
    Slash(
        "approve",
        ("同意",),
        (rest("@user…|all"),),
        N_("Let in people who are waiting to join"),
        joining.approve,
        c.ApproveRequests,
    ),
    Slash(
        "deny",
        ("拒绝",),
        (word("@user|all"), REASON),
        N_("Turn down people who are waiting to join"),
        joining.deny,
        c.DenyRequest,
    ),
    Slash(
        "invites",
        ("邀请列表",),
        (),
        N_("List the open invitations and invite codes"),
        joining.invites,
        c.RevokeInvitation,
        reads="invites",
    ),
    Slash(
        "uninvite",
        ("收回邀请",),
        (word("@user|number"),),
        N_("Take back an invitation or an invite code"),
        joining.uninvite,
        c.RevokeInvitation,
    ),
    Slash(
        "antiraid",
        ("防护",),
        (Argument("on|off", choice("on", "off"), optional=True), optional(DURATION)),
        N_("Raid guard: silence newcomers, let nobody in without approval"),
        joining.antiraid,
        c.SetAntiraid,
    ),
    Slash(
        "log", ("记录",), (optional(rest(LOG_FILTER)),), N_("Show what was done in the group"), record.log, reads="log"
    ),
    Slash("duty", ("待办",), (), N_("Show what is waiting for you"), record.duty, reads="duty"),
    # owners
    Slash(
        "promote",
        ("设管理",),
        (USER, Argument("permissions…|none", read_permissions, optional=True, rest=True)),
        N_("Make a member an admin"),
        ownership.promote,
        c.Promote,
    ),
    Slash("demote", ("撤管理",), (USER,), N_("Make an admin an ordinary member"), ownership.demote, c.Demote),
    Slash(
        "rights",
        ("权限",),
        (optional(USER), optional(rest("±permission…"))),
        N_("Show who may do what, or change what an admin may do"),
        rights.rights,
        c.SetPermissions,
    ),
    Slash(
        "tag",
        ("头衔",),
        (optional(USER), optional(rest("[text…|off]"))),
        N_("Show the tags, or tag a member"),
        ownership.tag,
        c.SetTag,
    ),
    Slash(
        "transfer",
        ("转让",),
        (optional(word("@user|accept|cancel")),),
        N_("Hand the group over, in two steps"),
        ownership.transfer,
        c.AcceptTransfer,
    ),
    Slash(
        "heir",
        ("继承人",),
        (optional(word("@user|off")),),
        N_("Name who takes over when the owner is gone"),
        ownership.heir,
        c.NameHeir,
    ),
    Slash("rename", ("改名",), (optional(rest("name…")),), N_("Rename the group"), ownership.rename, c.Rename),
    Slash(
        "category",
        ("分类",),
        (optional(word("name")),),
        N_("Show the categories, or file the group under one"),
        ownership.category,
        c.SetCategory,
    ),
    Slash(
        "joinmode",
        ("入群方式",),
        (optional(one_of(*JOIN_MODES)),),
        N_("Show or choose how people join"),
        ownership.join_mode,
        c.SetJoinMode,
    ),
    Slash(
        "question",
        ("入群问题",),
        (optional(rest("[question = answer | answer…|off]")),),
        N_("Show or set the question that newcomers must answer"),
        joining.question,
        c.SetQuestion,
    ),
    Slash(
        "limit",
        ("人数上限",),
        (optional(Argument("members", read_number, kind=ArgumentKind.NUMBER)),),
        N_("Set how many members there may be"),
        ownership.limit,
        c.SetMemberLimit,
    ),
    Slash(
        "word",
        ("屏蔽词",),
        (
            optional(word("add|del|list|test", choice("add", "del", "list", "test"))),
            optional(rest("[refuse|hold|flag] <word>")),
        ),
        N_("The group's own content rules: words, patterns and domains"),
        content.word,
        c.AddWord,
    ),
    Slash(
        "setrules",
        ("设群规",),
        (optional(rest("[text…|off]")),),
        N_("Show or set the group's own rules"),
        record.set_rules,
        c.SetRules,
    ),
    Slash(
        "announce",
        ("公告",),
        (optional(rest("[text…|off]")),),
        N_("Show the group's announcement, put one up or take it down"),
        record.announce,
        c.Announce,
    ),
    Slash(
        "infopage",
        ("信息页",),
        (optional(word("on|off", choice("on", "off"))),),
        N_("Show or hide the group's info page"),
        record.info_page,
        c.SetInfoPage,
    ),
    Slash(
        "export",
        ("导出",),
        (optional(word("after", read_number)),),
        N_("Get the group's record"),
        record.export,
        reads="export",
    ),
    Slash(
        "rectify",
        ("整改",),
        (optional(word("case", cases.read_warning)), optional(rest("text…"))),
        N_("Show what the platform asks to be put right, or report that it has been"),
        cases.rectify,
        c.Rectify,
    ),
    Slash(
        "dissolve",
        ("解散",),
        (optional(word("code")),),
        N_("End the group for good"),
        ownership.dissolve,
        c.Dissolve,
    ),
)

BY_NAME: dict[str, Slash] = {name: row for row in COMMANDS for name in (row.name, *row.aliases)}


def find_slash(name: str) -> Slash | None:
    """Return the row of a command by its name or an alias, in small letters, without the slash."""
    return BY_NAME.get(name)
