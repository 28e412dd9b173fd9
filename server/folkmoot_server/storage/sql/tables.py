"""The ledger and the tables made from it, for SQLite and PostgreSQL alike.

`ledger` is the record; `groups` to `kept`, `cases` and `reporters` are projections of it, rewritten from it at any
time; `notes`, `held_texts` (of held posts, sealed), `open_flags` (entries whose flag is not on record yet),
`case_texts` and `case_notes` (what people wrote to a case and its evidence, sealed), `identities` (numbers of who is
verified, sealed) `identity_requests` (of who waits for it), `barred_identities` (the blacklist: blind indexes alone),
`platform_words`, `agreements`, `retro_scans` and `retro_hits` (older entries that newer rules meet), `filings` (reports
to the authority), `profiles`, `tokens`, `reset_codes`, `second_factors`, `outgoing_hooks` (where bots have posts sent,
sealed), `read_marks`, `marks` (what the store remembers about itself), `answers` (what was asked for under a nonce, and
how it was answered, sealed), `notices` (what single accounts are told), `activity` (how busy a group is), `held` (what
holds keep of months that are gone, sealed),
`kept_posts` (posts of channels that outlive theirs, sealed), `media` (uploads, and which entries show them),
`member_settings`, `ignored`, `follows` (of channels), `reads` (who has read one today, as blind indexes), `reach` (how
many follow each and have read it, which triggers count: see `counting`), `leaving` (whose memberships have still to
end) and `journal_heads` are facts of their own; so are `log_hashes` and `checkpoints` (the ledger's log) and
`logged_ranges` (what of the journal and the access log is in it). No foreign key cascades: what a decision rests on
cannot be deleted from under it. What PostgreSQL alone has (`heads`, `counters`, the journal's `entry` and `restricted`,
and no `journal_heads`) is made and described in `migrations/versions/s0002_postgres.py`.
"""

from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, MetaData, Table, Text, UniqueConstraint, text

SCHEMA = "0066"
"""The revision that this code reads and writes, the newest under `migrations/versions`."""

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)


def _text(name: str, **more: Any) -> Column[str]:
    return Column(name, Text, nullable=False, **more)


def _number(name: str, **more: Any) -> Column[int]:
    return Column(name, BigInteger, nullable=False, **more)


def _ref(name: str, target: str, **more: Any) -> Column[str]:
    # Deferred to the commit: the rows of one change set may come in any order.
    key = ForeignKey(target, ondelete="RESTRICT", deferrable=True, initially="DEFERRED")
    return Column(name, Text, key, nullable=False, **more)


def _group_and_user() -> tuple[Column[str], Column[str]]:
    return _ref("code", "groups.code", primary_key=True), _ref("user", "accounts.user", primary_key=True)


def _ends(*columns: str) -> tuple[Index, ...]:
    # What runs out next is found by its end: see `ends.next_ends`.
    return tuple(Index(None, column) for column in columns)


def _where(condition: str) -> dict[str, Any]:
    # An index of those rows alone for which this holds: a statement has to say it in these words.
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


# SQLite makes a plain INTEGER key the row's own number; BIGINT would cost a second index.
_position = BigInteger().with_variant(Integer, "sqlite")

ledger = Table(
    "ledger",
    metadata,
    Column("position", _position, primary_key=True, autoincrement=False),
    _number("batch"),
    _text("stream"),
    _number("version"),
    _number("ts"),
    _text("type"),
    _text("actor"),
    _text("data"),
    UniqueConstraint("stream", "version"),
)

accounts = Table(
    "accounts",
    metadata,
    _text("user", primary_key=True),
    _number("created_ts"),
    _text("agreement"),
    _text("identity"),
    _number("verified_ts", server_default="0"),
    _number("renewal_told", server_default="0"),
    Column("platform", Text),
    _number("role_until_ms", server_default="0"),
    _text("role_cases", server_default=""),
    _number("duty_ts", server_default="0"),
    _number("suspended_until_ms"),
    _text("suspended_reason"),
    _number("credit", server_default="100"),
    _number("credit_ts", server_default="0"),
    _text("charges", server_default=""),
    _text("asked", server_default="none"),
    _number("asked_ts", server_default="0"),
    _number("code_until_ms", server_default="0"),
    _number("code_tries", server_default="0"),
    _number("names_removed_ms", server_default="0"),
    _number("closing_case", server_default="0"),
    _number("closing_until_ms", server_default="0"),
    _number("held_until_ms", server_default="0"),
    _text("held_reason", server_default=""),
    _text("restrictions", server_default=""),
    _number("restrictions_until_ms", server_default="0"),
    _number("second_factor_ms", server_default="0"),
    _number("code_step", server_default="0"),
    _number("closed_ts", server_default="0"),
    _text("author_tag", server_default=""),
    _text("home", server_default=""),
    _number("version"),
    Index(None, "suspended_until_ms"),
    Index(None, "credit"),
    Index(None, "asked_ts"),
    Index("accounts_renewal", "renewal_told", "verified_ts", **_where("verified_ts > 0")),
    Index(None, "closing_until_ms"),
    Index(None, "restrictions_until_ms"),
)

groups = Table(
    "groups",
    metadata,
    _text("code", primary_key=True),
    _text("name"),
    _ref("creator", "accounts.user"),
    _ref("owner", "accounts.user"),
    _number("created_ts"),
    _text("topic"),
    _text("category"),
    _text("grade"),
    _text("join_mode"),
    _text("status"),
    _number("status_until_ms"),
    _number("member_limit"),
    _number("locked_until_ms"),
    _number("slow_ms"),
    _number("antiraid_from_ms", server_default="0"),
    _number("antiraid_since_ms", server_default="0"),
    _number("antiraid_until_ms", server_default="0"),
    _text("ladder", server_default=""),
    _text("links", server_default="on"),
    _text("heir"),
    _text("successor", server_default=""),
    _text("question", server_default=""),
    _text("answers", server_default=""),
    _number("heir_until_ms"),
    _number("entries_per_day", server_default="0"),
    _number("most_followers", server_default="0"),
    _number("asked_limit", server_default="0"),
    _number("info_hidden_ms", server_default="0"),
    _number("rectify_case", server_default="0"),
    _number("rectify_until_ms", server_default="0"),
    _text("rectify_reason", server_default=""),
    _number("rectified_ms", server_default="0"),
    _text("rectified_text", server_default=""),
    _number("inspect_until_ms", server_default="0"),
    _number("date_told", server_default="0"),
    _text("rules", server_default=""),
    _text("announcement", server_default=""),
    _text("restrictions", server_default=""),
    _number("restrictions_until_ms", server_default="0"),
    _text("comments", server_default="open"),
    _text("threads", server_default=""),
    _text("form", server_default=""),
    _text("handle", server_default=""),
    _number("opened_ts", server_default="0"),
    _text("credentials", server_default=""),
    _number("credentials_until_ms", server_default="0"),
    _number("version"),
    Index("groups_handle", "handle", unique=True, **_where("handle <> ''")),
    Index(None, "creator"),
    Index(None, "rectify_case"),
    Index(None, "owner"),
    *_ends("locked_until_ms", "status_until_ms", "heir_until_ms", "antiraid_until_ms", "restrictions_until_ms"),
    *_ends("credentials_until_ms"),
)

members = Table(
    "members",
    metadata,
    *_group_and_user(),
    _text("role"),
    _text("permissions"),
    _number("joined_ts"),
    _text("tag"),
    _text("giver", server_default=""),
    Index(None, "user"),
    Index("members_bots", "giver", **_where("giver <> ''")),
)

bans = Table(
    "bans",
    metadata,
    *_group_and_user(),
    _number("until_ms"),
    _text("by"),
    _text("reason"),
    _text("case"),
    Index(None, "user"),
    *_ends("until_ms"),
)

mutes = Table(
    "mutes",
    metadata,
    *_group_and_user(),
    _number("until_ms"),
    _text("by"),
    _text("reason"),
    _text("case"),
    Index(None, "user"),
    *_ends("until_ms"),
)

warnings = Table(
    "warnings",
    metadata,
    _ref("code", "groups.code", primary_key=True),
    _number("number", primary_key=True, autoincrement=False),
    _ref("user", "accounts.user"),
    _number("until_ms"),
    _text("by"),
    _text("reason"),
    _number("ts"),
    Index(None, "user"),
    *_ends("until_ms"),
)

refutations = Table(
    "refutations",
    metadata,
    _ref("code", "groups.code", primary_key=True),
    _number("seq", primary_key=True, autoincrement=False),
    _text("user"),
    _text("text"),
    _number("ts"),
    _text("case"),
    _text("reposters"),
)

pins = Table(
    "pins",
    metadata,
    _ref("code", "groups.code", primary_key=True),
    _number("seq", primary_key=True, autoincrement=False),
    _text("by"),
    _number("ts"),
)

join_requests = Table(
    "join_requests",
    metadata,
    *_group_and_user(),
    _number("asked_ts"),
    _number("until_ms"),
    _text("answer"),
    *_ends("until_ms"),
)

join_waits = Table(
    "join_waits", metadata, *_group_and_user(), _number("until_ms"), _text("by"), _text("reason"), _text("case")
)

invite_codes = Table(
    "invite_codes",
    metadata,
    _ref("code", "groups.code", primary_key=True),
    _text("code_id", primary_key=True),
    _number("until_ms"),
    _number("uses"),
    _text("by"),
    Index(None, "by"),
)

invitations = Table(
    "invitations",
    metadata,
    *_group_and_user(),
    _number("until_ms"),
    _text("by", server_default=""),
    Index(None, "by"),
    *_ends("until_ms"),
)

redactions = Table(
    "redactions",
    metadata,
    _ref("code", "groups.code", primary_key=True),
    _number("seq", primary_key=True, autoincrement=False),
    _text("by"),
    _number("version"),
    _number("ts"),
    Index(None, "ts"),
)

notes = Table(
    "notes",
    metadata,
    _ref("code", "groups.code", primary_key=True),
    _number("version", primary_key=True, autoincrement=False),
    _ref("user", "accounts.user"),
    _text("by"),
    _number("ts"),
    _text("text"),
    Index(None, "code", "user"),
)

reviews = Table(
    "reviews",
    metadata,
    _ref("code", "groups.code", primary_key=True),
    _number("number", primary_key=True, autoincrement=False),
    _text("user"),
    _number("ts"),
    _text("rule"),
    _text("severity"),
    _number("until_ms"),
    _number("seq"),
    _text("mark"),
    _number("staff", server_default="0"),
    _text("own_rule", server_default=""),
    Index(None, "staff", "ts"),
)

words = Table(
    "words",
    metadata,
    _ref("code", "groups.code", primary_key=True),
    _text("word", primary_key=True),
    _text("verdict"),
    _text("by"),
)

kept = Table(
    "kept",
    metadata,
    _ref("code", "groups.code", primary_key=True),
    _text("part", primary_key=True),
    _text("key", primary_key=True),
    _number("until_ms"),
    _text("data"),
    Index(None, "key"),
    *_ends("until_ms"),
)

held_texts = Table(
    "held_texts",
    metadata,
    _ref("code", "groups.code", primary_key=True),
    _number("number", primary_key=True, autoincrement=False),
    _number("until_ms"),
    _text("sealed"),
)

open_flags = Table(
    "open_flags",
    metadata,
    _ref("code", "groups.code", primary_key=True),
    _text("user", primary_key=True),
    _text("nonce", primary_key=True),
    _text("rule"),
    _text("severity"),
    _number("ts"),
    _number("staff", server_default="0"),
    _text("own_rule", server_default=""),
    Index(None, "ts"),
)

cases = Table(
    "cases",
    metadata,
    _text("number", primary_key=True),
    _text("kind"),
    _text("by"),
    _number("opened_ts"),
    _number("due_ms"),
    _text("reason"),
    _text("code"),
    _number("seq"),
    _text("user"),
    _text("severity"),
    _text("measure"),
    _text("decider"),
    _text("proposer", server_default=""),
    _text("terms", server_default=""),
    _text("wish", server_default=""),
    _text("outcome"),
    _number("closed_ts"),
    _text("closed_by"),
    _text("answer"),
    _number("is_settled"),
    _text("mediator", server_default=""),
    _text("named", server_default=""),
    _text("named_by", server_default=""),
    _number("proposal", server_default="0"),
    _text("accepted", server_default=""),
    _number("date_told", server_default="0"),
    _text("claimed_by", server_default=""),
    _number("claim_until_ms", server_default="0"),
    _number("claim_told", server_default="0"),
    _number("counter_ts", server_default="0"),
    _number("of_account", server_default="0"),
    _number("version"),
    Index(None, "by", "opened_ts"),
    Index(None, "mediator"),
    Index("cases_open", "kind", "due_ms", "number", **_where("outcome = ''")),
    Index("cases_decided", "kind", "due_ms", "number", **_where("outcome <> ''")),
    Index(None, "kind", "due_ms", "number"),
    Index(None, "code", "outcome", "due_ms", "number"),
    Index(None, "user", "code", "seq"),
    Index("cases_untold", "date_told", "due_ms", **_where("outcome = ''")),
    Index("cases_claimed", "claim_until_ms", **_where("claim_until_ms > 0")),
    Index("cases_unsettled", "closed_ts", **_where("outcome <> '' AND is_settled = 0")),
)

reporters = Table(
    "reporters",
    metadata,
    _ref("number", "cases.number", primary_key=True),
    _text("by", primary_key=True),
    _number("ts"),
    _text("reason"),
    _number("bad_faith"),
    Index(None, "by", "ts"),
)

case_notes = Table(
    "case_notes",
    metadata,
    _ref("number", "cases.number", primary_key=True),
    _number("version", primary_key=True, autoincrement=False),
    _text("by"),
    _text("kind"),
    _number("ts"),
    _number("until_ms"),
    _text("sealed"),
    *_ends("until_ms"),
)

case_texts = Table(
    "case_texts",
    metadata,
    _ref("number", "cases.number", primary_key=True),
    _number("until_ms"),
    _text("sealed"),
    *_ends("until_ms"),
)

held = Table(
    "held",
    metadata,
    _text("hold", primary_key=True),
    _text("month", primary_key=True),
    _text("code", primary_key=True),
    _number("seq", primary_key=True, autoincrement=False),
    _text("sealed"),
)

kept_posts = Table(
    "kept_posts",
    metadata,
    _ref("code", "groups.code", primary_key=True),
    _number("seq", primary_key=True, autoincrement=False),
    _number("ts"),
    _text("month"),
    _text("sealed"),
    _text("digest"),
    _text("of_code", server_default=""),
    _number("of_seq", server_default="0"),
    Index(None, "code", "ts", "seq"),
    Index(None, "month"),
    Index("kept_posts_repeats", "of_code", "of_seq", "ts", **_where("of_code <> ''")),
)

media = Table(
    "media",
    metadata,
    _text("id", primary_key=True),
    _text("user"),
    _text("state"),
    _number("created_ts"),
    _number("until_ms"),
    _text("month"),
    _text("token"),
    _number("sent"),
    _text("type"),
    _number("size"),
    _number("width"),
    _number("height"),
    _number("duration_ms"),
    _text("sha256"),
    _text("likeness"),
    _text("reason"),
    _text("code"),
    _number("seq"),
    _number("ts"),
    Index(None, "user", "created_ts"),
    Index("media_unused", "until_ms", **_where("seq = 0")),
    Index("media_posted", "code", "seq", **_where("seq > 0")),
    Index("media_asked", "token", **_where("token <> ''")),
    Index("media_removed", "id", **_where("state = 'removed'")),
    Index(None, "ts"),
)

filings = Table(
    "filings",
    metadata,
    _text("case", primary_key=True),
    _text("measure"),
    _text("user"),
    _text("code"),
    _text("state"),
    _text("statement"),
    _text("asked_by"),
    _text("approved_by"),
    _text("problem"),
    _text("receipt"),
    _number("ts"),
    _number("identity"),
    _number("approved_ts"),
    _number("tries"),
    _number("next_ms"),
    _number("sent_ts"),
    _number("receipt_ts"),
    _text("corrects", server_default=""),
    Index(None, "state", "next_ms"),
    Index(None, "ts", "case"),
)

log_hashes = Table(
    "log_hashes",
    metadata,
    _number("level", primary_key=True, autoincrement=False),
    _number("number", primary_key=True, autoincrement=False),
    _text("hash"),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    _number("size", primary_key=True, autoincrement=False),
    _number("ts"),
    _text("note"),
)

logged_ranges = Table(
    "logged_ranges",
    metadata,
    _text("part", primary_key=True),
    _text("month", primary_key=True),
    _number("number", primary_key=True, autoincrement=False),
    _text("ranges"),
)

emergencies = Table(
    "emergencies",
    metadata,
    _text("number", primary_key=True),
    _text("scope"),
    _text("halt"),
    _text("reason"),
    _text("by"),
    _number("started_ts"),
    _number("until_ms"),
    _number("slow_ms"),
    _number("ended_ts"),
    Index(None, "until_ms"),
)

features = Table(
    "features",
    metadata,
    _text("feature", primary_key=True),
    _text("by"),
    _number("ts"),
    _text("sha256"),
    _text("reason"),
    _number("stopped_ts"),
)

announcements = Table(
    "announcements",
    metadata,
    _text("number", primary_key=True),
    _text("text"),
    _text("by"),
    _text("code"),
    _number("ts"),
    _number("until_ms"),
    Index(None, "until_ms"),
)

announcement_marks = Table(
    "announcement_marks", metadata, _ref("user", "accounts.user", primary_key=True), _number("ts")
)

platform_words = Table(
    "platform_words", metadata, _text("word", primary_key=True), _text("verdict"), _text("by"), _number("ts")
)

retro_scans = Table(
    "retro_scans",
    metadata,
    _text("name", primary_key=True),
    _text("rules"),
    _text("pending"),
    _number("since_ts"),
    _text("code"),
    _number("before"),
)

retro_hits = Table(
    "retro_hits",
    metadata,
    _text("code", primary_key=True),
    _number("seq", primary_key=True, autoincrement=False),
    _text("user"),
    _text("rule"),
    _text("severity"),
    _number("ts"),
    Index(None, "rule"),
)

agreements = Table(
    "agreements",
    metadata,
    _text("version", primary_key=True),
    _text("sha256"),
    _text("texts"),
    _number("since_ts"),
)

profiles = Table(
    "profiles",
    metadata,
    _ref("user", "accounts.user", primary_key=True),
    _text("display_name"),
    _text("password_hash"),
    _text("language"),
)

identities = Table(
    "identities",
    metadata,
    _ref("user", "accounts.user", primary_key=True),
    _text("identity", primary_key=True),
    _text("sealed"),
    _text("blind"),
    _number("ts"),
    Index(None, "blind"),
)

barred_identities = Table(
    "barred_identities",
    metadata,
    _text("entry", primary_key=True),
    _text("blind", primary_key=True),
    _text("scopes"),
    _text("reason"),
    _number("ts"),
    _number("until_ms"),
    Index(None, "blind"),
    *_ends("until_ms"),
)

identity_requests = Table(
    "identity_requests",
    metadata,
    _ref("user", "accounts.user", primary_key=True),
    _text("identity"),
    _text("sealed"),
    _text("blind"),
    _number("ts"),
    _text("code", server_default=""),
    Index(None, "blind"),
)

tokens = Table(
    "tokens",
    metadata,
    _text("hash", primary_key=True),
    _ref("user", "accounts.user"),
    _number("created_ts"),
    _number("seen_ts", server_default="0"),
    _text("device", server_default=""),
    _text("region", server_default=""),
    Index(None, "user"),
    Index(None, "seen_ts"),
)

reset_codes = Table(
    "reset_codes",
    metadata,
    _ref("user", "accounts.user", primary_key=True),
    _text("hash"),
    _number("until_ms"),
    *_ends("until_ms"),
)

second_factors = Table(
    "second_factors",
    metadata,
    _ref("user", "accounts.user", primary_key=True),
    _text("sealed"),
    _text("codes"),
    _number("ts"),
)

outgoing_hooks = Table(
    "outgoing_hooks",
    metadata,
    _ref("user", "accounts.user", primary_key=True),
    _ref("code", "groups.code"),
    _text("sealed"),
    _text("word"),
    _number("seq"),
    _number("failures"),
    _number("next_ms"),
    _number("created_ts"),
    Index(None, "code"),
)

leaving = Table("leaving", metadata, _ref("user", "accounts.user", primary_key=True), _number("ts"))

read_marks = Table("read_marks", metadata, *_group_and_user(), _number("seq"), Index(None, "user"))

journal_heads = Table("journal_heads", metadata, _ref("code", "groups.code", primary_key=True), _number("last_seq"))

answers = Table(
    "answers",
    metadata,
    _ref("user", "accounts.user", primary_key=True),
    _text("code", primary_key=True),
    _text("nonce", primary_key=True),
    _text("sealed"),
    _number("until_ms"),
    *_ends("until_ms"),
)

notices = Table(
    "notices",
    metadata,
    _ref("user", "accounts.user", primary_key=True),
    _text("id", primary_key=True),
    _number("ts"),
    _text("kind"),
    _text("case"),
    _text("code"),
    _text("data"),
    _number("read_ts"),
    _number("until_ms"),
    *_ends("until_ms"),
)

activity = Table(
    "activity",
    metadata,
    _ref("code", "groups.code", primary_key=True),
    _number("ts"),
    _number("seq"),
    _number("entries_per_day"),
)

marks = Table("marks", metadata, _text("name", primary_key=True), _number("value"))

member_settings = Table(
    "member_settings",
    metadata,
    *_group_and_user(),
    _text("nick"),
    _text("notify"),
    _number("nick_ts", server_default="0"),
    Index(None, "user"),
)

follows = Table(
    "follows",
    metadata,
    _ref("user", "accounts.user", primary_key=True),
    _ref("code", "groups.code", primary_key=True),
    _number("ts"),
    Index(None, "code"),
)

reach = Table(
    "reach",
    metadata,
    _ref("code", "groups.code", primary_key=True),
    _number("followers", server_default="0"),
    _number("day", server_default="0"),
    _number("reads_day", server_default="0"),
)

reads = Table(
    "reads",
    metadata,
    _number("day", primary_key=True),
    _number("part", primary_key=True),
    _ref("code", "groups.code", primary_key=True),
    _text("reader", primary_key=True),
)

ignored = Table(
    "ignored",
    metadata,
    _ref("user", "accounts.user", primary_key=True),
    _ref("whom", "accounts.user", primary_key=True),
)
