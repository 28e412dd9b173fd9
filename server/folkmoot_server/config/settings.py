"""The server's configuration, declared once.

The loader, `config.settings.example.toml`, `docs/configuration.md` and `folkmoot config` come from the dataclasses of
this file. `load_config` is the only way in; `Config()` is the profile `regulated` with every default.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from folkmoot_governance.ladder import DEFAULT_LADDER, parse_ladder
from folkmoot_governance.text import N_

from ..common.logs import LEVELS
from ..common.terminal import _
from ..crypto.notes import COSIGNATURE, Key, NoteError
from ..transport.addresses import is_ip_address, is_this_machine
from . import text as config_text
from .accounts import AccountPolicy, Registration, Staff
from .audit import Audit
from .channels import ChannelPolicy, Features
from .cluster_urls import is_nats_away, nats_problem, postgres_problem
from .credit import QUOTAS, CreditPolicy, Quota, ReportPolicy, SanctionPolicy, unknown_measures
from .declare import Value, labels, named, section, setting, settings_of
from .hooks import Hooks
from .identity import IDENTITIES, IdentityChecks, IdentityPolicy
from .load import ConfigError, load
from .media import MediaSettings
from .operator import Operator

__all__ = [
    "OPEN_DEFAULTS",
    "Config",
    "ConfigError",
    "docs",
    "example",
    "load_config",
    "show",
    "split_address",
]


def split_address(text: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`, an IPv6 host in brackets. Raises ValueError."""
    match = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]\s]+):(\d{1,5})", text)
    if match is None or int(match[2]) > 65535:
        raise ValueError(text)
    return match[1].strip("[]"), int(match[2])


def _check_address(text: str) -> str | None:
    try:
        split_address(text)
    except ValueError:
        return _("HOST:PORT, for example 127.0.0.1:8765 or [::1]:8765; port 0 picks a free one")
    return None


def _is_origin(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and text == f"{parts.scheme}://{parts.netloc}"


def _check_url(text: str) -> str | None:
    parts = urlsplit(text)
    if text == "" or (parts.scheme in {"http", "https"} and parts.netloc):
        return None
    return _("an http:// or https:// address, or an empty string")


def _check_origins(origins: tuple[str, ...]) -> str | None:
    if all(_is_origin(origin) for origin in origins):
        return None
    return _("a list of origins, scheme and host alone, for example https://chat.example.org")


def _check_hosts(hosts: tuple[str, ...]) -> str | None:
    if all(re.fullmatch(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?", host) for host in hosts):
        return None
    return _("a list of host names in small letters, without a port, for example chat.example.org")


def _check_networks(networks: tuple[str, ...]) -> str | None:
    try:
        for network in networks:
            ipaddress.ip_network(network)
    except ValueError:
        return _("a list of IP addresses or networks, for example 10.0.0.0/8")
    return None


def _check_log_origin(name: str) -> str | None:
    # What a key may be called: C2SP's `signed-note`.
    if re.fullmatch(r"[!-*,-~]{1,200}", name):
        return None
    return _("a name without spaces and plus signs, for example chat.example.org/log")


def _check_witnesses(witnesses: tuple[str, ...]) -> str | None:
    for one in witnesses:
        url, _space, key = one.partition(" ")
        try:
            Key.parse(key, COSIGNATURE)
        except NoteError as error:
            return _("addresses, each with a space and the witness's key behind it ({error})").format(error=error)
        if not url or _check_url(url):
            return _("addresses, each with a space and the witness's key behind it ({error})").format(error=url)
    return None


def _check_label(text: str) -> str | None:
    if text.strip() and len(text) <= 60 and text.isprintable():
        return None
    return _("a label of 1 to 60 printable characters")


def _check_ladder(text: str) -> str | None:
    return (
        None if parse_ladder(text) is not None else _("steps such as {example}, or off").format(example=DEFAULT_LADDER)
    )


@dataclass(frozen=True)
class Server:
    """Where the node listens and keeps its data."""

    listen: str = setting(
        "127.0.0.1:8765", N_("Address to listen on, HOST:PORT. Port 0 picks a free one."), check=_check_address
    )
    public_url: str = setting(
        "",
        N_("Address that people reach the server by, where a proxy stands before it."),
        check=_check_url,
    )
    tls_certificate: Path | None = setting(
        None, N_("PEM file with the certificate chain; with tls_key, the node speaks TLS itself.")
    )
    tls_key: Path | None = setting(None, N_("PEM file with the certificate's private key."))
    data_dir: Path = setting(Path("data"), N_("Directory for all that the server must not forget."))
    allowed_origins: tuple[str, ...] = setting(
        (), N_("Origins of web pages that may connect besides the server's own."), check=_check_origins
    )
    allowed_hosts: tuple[str, ...] = setting(
        (),
        N_(
            "Names that the server goes by besides that of public_url. Requests for other names are "
            "refused; IP addresses and localhost are always its own. None named and listening beyond "
            "loopback: any will do."
        ),
        check=_check_hosts,
    )
    trusted_proxies: tuple[str, ...] = setting(
        (), N_("Proxies whose X-Forwarded-For header is believed, addresses or networks."), check=_check_networks
    )
    metrics: str = setting("loopback", N_("Who may read /metrics."), choices=("loopback", "everyone", "off"))
    log_level: str = setting("info", N_("The least important lines that go to the log."), choices=LEVELS)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of `listen`."""
        return split_address(self.listen)

    @property
    def host_names(self) -> frozenset[str] | None:
        """The names that requests may call the server by, beside what is always its own; None: any."""
        listens, public = self.address[0], urlsplit(self.public_url).hostname
        named = {*self.allowed_hosts, *([public] if public else [])}
        if not named and not is_this_machine(listens):
            return None
        return frozenset(named if is_ip_address(listens) else {*named, listens.lower()})


@dataclass(frozen=True)
class Cluster:
    """Several nodes, one service: PostgreSQL is authority and sequencer, NATS carries the news."""

    database_url: str = setting(
        "",
        N_("PostgreSQL to keep everything in, a libpq URL (Unix sockets included). With nats_url: cluster mode."),
        secret=True,
    )
    nats_url: str = setting("", N_("NATS server that carries news between the nodes, nats://HOST:PORT."), secret=True)
    node_name: str = setting("", N_("This node's name, unique among the nodes. Empty: made up at each start."))
    trusted_network: bool = setting(
        False,
        N_(
            "Whether PostgreSQL and NATS on other machines may do without a password or without TLS, because nobody "
            "else is on the network between."
        ),
    )

    @property
    def is_bus_exposed(self) -> bool:
        """Whether NATS must say of itself that it lets in nobody without a password, and speaks TLS."""
        return is_nats_away(self.nats_url) and not self.trusted_network


@dataclass(frozen=True)
class Limits:
    """Bounds that keep one account or address from taking the server from the others."""

    frame_bytes: int = setting(65536, N_("Largest frame that a client may send, bytes."), least=1024, most=16777216)
    body_chars: int = setting(4000, N_("Longest body of a post, characters."), least=1, most=1000000)
    auth_seconds: int = setting(
        15, N_("Seconds that a new connection has to register, sign in or resume."), least=1, most=600
    )
    connections_per_account: int = setting(20, N_("Open connections of one account. 0 = no limit."), least=0)
    connections_per_address: int = setting(100, N_("Open connections from one IP address. 0 = no limit."), least=0)
    posts_per_second: int = setting(5, N_("Posts of one account, a second. 0 = no limit."), open=200, least=0)
    requests_per_second: int = setting(
        50, N_("Requests of one account other than posts, a second. 0 = no limit."), open=500, least=0
    )
    acts_per_minute: int = setting(
        60,
        N_("Acts of one account in the records of groups, and changes of its settings, a minute. 0 = no limit."),
        open=600,
        least=0,
    )
    group_acts_per_minute: int = setting(
        600, N_("Acts on one group that go into its record, a minute. 0 = no limit."), open=6000, least=0
    )
    unknown_codes_per_minute: int = setting(
        20,
        N_("Codes of groups that are not there, that one account or IP address may ask for, a minute. 0 = no limit."),
        open=600,
        least=0,
    )
    sign_ins_per_minute: int = setting(
        30,
        N_("Registrations and sign-ins by password from one IP address, a minute. 0 = no limit."),
        open=600,
        least=0,
    )
    outbox_bytes: int = setting(
        1048576, N_("Bytes that may wait for one slow connection before it gets lag instead."), least=65536
    )
    history_page: int = setting(200, N_("Most entries that one history request answers."), least=1, most=200)


@dataclass(frozen=True)
class Grade:
    """What a grade is for, and what it asks for (G7, G8)."""

    up_to_members: int = setting(500, N_("Members that a group of this grade may have."), open=20000, least=1)
    up_to_entries_per_day: int = setting(
        0, N_("Entries a day, over the last week, that a group of this grade may get. 0 = any number."), open=0, least=0
    )
    up_to_followers: int = setting(
        0, N_("Followers that a channel of this grade may have. 0 = any number."), open=0, least=0, rule="P7.2"
    )
    categories: tuple[str, ...] = setting((), N_("Categories whose groups have at least this grade."))
    creator_identity: str = setting(
        "none", N_("Identity check that the owner needs besides to_create_group."), open="none", choices=IDENTITIES
    )
    creator_credit: int = setting(0, N_("Credit that the owner needs."), open=0, least=0)
    review_to_create: bool = setting(
        False, N_("Whether the operator's staff looks at a group before it may get this size."), open=False
    )
    info_page: bool = setting(False, N_("Whether the group's info page must be public."), open=False)
    least_admins: int = setting(
        0, N_("Admins besides the owner that a group needs to grow into this grade."), open=0, least=0, most=1000
    )


GRADES = {
    "standard": Grade(up_to_entries_per_day=5_000, up_to_followers=1_000),
    "large": Grade(2_000, 50_000, creator_identity="person", creator_credit=60, info_page=True, least_admins=2),
    "great": Grade(
        20_000, creator_identity="person", creator_credit=80, review_to_create=True, info_page=True, least_admins=5
    ),
}


ACTIONS = ("allow", "flag", "hold", "refuse")


@dataclass(frozen=True)
class ContentPolicy:
    """What may be posted (G10)."""

    rule_files: tuple[str, ...] = setting(
        ("domains", "terms", "spam"),
        N_("Rule files, paths ending in .toml, or sets that come along: domains, terms, spam, profanity, conduct."),
        open=(),
    )
    low: str = setting("flag", N_("What happens to a post that breaks a rule of severity low."), choices=ACTIONS)
    medium: str = setting("hold", N_("What happens to a post that breaks a rule of severity medium."), choices=ACTIONS)
    high: str = setting("refuse", N_("What happens to a post that breaks a rule of severity high."), choices=ACTIONS)
    words_per_group: int = setting(200, N_("Words that an owner may add for one group."), least=0, most=1000)
    queue_posts: int = setting(200, N_("Posts of a group that wait for review; more are refused."), least=1, most=1000)
    queue_days: int = setting(7, N_("Days for which a post waits for review."), least=1, most=365)


@dataclass(frozen=True)
class GroupPolicy:
    "What applies in every group."

    delete_own_seconds: int = setting(
        120, N_("Seconds within which authors may delete entries of their own. 0 = never."), least=0
    )
    edit_own_seconds: int = setting(
        900, N_("Seconds within which authors may edit entries of their own. 0 = never."), least=0
    )
    warning_days: int = setting(30, N_("Days for which a warning to a member is in force."), least=1, most=3650)
    warning_ladder: str = setting(
        DEFAULT_LADDER,
        N_(
            "What follows after warnings in force, where a group has not set its own: after the third "
            "…, after the fourth …."
        ),
        check=_check_ladder,
    )
    invite_days: int = setting(7, N_("Days for which an invitation is valid."), least=1, most=365)
    request_days: int = setting(7, N_("Days for which a request to join waits for an answer."), least=1, most=365)
    absence_days: int = setting(
        7,
        N_("An owner whose account is suspended for so many days or longer is replaced by the heir or an admin."),
        least=1,
        most=3650,
    )
    quiet_minutes: int = setting(
        10,
        N_("Minutes within which leaving after joining, or joining again, is not told to the group."),
        open=0,
        least=0,
        most=1440,
    )
    kick_wait_minutes: int = setting(
        10, N_("Minutes before somebody who was removed may come back, unless invited."), open=0, least=0, most=525600
    )
    denial_wait_hours: int = setting(
        24,
        N_("Hours before somebody who was turned down may ask to join again, unless invited."),
        open=0,
        least=0,
        most=8760,
    )
    tries_per_hour: int = setting(
        5, N_("Answers and invite codes that one account may try at one group, an hour. 0 = no limit."), least=0
    )
    transfer_hours: int = setting(
        48, N_("Hours for which an offered transfer of ownership waits for an answer."), least=1, most=8760
    )
    raid_joins: int = setting(
        20,
        N_("Joins within a minute, where anyone may join, that count as a raid. 0 = never."),
        open=0,
        least=0,
        most=1000,
    )
    raid_repeats: int = setting(
        3,
        N_("Posts of the same text by new members within a minute that count as a raid. 0 = never."),
        open=0,
        least=0,
        most=100,
    )
    newcomer_minutes: int = setting(10, N_("Minutes for which a member counts as new."), least=1, most=1440)
    antiraid_minutes: int = setting(
        30, N_("Minutes for which the raid guard stays on, unless told otherwise."), least=1, most=10080
    )
    admins_per_group: int = setting(50, N_("Admins that a group may have besides its owner."), least=0, most=1000)
    bots_per_group: int = setting(
        20,
        N_("Bots, and webhooks that post, that a group may have. 0 = there are none on this server."),
        least=0,
        most=1000,
    )


@dataclass(frozen=True)
class Policy:
    """The rules that governance decides by."""

    identity: IdentityPolicy = section(IdentityPolicy, N_("What an account must have proved about itself."))
    credit: CreditPolicy = section(CreditPolicy, N_("Scores of accounts, and what they lose and gain."))
    quota: Mapping[str, Quota] = named(
        Quota, "LEVEL", N_("What an account of a credit level may have at the same time, or do."), QUOTAS
    )
    categories: Mapping[str, str] = labels(
        "NAME",
        N_("Categories that groups can be filed under, name = label. Naming any replaces the default ones."),
        {"general": "General"},
        check=_check_label,
    )
    grades: Mapping[str, Grade] = named(
        Grade,
        "NAME",
        N_(
            "Grades of groups, in the order of their sizes. A group has the highest that its size, its activity or its "
            "category leads to, a channel that its followers do. Naming any replaces the default ones."
        ),
        GRADES,
        replaced=True,
    )
    channels: ChannelPolicy = section(ChannelPolicy, N_("Public accounts: caps, licences, documents."))
    sanctions: SanctionPolicy = section(SanctionPolicy, N_("Measures of the platform: the term of appeal."))
    reports: ReportPolicy = section(ReportPolicy, N_("Reports and appeals: within which times they are answered."))
    content: ContentPolicy = section(ContentPolicy, N_("Rule files, and what happens to posts that break a rule."))
    groups: GroupPolicy = section(GroupPolicy, N_("What applies in every group."))


@dataclass(frozen=True)
class Retention:
    """How long messages are kept (G13)."""

    months: int = setting(
        6,
        N_("Full months that messages are kept; older months are removed whole."),
        least=6,
        most=1200,
        rule="G13",
    )
    posts: str = setting(
        "month",
        N_(
            "What becomes of posts of channels, and what they show, when their month is removed: they go with it "
            "(month), or are kept (keep), without their comments."
        ),
        choices=("month", "keep"),
        rule="P16",
    )
    access_log_months: int = setting(
        6,
        N_("Full months that the access log is kept: who connected from where, and signed in as whom."),
        least=6,
        most=1200,
        rule="G13",
    )
    checkpoint_dir: str = setting(
        "",
        N_("Directory to which checkpoints of the ledger's log are written as well, to be copied elsewhere."),
        rule="G13",
    )
    log_origin: str = setting(
        "folkmoot",
        N_("Name of the ledger's log, best an address such as chat.example.org/log; it is not to be changed."),
        check=_check_log_origin,
        rule="G13",
    )
    log_key: int = setting(
        1,
        N_("Which of its keys signs the log, counted from 1: one more changes the key, on record; never less."),
        least=1,
        most=1000,
        rule="G13",
    )
    witnesses: tuple[str, ...] = setting(
        (),
        N_(
            "Witnesses of the log (C2SP tlog-witness), each an address and a key: "
            "https://witness.example.org/ witness.example.org+1234abcd+B…"
        ),
        check=_check_witnesses,
        rule="G13",
    )
    publish_log: bool = setting(
        False,
        N_(
            "Whether the log is published below /log: when something was done and of which kind, but "
            "not by whom or to whom."
        ),
        rule="G13",
    )


@dataclass(frozen=True)
class I18n:
    """Languages."""

    default_language: str = setting("en", N_("Language for those who haven't chosen one."), choices=("en", "zh-CN"))


@dataclass(frozen=True)
class Config:
    """The whole configuration, immutable. `origins` says of each concrete key where its value comes from, `exposed` has
    the files with secrets that others may read."""

    profile: str = setting(
        "regulated",
        N_(
            'Which defaults apply. "regulated": identities are checked, quotas are tight. "open": '
            "nobody needs an identity and limits are wide, for trying out and for closed teams. A "
            "profile only moves defaults: what you set yourself applies in both."
        ),
        choices=("regulated", "open"),
    )
    server: Server = section(Server, N_("The node: where it listens, where its data is."))
    cluster: Cluster = section(Cluster, N_("Several nodes, one service. Both URLs set = cluster mode."))
    limits: Limits = section(Limits, N_("Bounds on what one account or one address may use."))
    registration: Registration = section(Registration, N_("Who may make an account."))
    accounts: AccountPolicy = section(AccountPolicy, N_("How long one stays signed in."))
    staff: Staff = section(Staff, N_("How the operator's staff works."))
    identity: IdentityChecks = section(IdentityChecks, N_("How identity is checked: codes, age."))
    policy: Policy = section(Policy, N_("The rules that governance decides by."))
    hooks: Hooks = section(Hooks, N_("Webhooks by which groups have their posts sent to addresses outside."))
    features: Features = section(Features, N_("Functions that are off until a safety assessment of them is on record."))
    retention: Retention = section(Retention, N_("How long messages are kept."))
    audit: Audit = section(Audit, N_("What a system of the operator's own is told about governance and access."))
    operator: Operator = section(Operator, N_("Who runs the service, and what they publish about it."))
    media: MediaSettings = section(
        MediaSettings, N_("Pictures, sound and films: what is accepted, and where it is kept.")
    )
    i18n: I18n = section(I18n, N_("Languages."))
    origins: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    exposed: tuple[Path, ...] = field(default=(), repr=False, compare=False)


OPEN_DEFAULTS: Mapping[str, Value] = {
    item.key: item.rules.open for item in settings_of(Config) if item.rules.open is not None
}
"""The defaults that the profile `open` moves, by declared key."""


def _cross_check(config: Config) -> Iterator[tuple[tuple[str, ...], str]]:
    if (config.server.tls_certificate is None) != (config.server.tls_key is None):
        keys = ("server.tls_certificate", "server.tls_key")
        yield keys, _("server.tls_certificate and server.tls_key go together: set both or neither")
    if (config.audit.syslog.certificate is None) != (config.audit.syslog.key is None):
        keys = ("audit.syslog.certificate", "audit.syslog.key")
        yield keys, _("audit.syslog.certificate and audit.syslog.key go together: set both or neither")
    if bool(config.cluster.database_url) != bool(config.cluster.nats_url):
        keys = ("cluster.database_url", "cluster.nats_url")
        yield keys, _("cluster.database_url and cluster.nats_url go together: set both or neither")
    if not config.cluster.trusted_network:
        for key, url, problem_of in (
            ("cluster.database_url", config.cluster.database_url, postgres_problem),
            ("cluster.nats_url", config.cluster.nats_url, nats_problem),
        ):
            if url and (problem := problem_of(url)):
                yield (key, "cluster.trusted_network"), problem
    for name, grade in config.policy.grades.items():
        unknown = sorted(set(grade.categories) - config.policy.categories.keys())
        if unknown:
            problem = _("policy.grades.{name}.categories: found {unknown}; allowed: names from [policy.categories]")
            yield ("policy.categories",), problem.format(name=name, unknown=", ".join(unknown))
    unknown = sorted(config.policy.channels.licences.keys() - config.policy.categories.keys())
    if unknown:
        problem = _("policy.channels.licences: found {unknown}; allowed: names from [policy.categories]")
        yield ("policy.categories",), problem.format(unknown=", ".join(unknown))
    strange = sorted(set(config.policy.quota) - set(QUOTAS) - set(config.policy.credit.levels))
    if strange:
        problem = _("policy.quota.{name}: found a level that is not there; allowed: names from [policy.credit.levels]")
        yield ("policy.credit.levels",), problem.format(name=strange[0])
    if config.operator.licence and not config.operator.licence_until:
        keys = ("operator.licence", "operator.licence_until")
        yield keys, _("operator.licence and operator.licence_until go together: set both or neither")
    if config.identity.sender.kind == "webhook" and not config.identity.sender.url:
        keys = ("identity.sender.kind", "identity.sender.url")
        yield keys, _("identity.sender.kind and identity.sender.url go together: a webhook has an address")
    if config.policy.identity.review == "webhook" and not config.identity.review_url:
        keys = ("policy.identity.review", "identity.review_url")
        yield keys, _("policy.identity.review and identity.review_url go together: a webhook has an address")
    yield from unknown_measures(config.policy.sanctions)
    outbox, frame = config.limits.outbox_bytes, config.limits.frame_bytes
    if outbox < frame:
        problem = _("limits.outbox_bytes: found {outbox}; allowed: no less than limits.frame_bytes, {frame}")
        yield ("limits.outbox_bytes", "limits.frame_bytes"), problem.format(outbox=outbox, frame=frame)


def load_config(
    path: Path | None = None,
    env: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
) -> Config:
    """Reads the file at `path`, the environment `env` and the command line's `overrides`.

    `overrides` has dotted keys; None as a value means not given. Raises ConfigError with all the problems
    there are, each naming its key, what was found and what is allowed.
    """
    config, origins, exposed = load(Config, path, env or {}, overrides or {}, cross_check=_cross_check)
    return replace(config, origins=origins, exposed=exposed)


def example() -> str:
    """The text of `config.settings.example.toml`: every key with its help, commented out at its default."""
    return config_text.example(Config)


def docs() -> str:
    """The text of `docs/configuration.md`."""
    return config_text.docs(Config)


def show(config: Config) -> str:
    """The effective configuration as TOML, each value with its origin in a comment."""
    return config_text.show(config, config.origins)
