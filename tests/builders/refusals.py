"""Every refusal of the rules: what it is called, which rule it is by, what helps, and what programs are told.

By the text that people read. `*` in a rule or a help stands for what differs; alternatives are parted by `|`.
Besides rule and help, a refusal has these fields, in `fields`, at least.
"""

from typing import NamedTuple

from folkmoot_governance.media import REASONS


class Told(NamedTuple):
    """What a refusal says besides its text."""

    code: str
    rule: str
    help: str
    fields: str = ""


REFUSALS = {
    "The operator of this server wants no bots.": Told("forbidden", "policy.groups.bots_per_group", "/rights"),
    "The group has {current} bots, which is the most allowed.": Told(
        "conflict", "policy.groups.bots_per_group", "/bot list", "current"
    ),
    "There is no bot @{user} in this group.": Told("no_such_user", "known", "/bot list", "user"),
    "Bots cannot do this: it is for people.": Told("forbidden", "bots", "/bot list"),
    "@{user} is a bot: that is for people.": Told("forbidden", "bots", "/bot list", "user"),
    "@{giver}, who answers for this bot, is no longer here: somebody has to take it over with {help}.": Told(
        "forbidden", "bots", "/bot token *", "giver"
    ),
    "{name} is what bots are marked with: choose another tag.": Told(
        "bad_name", "reserved_names", "docs/governance.md", "name"
    ),
    "The platform has refuted this post: it cannot be reposted.": Told("refuted", "refutation", "/appeal"),
    "Post #{seq} is refuted already, case {case}.": Told("conflict", "state", "refutation end", "seq case"),
    "Post #{seq} is not refuted.": Told("conflict", "state", "refutation list", "seq"),
    "There is no such post to repost.": Told("no_such_entry", "repost", "/search"),
    "This can be taken only from channels.": Told("bad_request", "request", "sanction create --help", "field"),
    "The platform has closed this channel to new followers {until}, case {case}.": Told(
        "function_limited", "measures.group_follows", "/sanctions", "case reason until_ms"
    ),
    "This channel may not repost, and nobody may repost its posts, {until}: a measure of the "
    "platform, case {case}.": Told("function_limited", "measures.group_reposts", "/sanctions", "case reason until_ms"),
    "The platform has closed comments in this channel {until}, case {case}.": Told(
        "function_limited", "measures.group_comments", "/sanctions", "case reason until_ms"
    ),
    "The platform does not let this channel publish {until}, case {case}.": Told(
        "function_limited", "measures.group_publish", "/sanctions", "case reason until_ms"
    ),
    "Only the editors of a channel can publish in it; you can comment on its posts.": Told(
        "forbidden", "channel.editors", "/rights"
    ),
    "This channel is @{user}'s own, under that name: nobody else can own it. A public account can change hands.": Told(
        "forbidden", "channel.personal", "/apply channel", "user"
    ),
    "@{user} cannot answer for this channel now: nothing is published in it, under that name, until they can.": Told(
        "forbidden", "channel.owner", "/info", "user"
    ),
    "Nobody answers for this channel now: comments are closed until somebody does.": Told(
        "comments_closed", "channel.owner", "/comments"
    ),
    "You are muted in this channel {until}.": Told("muted", "mute", "/sanctions", "case reason until_ms"),
    "You are banned from this channel {until}.": Told("banned", "ban", "/sanctions", "until_ms reason case user"),
    "Comments are closed here.": Told("comments_closed", "channel.comments", "/comments"),
    "Only followers of this channel may comment here.": Told("followers_only", "channel.comments", "/follow"),
    "There is no such post here, or no such comment on it.": Told("no_such_entry", "thread", "/search"),
    "That is for channels; this is a group.": Told("forbidden", "channel", "/help"),
    "That is for groups; a channel has readers instead of members.": Told("forbidden", "channel", "/help"),
    "Entry #{seq} is not a post of this channel.": Told(
        "no_such_entry", "channel.post", "/comments|refutation list", "seq"
    ),
    "{limit} posts have a policy of their own, which is the most allowed: /comments open <seq> frees one.": Told(
        "conflict", "channel.threads", "/comments", "limit"
    ),
    "There is no permission {permission} here; there are: {known}.": Told(
        "bad_request", "request", "/rights", "permission known"
    ),
    "@{user} is banned {until}: what they wrote is not posted.": Told("banned", "ban", "/unban @*", "user until_ms"),
    "There is an emergency: nobody can post here {until}.": Told(
        "emergency", "emergency", "/report", "until_ms reason number"
    ),
    "There is an emergency, and everybody has to post slowly: wait {wait}.": Told(
        "slow_mode", "emergency", "/report", "retry_after_ms slow_ms number"
    ),
    "There is an emergency: nobody can join {until}.": Told(
        "emergency", "emergency", "/report", "until_ms reason number"
    ),
    "There is an emergency: nobody can create groups {until}.": Told(
        "emergency", "emergency", "/report", "until_ms reason number"
    ),
    "There is an emergency: nobody can register {until}.": Told(
        "emergency", "emergency", "/report", "until_ms reason number"
    ),
    "There is no hold {number} by staff in force.": Told("no_such_entry", "known", "hold list", "number"),
    "Name a group, an account, or both.": Told("bad_request", "*", "*", "field"),
    "It would begin after it ends: --since must go back further.": Told("bad_request", "*", "*", "field"),
    "No emergency {number} is in force.": Told("no_such_entry", "known", "emergency list", "number"),
    "A time between two posts goes with `slow`, and with nothing else.": Told(
        "bad_request", "*", "emergency start --help", "field"
    ),
    "This can be stopped only on the whole platform; the creation of groups also in a category.": Told(
        "bad_request", "*", "emergency start --help", "field"
    ),
    "This is stopped already, {until}: {number}. End that first.": Told(
        "conflict", "in_force", "emergency end", "until_ms number"
    ),
    "{limit} emergencies are in force, which is the most allowed.": Told("conflict", "*", "emergency list", "limit"),
    "You have approved this already: somebody else on the staff has to as well.": Told(
        "conflict", "export.identities", "export approve", "case"
    ),
    "The time has to begin before it ends, and to end now at the latest.": Told(
        "bad_request", "*", "export case --help", "field"
    ),
    "Case {case} is not about a group: choose another scope.": Told("bad_request", "*", "case show", "case field"),
    "Identities are included once two of the staff have approved that; so far: {count}.": Told(
        "forbidden", "export.identities", "export approve", "case count"
    ),
    "@{user} has not asked for an identity review.": Told("conflict", "state", "/info", "user"),
    "@{user} has no open invitation.": Told("conflict", "state", "/invites", "user"),
    "@{user} has no open request to join.": Told("no_such_user", "known", "/requests", "user"),
    "@{user} has no such warning in force here.": Told("conflict", "state", "/warns @*", "user"),
    "@{user} has the platform role {role}: take it away first.": Told(
        "outranked", "platform_roles", "docs/governance.md", "role user"
    ),
    "@{user} has {limit} warnings in force, and more are not counted: take a measure.": Told(
        "conflict", "state", "/ban", "limit user"
    ),
    "@{user} is a member already.": Told("already_member", "membership", "/info", "user"),
    "@{user} is banned from this group {until}.": Told("banned", "ban", "/sanctions", "case reason until_ms user"),
    "@{user} is banned here already, {until} (case {case}). To replace that ban: {help}": Told(
        "conflict", "in_force", "/ban @* replace *", "case until_ms user"
    ),
    "@{user} is muted here already, {until} (case {case}). To replace that mute: {help}": Told(
        "conflict", "in_force", "/mute @* replace *", "case until_ms user"
    ),
    "Only owner and admins may post already, {until}. To set another end: {help}": Told(
        "conflict", "in_force", "/lock replace *", "until_ms"
    ),
    "The raid guard is on already, {until}. To set another end: {help}": Told(
        "conflict", "in_force", "/antiraid on replace*", "until_ms"
    ),
    "@{user} is suspended already, {until}. To replace that suspension, add --replace.": Told(
        "conflict", "in_force", "--replace", "until_ms user"
    ),
    "The platform is closing the account @{user}, case {case}: only an appeal can change that.": Told(
        "conflict", "in_force", "appeal list", "case until_ms user"
    ),
    "The group is suspended already, {until}. To replace that suspension, add --replace.": Told(
        "conflict", "in_force", "--replace", "until_ms"
    ),
    "The platform has suspended your rights to manage groups {until}, case {case}.": Told(
        "forbidden", "measures.account_manage", "/sanctions", "case reason until_ms"
    ),
    "You are on duty already.": Told("conflict", "state", "duty off"),
    "You are not on duty.": Told("conflict", "state", "duty on"),
    "People can say only for themselves whether they are on duty.": Told(
        "forbidden", "platform_roles", "docs/governance.md", "user"
    ),
    "@{user} may not decide on case {case}.": Told("forbidden", "platform_roles", "docs/governance.md", "case user"),
    "Your role on the platform is suspended {until}, case {case}.": Told(
        "forbidden", "measures.account_staff", "/sanctions", "case reason until_ms"
    ),
    "The platform does not let you create groups {until}, case {case}.": Told(
        "forbidden", "measures.account_create", "/sanctions", "case reason until_ms"
    ),
    "The platform has muted you in all groups {until}, case {case}.": Told(
        "muted", "measures.account_mute", "/sanctions", "case reason until_ms"
    ),
    "The platform does not let @{user} join groups {until}.": Told(
        "forbidden", "measures.account_join", "/sanctions", "case reason until_ms user"
    ),
    "The platform has closed this group to newcomers {until}.": Told(
        "join_closed", "measures.group_join", "/sanctions", "case reason until_ms"
    ),
    "This is in force already, {until}, case {case}. To replace it, add --replace.": Told(
        "conflict", "in_force", "--replace", "case until_ms"
    ),
    "This measure lasts {longest} at most.": Told("bad_request", "measures.*", "/help", "field longest_ms"),
    "This is not a right that can be taken from an account.": Told("bad_request", "request", "/help", "field"),
    "This cannot be taken from a group.": Told("bad_request", "request", "/help", "field"),
    "Nothing of this kind is in force against @{user}.": Told("conflict", "state", "/info", "user"),
    "Nothing of this kind is in force against the group.": Told("conflict", "state", "/info"),
    "This measure needs two administrators: propose it, and let another one confirm it.": Told(
        "confirm_required", "policy.sanctions.four_eyes", "sanction create", "measure"
    ),
    "A measure is confirmed by somebody other than the one who proposed it.": Told(
        "forbidden", "policy.sanctions.four_eyes", "sanction status"
    ),
    "Identity numbers are sent once another administrator has approved that as well.": Told(
        "forbidden", "filing.identity", "filing list", "case"
    ),
    "The report of {case} is {state}, not {needed}.": Told("conflict", "state", "filing show", "case needed state"),
    "The time to confirm {case} is over, {until}: propose it again.": Told(
        "conflict", "state", "sanction create", "case until_ms"
    ),
    "That end is over already.": Told("bad_request", "end", "/help"),
    "@{user} is banned here: /unban @{user} first.": Told("banned", "ban", "/unban @*", "until_ms user"),
    "@{user} is in as many groups as they may be: {current} of {limit}.": Told(
        "join_quota", "policy.quota.*.groups_joined", "/leave", "current limit user"
    ),
    "@{user} is muted {until}: what they wrote is not posted.": Told("muted", "mute", "/unmute @*", "until_ms user"),
    "@{user} is not a member of this group.": Told("no_such_user", "known", "/members", "user"),
    "@{user} is not banned here.": Told("conflict", "state", "/bans", "user"),
    "@{user} is not muted here.": Told("conflict", "state", "/mutes", "user"),
    "@{user} has the platform role {role} already.": Told(
        "conflict", "platform_roles", "docs/governance.md", "role user"
    ),
    "@{user} has no platform role.": Told("conflict", "platform_roles", "docs/governance.md", "role user"),
    "The same number is verified for {users}: add --same-person if they all belong to one person.": Told(
        "conflict", "one_person", "--same-person", "users"
    ),
    "@{user} is not suspended.": Told("conflict", "state", "/info", "user"),
    "@{user} is {role} here, not {needed}.": Told("conflict", "state", "/info", "needed role user"),
    "@{user} is {role} here: you can only act on members below your own role.": Told(
        "outranked", "permissions.outranks", "/rights", "role user"
    ),
    "{name} could be taken for the service, its staff, or a role: choose another name.": Told(
        "bad_name", "reserved_names", "docs/governance.md", "name"
    ),
    "{name} looks like the name of @{other}: choose another one.": Told(
        "bad_name", "look_alike_names", "/nick", "name other"
    ),
    "A code may be used 1 to {most} times.": Told("bad_request", "request", "/invite", "most"),
    "A credit is 0 to {most}.": Told("bad_request", "request", "/help", "field most"),
    "A question needs an answer: /question <question> = <answer>": Told("bad_request", "request", "/question"),
    "The raid guard is on: people who have just joined may not post {until}; an admin can turn it off.": Told(
        "group_muted", "antiraid", "/antiraid off", "until_ms"
    ),
    "A reaction is one emoji.": Told("bad_request", "reaction", "/react", "reaction"),
    "An announcement stays in the group's record; the owner can take it down with {help}.": Told(
        "forbidden", "record", "/announce off"
    ),
    "Answer this to join: {question}": Told("wrong_answer", "question", "/join", "question"),
    "At most {most} answers of at most {longest} characters each.": Told(
        "too_long", "limits", "/limits", "longest most"
    ),
    "Case {case} is a {kind}; it can be: {known}.": Told("bad_request", "request", "/help", "case field kind known"),
    "Case {case} is decided already: {outcome}.": Told("conflict", "state", "/info", "case outcome"),
    "Entry #{seq} cannot be pinned: only what somebody wrote, and what is still there, can be.": Told(
        "forbidden", "pins", "/pins", "seq"
    ),
    "Entry #{seq} is deleted already.": Told("conflict", "state", "/info", "seq"),
    "Entry #{seq} is the group's own record: only what somebody wrote can be removed.": Told(
        "forbidden", "record", "/log", "seq"
    ),
    "Entry #{seq} is not pinned.": Told("conflict", "state", "/pins", "seq"),
    "Entry #{seq} is pinned already.": Told("conflict", "state", "/pins", "seq"),
    "Give one of these reasons: {known}.": Told("bad_request", "policy.reports.reasons", "/help", "field known"),
    "Groups in category {category} are reviewed before they open: create a new one there.": Told(
        "forbidden", "policy.grades.*.review_to_create", "/create", "category"
    ),
    "Groups of grade {grade} have a public info page.": Told(
        "forbidden", "policy.grades.*.info_page", "/duty", "grade"
    ),
    "Name the case that this is for: every look at a number is recorded.": Told(
        "bad_request", "request", "/help", "field"
    ),
    "There is no code for you to enter, or it has expired: ask for one with {help}.": Told(
        "conflict", "identity.code", "/verify mobile <number>"
    ),
    "The operator admits nobody younger than {least}, and according to this number you are.": Told(
        "forbidden", "identity.minimum_age", "/rules", "least"
    ),
    "That code was entered wrongly {tries} times and is no longer valid: ask for another one with {help}.": Told(
        "conflict", "identity.code", "/verify mobile <number>", "tries"
    ),
    "No heir is named.": Told("conflict", "state", "/heir @user"),
    "The raid guard is off.": Told("conflict", "state", "/info"),
    "No warning of the platform is open for this group.": Told("conflict", "state", "/log group_warned"),
    "Nobody can verify their own identity.": Told("forbidden", "platform_roles", "docs/governance.md", "user"),
    "An inspector is appointed for certain cases and for a time, and no other role is: give both, or neither.": Told(
        "bad_request", "platform_roles", "docs/governance.md", "field"
    ),
    "An inspector is appointed for {longest} at most.": Told(
        "bad_request", "platform_roles", "docs/governance.md", "field longest_ms"
    ),
    "Nobody can change their own platform role.": Told("forbidden", "platform_roles", "docs/governance.md", "user"),
    "Nobody can close somebody else's account.": Told("forbidden", "platform_roles", "docs/governance.md", "user"),
    "Nobody can decide on a report of their own, or about themselves.": Told(
        "forbidden", "permissions", "/rights", "case"
    ),
    "Nobody can decide on an appeal of their own.": Told("forbidden", "permissions", "/rights", "case"),
    "Nobody is waiting to join.": Told("no_such_user", "known", "/members"),
    "Nobody can set their own credit.": Told("forbidden", "platform_roles", "docs/governance.md", "user"),
    "This post breaks a rule of the operator's: the operator's staff has to look at it.": Told(
        "forbidden", "review.staff", "/rules"
    ),
    "Nothing is waiting under number {number}.": Told("no_such_entry", "known", "/queue", "number"),
    "Notices are the group's own record: they cannot be deleted.": Told("forbidden", "record", "/log"),
    "An appeal can be made within {window} of a measure.": Told(
        "forbidden", "policy.reports.appeal_days", "/rights", "case until_ms window_ms"
    ),
    "Only owner and admins may post {until}.": Told("group_muted", "lock", "/admins", "until_ms"),
    "@{user} is working on case {case}, {until}.": Told("conflict", "claim", "case release", "case until_ms user"),
    "Nobody has claimed case {case}.": Told("conflict", "state", "/info", "case"),
    "Somebody other than the one who dismissed the report has to decide on it now.": Told(
        "forbidden", "permissions", "/rights", "case"
    ),
    "Only reports of copyright are answered by a counter-notice.": Told("forbidden", "permissions", "/rights", "case"),
    "You have answered this report already.": Told("conflict", "state", "/appeal", "case"),
    "Name people only with the outcome of bad faith.": Told("bad_request", "request", "/help", "case field"),
    "@{user} did not make report {case}.": Told("bad_request", "request", "/help", "case field user"),
    "Report {case} was made by {count} people: say who of them did so in bad faith.": Told(
        "bad_request", "request", "/help", "case count field"
    ),
    "Only the service itself can do this.": Told("forbidden", "permissions|service", "/rights"),
    "Only the one who wrote an entry can edit it; admins can delete it.": Told("forbidden", "author", "/delete", "seq"),
    "Only those affected by a measure can appeal against it.": Told("forbidden", "permissions", "/rights", "case"),
    "Owning a group of grade {grade} needs a credit of {needed}; @{user} has {current}.": Told(
        "credit_too_low", "policy.grades.*.creator_credit", "/credit", "current grade needed user"
    ),
    "Owning a group needs a verified identity: {needed}.": Told(
        "identity_required", "policy.grades.*.creator_identity|policy.identity.to_create_group", "/verify", "needed"
    ),
    "People join by answering this question: choose another /joinmode first.": Told("conflict", "state", "/joinmode"),
    "Posting needs a verified identity: {needed}.": Told(
        "identity_required", "policy.identity.to_post", "/verify", "needed"
    ),
    "You can only react to what somebody wrote.": Told("forbidden", "reaction", "/rights", "seq"),
    "Set the question first: /question <question> = <answer>": Told("conflict", "state", "/question"),
    "Slow mode may be at most {longest}.": Told("bad_request", "slow_mode", "/slow", "longest_ms"),
    "Slow mode: wait {wait}.": Told("slow_mode", "slow_mode", "", "retry_after_ms slow_ms"),
    "Somebody else must look at a post of your own.": Told("forbidden", "review.own", "/admins"),
    "Somebody other than the one who took the measure has to decide on the appeal.": Told(
        "forbidden", "permissions", "/rights", "case"
    ),
    "That is not the right answer: {question}": Told("wrong_answer", "question", "/join", "question"),
    "The group has {current} admins, which is the most allowed.": Told(
        "conflict", "policy.groups.admins_per_group", "/info", "current"
    ),
    "The group has as many words as it may: {current} of {limit}.": Told(
        "conflict", "state", "/word list", "current limit"
    ),
    "The group is closed to new members.": Told("join_closed", "join_mode", "/joinmode"),
    "The group is full: to have more than {limit} members it needs {needed} admins besides its owner.": Told(
        "group_full", "policy.grades.*.least_admins", "/promote", "current limit needed"
    ),
    "The group is full: {current} of {limit} members.": Told("group_full", "member_limit", "/limits", "current limit"),
    "The group is not locked.": Told("conflict", "state", "/info"),
    "The group is not suspended.": Told("conflict", "state", "/info"),
    "The group's own owner and admins decide on this appeal, {until}; after that, the platform may.": Told(
        "forbidden", "permissions", "/rights", "case until_ms"
    ),
    "The limit must be from {current} (the members of today) to {most} (what the largest grade allows).": Told(
        "bad_request", "policy.grades.up_to_members", "/help", "current most"
    ),
    "The owner has not given you the permission {permission}.": Told(
        "forbidden", "permissions", "/rights", "permission"
    ),
    "The patterns would be {steps} steps long together; {limit} are allowed. Write simpler ones, or words.": Told(
        "conflict", "state", "/word list|docs/content-rules.md", "limit steps"
    ),
    "The platform has suspended this group {until}.": Told("group_suspended", "suspension", "/info", "until_ms"),
    "The platform knows already, and has yet to look at it.": Told("conflict", "state", "/duty", "case"),
    "The service agreement in force is version {agreement}: read it at /agreement and accept it.": Told(
        "agreement_required", "agreement", "accept_agreement", "agreement"
    ),
    "There are {limit} words, which is the most allowed: put them into a rule file.": Told(
        "conflict", "state", "docs/content-rules.md", "limit"
    ),
    "There is an appeal against this already: {case}.": Told("conflict", "state", "/cases", "case"),
    "There is no account @{user}.": Told("no_such_user", "known", "/members", "user"),
    "There is no category {category}; there are: {known}.": Told(
        "bad_request", "policy.categories", "/category", "category known"
    ),
    "There is no open invite code with the number {code_id}.": Told("conflict", "state", "/invites", "code_id"),
    "There is no open offer to transfer this group to you.": Told("conflict", "state", "/info"),
    "There is no open offer to transfer this group.": Told("conflict", "state", "/info"),
    "Everybody here would read this number, so it is not posted. Type it as a command: {help} <number>": Told(
        "bad_syntax", "identity.spilled", "/verify *"
    ),
    "No code is sent to the mobile of @{user}.": Told("forbidden", "platform_roles", "docs/governance.md", "user"),
    "This text has no visible characters.": Told("bad_request", "blank", "/help"),
    "You have as many open mediations as you may, {current} of {limit}: end one first.": Told(
        "conflict", "state", "/mediate", "current limit"
    ),
    "Only the two parties of mediation {case} can accept a proposal.": Told(
        "forbidden", "permissions", "/rights", "case"
    ),
    "Nothing is proposed yet.": Told("conflict", "state", "/mediate * propose"),
    "A party of mediation {case} cannot be its mediator.": Told("forbidden", "permissions", "/rights", "case"),
    "Mediation {case} has a mediator already: @{user}.": Told("conflict", "state", "/info", "case user"),
    "Nobody can give themselves a code.": Told("forbidden", "platform_roles", "docs/governance.md", "user"),
    "@{user} has the platform role {role}: only those who may give roles can let somebody into that account.": Told(
        "outranked", "platform_roles", "docs/governance.md", "role user"
    ),
    "Nobody can set up a second factor for somebody else.": Told(
        "forbidden", "platform_roles", "docs/governance.md", "user"
    ),
    "There is a second factor already: end it first.": Told("conflict", "state", "/otp"),
    "There is no second factor.": Told("conflict", "state", "/otp"),
    "That code was used already: wait for the next one.": Told("auth_failed", "second_factor", "login"),
    "Staff can act only with a second factor: set one up, with /otp in `folkmoot chat`.": Told(
        "forbidden", "staff.require_otp", "/otp"
    ),
    "There is no such session.": Told("no_such_entry", "known", "/sessions"),
    "Nobody can change somebody else's password.": Told("forbidden", "platform_roles", "docs/governance.md", "user"),
    "There is no such case.": Told("no_such_entry", "known", "/cases|/mediate"),
    "There is nothing to remove: it is removed already, or was never set.": Told("conflict", "state", "/info"),
    "There is nothing here to remove.": Told("no_such_entry", "known", "/search"),
    "There is nothing here that you could delete.": Told("no_such_entry", "known", "/search", "left_out"),
    (
        "This closes your account for good: your profile and your identity are erased,"
        " nobody can have your name, and what you wrote stays without it. To confirm, type: {help}"
    ): Told("confirm_required", "confirmation", "/account close *"),
    "This deletes {count} entries, #{first} to #{last}. To confirm, type: {help}": Told(
        "confirm_required", "confirmation", "/purge|/purge * confirm *", "count first last left_out"
    ),
    "This ends the group for good. To confirm, type: /dissolve {code}": Told(
        "confirm_required", "confirmation", "/help", "code"
    ),
    "This group has not asked for another size.": Told("conflict", "state", "/info"),
    "This group is closed.": Told("group_closed", "standing", "/create"),
    "Here, people can join only like this: {join_mode}.": Told("join_closed", "join_mode", "/info", "join_mode"),
    "This invite code is not valid, or no longer: ask for another one.": Told(
        "join_closed", "join_mode", "/info", "join_mode"
    ),
    "This has been posted already: {help}": Told("conflict", "state", "/delete *|entry remove *"),
    "This needs the role {needed}; your role here is {role}.": Told(
        "forbidden", "permissions", "/rights", "needed role"
    ),
    "Too many people are waiting to join; try again later.": Told(
        "join_closed", "requests_per_group", "/info", "limit"
    ),
    "Warning {case} is open already: close it first.": Told("conflict", "state", "/info", "case"),
    "What you asked for ({identity}) is waiting for review: take it back first, with {help}.": Told(
        "conflict", "state", "/verify withdraw", "identity"
    ),
    "Write the steps as in: 3 mute 1h, 4 kick, 5 ban 7d; at most {limit}, counts rising; or {off}.": Told(
        "bad_syntax", "commands", "/ladder", "limit off"
    ),
    "You are a member already.": Told("already_member", "membership", "/info"),
    "You are in as many groups as you may be: {current} of {limit}.": Told(
        "join_quota", "policy.quota.*.groups_joined", "/leave", "current limit"
    ),
    "You are muted in this group {until}.": Told("muted", "mute", "/sanctions", "case reason until_ms"),
    "You are not a member of this group.": Told("not_a_member", "membership", "/join"),
    "You can delete your own entries only within {window} of posting them; ask an admin.": Told(
        "forbidden", "policy.groups.delete_own_seconds", "/report", "window_ms"
    ),
    "You can edit your own entries only within {window} of posting them; reply to it instead.": Told(
        "forbidden", "policy.groups.edit_own_seconds", "/rights", "window_ms"
    ),
    "You cannot do this to yourself.": Told("forbidden", "permissions|permissions.oneself", "/rights"),
    "You have created as many groups as you may: {current} of {limit}.": Told(
        "group_quota", "policy.quota.*.groups_created", "/credit", "current limit"
    ),
    "You have made as many reports today as you may: {current} of {limit}. Wait {wait}.": Told(
        "rate_limited", "policy.quota.*.reports_per_day", "/cases", "current limit retry_after_ms"
    ),
    "You have to wait before joining, or asking to, again: {until}.": Told(
        "join_closed", "rejoining", "/info", "case reason until_ms"
    ),
    "You own this group: hand it over with /transfer or end it with /dissolve first.": Told(
        "forbidden", "ownership", "/transfer"
    ),
    "Your identity needs to be verified again before you can do this. To renew it: /verify "
    "mobile|person|organisation <number>": Told(
        "identity_required", "policy.identity.reverify_days", "/verify", "ended_ms needed"
    ),
    "Your identity is verified already: {identity}.": Told("conflict", "state", "/verify", "identity"),
    "Your platform role does not cover this.": Told(
        "forbidden", "permissions|platform_roles", "/rights|docs/governance.md"
    ),
    "{limit} bans are in force, which is the most allowed.": Told("conflict", "state", "/info", "limit"),
    "{limit} entries are pinned, which is the most allowed: /unpin one first.": Told(
        "conflict", "state", "/pins", "limit"
    ),
    "{limit} invitations are open, which is the most allowed.": Told("conflict", "state", "/invites", "limit"),
    "Create the group with another join mode, then set its question: /question <question> = <answer>": Told(
        "bad_request", "request", "/question"
    ),
    "Members may not post links here; ask an admin to post it.": Told("content_refused", "links", "/admins", "links"),
    "Members may not post links to pictures, sound or films here; ask an admin to post it.": Told(
        "content_refused", "links", "/admins", "links"
    ),
    "Members may not post pictures, sound or films here; ask an admin to post it.": Told(
        "content_refused", "links", "/admins", "links"
    ),
    "A file has at most {limit} bytes; this one has {size}.": Told(
        "too_long", "media.max_bytes", "/limits", "limit size"
    ),
    "You may upload {limit} bytes within a day, and have uploaded {used}: wait, or send a smaller file.": Told(
        "media_quota", "media.per_day_bytes", "", "limit used retry_after_ms"
    ),
    "You have no such upload; upload the file again.": Told("media_refused", "media", "/limits", "media"),
    "An upload can be posted only once; upload the file again.": Told("media_refused", "media", "/limits", "media"),
    "This file is still being checked: try again in {wait}.": Told(
        "media_pending", "media", "", "media retry_after_ms"
    ),
    "This is not a picture, sound or film of a kind that is accepted here: {kinds}.": Told(
        "media_refused", "media", "/limits", "frames kinds media pixels reason seconds"
    ),
    "Drawings and pages with code in them (SVG, HTML) are not accepted; send a picture of it.": Told(
        "media_refused", "media", "/limits", "frames kinds media pixels reason seconds"
    ),
    "This file is damaged, or only a part of one.": Told(
        "media_refused", "media", "/limits", "frames kinds media pixels reason seconds"
    ),
    "This picture has too many pixels: at most {pixels} are accepted, over all its frames.": Told(
        "media_refused", "media", "/limits", "frames kinds media pixels reason seconds"
    ),
    "This moving picture has too many frames: at most {frames} are accepted.": Told(
        "media_refused", "media", "/limits", "frames kinds media pixels reason seconds"
    ),
    "This is too long: at most {seconds} seconds are accepted.": Told(
        "media_refused", "media", "/limits", "frames kinds media pixels reason seconds"
    ),
    "Checking this file takes more time or memory than a file is given.": Told(
        "media_refused", "media", "/limits", "frames kinds media pixels reason seconds"
    ),
    "The operator does not allow this picture.": Told(
        "media_refused", "media", "/limits", "frames kinds media pixels reason seconds"
    ),
    "The operator does not allow this file.": Told(
        "media_refused", "media", "/limits", "frames kinds media pixels reason seconds"
    ),
    "The operator's staff does not allow this file.": Told(
        "media_refused", "media", "/limits", "frames kinds media pixels reason seconds"
    ),
    "This upload is not held; it is {state}.": Told("conflict", "state", "media list", "state"),
    "No assessment of {feature} is on record.": Told("conflict", "state", "feature list", "feature"),
    "Give the SHA-256 of the assessment: 64 hexadecimal digits.": Told("bad_request", "request", "/help", "field"),
    "This assessment of {feature} is on record already.": Told("conflict", "state", "feature list", "feature"),
    "This function is not in use yet: {feature} still needs its safety assessment.": Told(
        "feature_off", "features.assessed", "/help", "feature"
    ),
    "There is no group with this code.": Told("no_such_group", "known", "/help join"),
    "This is a group, not a channel.": Told("bad_request", "request", "/help"),
    "This channel is open already.": Told("conflict", "state", "/info"),
    "This end has come already.": Told("bad_request", "request", "/help", "field"),
    "The channel has no such badge, licence or label.": Told("conflict", "state", "credential list"),
    "A post in category {category} needs a licence: {needed}.": Told(
        "licence_required", "policy.channels.licences", "/apply licence", "category needed"
    ),
    "This channel is waiting for the platform's review: it is not open yet.": Told(
        "not_open", "channel.review", "/cases"
    ),
    "You have as many public accounts as one person or organisation may: {have} of {limit}.": Told(
        "channel_quota", "policy.channels.per_subject", "/apply quota", "have limit"
    ),
    "A public account needs a verified identity: {needed}.": Told(
        "identity_required", "policy.identity.to_create_group", "/verify", "needed"
    ),
    "You have as many open applications as you may, {current} of {limit}: wait for an answer first.": Told(
        "conflict", "state", "/cases", "current limit"
    ),
    "Give the name that the badge is to show, or the licence's number.": Told(
        "bad_request", "request", "/help", "field"
    ),
    "Name a category that needs a licence, and publish or relay. There are: {known}.": Told(
        "bad_request", "policy.channels.licences", "/help", "known"
    ),
    "Say how many public accounts you need.": Told("bad_request", "request", "/help", "field"),
    "These documents are missing: {missing}.": Told("bad_request", "policy.channels.*_documents", "/help", "missing"),
    "You are an editor of this channel: somebody else has to decide.": Told(
        "forbidden", "permissions", "/rights", "case"
    ),
    "Nobody can decide on their own application.": Told("forbidden", "permissions", "/rights", "case"),
    "Somebody other than the one who rejected the application has to decide on it now.": Told(
        "forbidden", "permissions", "/rights", "case"
    ),
    "{word} is not among the group's words.": Told("no_such_entry", "known", "/word list", "word"),
    "{word} is not among the platform's words.": Told("no_such_entry", "known", "folkmoot admin word list", "word"),
    **dict.fromkeys(
        REASONS.values(), Told("media_refused", "media", "/limits", "frames kinds media pixels reason seconds")
    ),
}
