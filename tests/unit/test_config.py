"""The server's own configuration: what loads, what is refused and in which words, the texts made from it."""

import os
import re
import subprocess
import tomllib
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from folkmoot_server.common.terminal import _
from folkmoot_server.config.declare import settings_of
from folkmoot_server.config.settings import (
    OPEN_DEFAULTS,
    Config,
    ConfigError,
    Grade,
    docs,
    example,
    load_config,
    show,
    split_address,
)
from folkmoot_server.config.values import to_toml
from tests import commands

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "en")


def from_toml(tmp_path: Path, text: str, env: dict[str, str] | None = None) -> Config:
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    return load_config(file, env or {}, {})


def problems_of(tmp_path: Path, text: str, env: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        from_toml(tmp_path, text, env)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return caught.value.problems


def test_nothing_given_is_the_profile_regulated() -> None:
    config = load_config()
    assert config == Config()
    assert config.profile == "regulated"
    assert config.server.address == ("127.0.0.1", 8765)
    assert config.server.tls_certificate is None
    assert config.policy.identity.to_create_group == "person"
    assert config.policy.quota["standard"].groups_created == 10
    assert config.policy.categories == {"general": "General"}
    assert set(config.origins.values()) == {"default"}


def test_configuration_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        load_config().limits.frame_bytes = 1  # type: ignore[misc]


@pytest.mark.parametrize("source", ["file", "environment", "command line"])
def test_profile_open_moves_defaults_wherever_it_is_chosen(tmp_path: Path, source: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text('profile = "open"' if source == "file" else "")
    env = {"FOLKMOOT_PROFILE": "open"} if source == "environment" else {}
    overrides = {"profile": "open"} if source == "command line" else {}
    config = load_config(file, env, overrides)
    assert config.policy.identity.to_post == "none"
    assert config.limits.posts_per_second >= 200
    assert config.policy.grades["standard"].up_to_members == OPEN_DEFAULTS["policy.grades.NAME.up_to_members"]
    assert config.origins["profile"] == source
    assert config.origins["limits.posts_per_second"] == "profile"
    assert config.origins["limits.body_chars"] == "default"


def test_explicit_value_wins_over_the_profile_even_when_it_is_the_other_profiles_default(
    tmp_path: Path,
) -> None:
    config = from_toml(tmp_path, 'profile = "open"\n[policy.identity]\nto_post = "mobile"')
    assert config.policy.identity.to_post == "mobile"
    assert config.policy.identity.to_create_group == "none"


def test_later_sources_win(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[limits]\nbody_chars = 1\nauth_seconds = 2\nhistory_page = 3")
    env = {"FOLKMOOT_LIMITS__AUTH_SECONDS": "20", "FOLKMOOT_LIMITS__HISTORY_PAGE": "30"}
    config = load_config(file, env, {"limits.history_page": 100, "limits.frame_bytes": None})
    limits = config.limits
    assert (limits.body_chars, limits.auth_seconds, limits.history_page) == (1, 20, 100)
    assert limits.frame_bytes == Config().limits.frame_bytes
    keys = ["limits.body_chars", "limits.auth_seconds", "limits.history_page"]
    assert [config.origins[key] for key in keys] == ["file", "environment", "command line"]


def test_named_tables_grow_and_take_defaults_for_what_they_leave_out(tmp_path: Path) -> None:
    config = from_toml(
        tmp_path, 'profile = "open"\n[policy.credit.levels]\ntrusted = 90\n[policy.quota.trusted]\ngroups_created = 7'
    )
    assert set(config.policy.quota) == {"standard", "limited", "poor", "trusted"}
    assert config.policy.quota["trusted"].groups_created == 7
    assert config.policy.quota["trusted"].groups_joined == config.policy.quota["standard"].groups_joined == 10000


def test_quotas_are_of_levels_that_there_are(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, "[policy.quota.vip]\ngroups_created = 7")
    assert problem.startswith("policy.quota.vip: found a level that is not there")


def test_levels_are_whole_numbers(tmp_path: Path) -> None:
    assert from_toml(tmp_path, "[policy.credit.levels]\ngold = 90\nplain = 0").policy.credit.levels == {
        "gold": 90,
        "plain": 0,
    }
    assert problems_of(tmp_path, '[policy.credit.levels]\ngold = "much"')
    assert problems_of(tmp_path, "[policy.credit.levels]\ngold = -1")


def test_named_categories_replace_the_default_one(tmp_path: Path) -> None:
    config = from_toml(tmp_path, '[policy.categories]\nsport = "体育"')
    assert config.policy.categories == {"sport": "体育"}
    assert from_toml(tmp_path, "[policy.categories]").policy.categories == {"general": "General"}


def test_named_grades_replace_the_default_ones(tmp_path: Path) -> None:
    grades = Config().policy.grades
    assert list(grades) == ["standard", "large", "great"]
    assert [grade.least_admins for grade in grades.values()] == [0, 2, 5]
    own = from_toml(tmp_path, "[policy.grades.club]\nup_to_members = 30\ninfo_page = true").policy.grades
    assert own == {"club": Grade(up_to_members=30, info_page=True)}


def test_grades_name_categories_that_there_are(tmp_path: Path) -> None:
    categories = '[policy.categories]\nnews = "News"\n'
    grade = '[policy.grades.press]\ncategories = ["news", "sport"]'
    (problem,) = problems_of(tmp_path, categories + grade)
    assert problem == "policy.grades.press.categories: found sport; allowed: names from [policy.categories]"


@pytest.mark.parametrize("name", ["VIP", "1st", "a b", "x" * 33])
def test_names_of_the_operators_are_checked(tmp_path: Path, name: str) -> None:
    (problem,) = problems_of(tmp_path, f'[policy.quota."{name}"]\ngroups_created = 7')
    assert problem.startswith(f'policy.quota.{name}.groups_created: "{name}": a name has 1 to 32')


def test_environment_reads_every_kind() -> None:
    env = {
        "FOLKMOOT_SERVER__DATA_DIR": "/srv/moot",
        "FOLKMOOT_SERVER__TRUSTED_PROXIES": "10.0.0.0/8, ::1",
        "FOLKMOOT_SERVER__ALLOWED_ORIGINS": "",
        "FOLKMOOT_LIMITS__POSTS_PER_SECOND": "0",
        "FOLKMOOT_POLICY__CATEGORIES__SPORT": "Sport",
        "HOME": "/root",
        "FOLKMOOT_TOKEN": "for somebody else",
    }
    config = load_config(None, env, {})
    assert config.server.data_dir == Path("/srv/moot")
    assert config.server.trusted_proxies == ("10.0.0.0/8", "::1")
    assert config.server.allowed_origins == ()
    assert config.limits.posts_per_second == 0
    assert config.policy.categories == {"sport": "Sport"}


def test_value_from_a_file_that_the_environment_names(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("https://chat.example.org\n")
    config = load_config(None, {"FOLKMOOT_SERVER__PUBLIC_URL_FILE": str(secret)}, {})
    assert config.server.public_url == "https://chat.example.org"
    assert config.origins["server.public_url"] == "environment"


def test_value_file_that_is_missing_or_doubled_is_a_problem(tmp_path: Path) -> None:
    env = {
        "FOLKMOOT_SERVER__METRICS_FILE": str(tmp_path / "nothing"),
        "FOLKMOOT_SERVER__LISTEN": "127.0.0.1:1",
        "FOLKMOOT_SERVER__LISTEN_FILE": str(tmp_path / "nothing"),
    }
    problems = problems_of(tmp_path, "", env)
    assert problems == [
        "FOLKMOOT_SERVER__LISTEN_FILE and FOLKMOOT_SERVER__LISTEN are both set; only one may be",
        f"FOLKMOOT_SERVER__METRICS_FILE: {tmp_path / 'nothing'} can't be read: No such file or directory",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[limits]\nframe_byte = 1", "unknown key limits.frame_byte; did you mean limits.frame_bytes?"),
        ("[limit]\nframe_bytes = 1", "unknown key limit; did you mean limits?"),
        (
            "[policy.quotas.standard]\ngroups_created = 1",
            "unknown key policy.quotas; did you mean policy.quota?",
        ),
        (
            "[policy.quota.vip]\ngroup_created = 1",
            "unknown key policy.quota.vip.group_created; did you mean policy.quota.vip.groups_created?",
        ),
        ("zzz = 1", "unknown key zzz"),
        ("[limits.frame_bytes]\nx = 1", "limits.frame_bytes: found a table; allowed: a whole number from "),
        ("limits = 3", "limits: found 3; allowed: a table [limits]"),
        (
            '[limits]\nframe_bytes = "65536"',
            'limits.frame_bytes: found "65536"; allowed: a whole number from ',
        ),
        ("[limits]\nframe_bytes = true", "limits.frame_bytes: found true; allowed: a whole number from "),
        ("[limits]\nframe_bytes = 65536.0", "limits.frame_bytes: found 65536.0; allowed: a whole number"),
        (
            "[limits]\nframe_bytes = 1023",
            "limits.frame_bytes: found 1023; allowed: a whole number from 1024 to ",
        ),
        (
            "[limits]\nposts_per_second = -1",
            "limits.posts_per_second: found -1; allowed: a whole number of at least 0",
        ),
        (
            "[retention]\nmonths = 5",
            "retention.months: found 5; allowed: a whole number from 6 to 1200 (rule G13)",
        ),
        (
            '[server]\nmetrics = "all"',
            'server.metrics: found "all"; allowed: one of "loopback", "everyone", "off"',
        ),
        ("[server]\nmetrics = 3", 'server.metrics: found 3; allowed: one of "loopback", "everyone", "off"'),
        ('[server]\nlisten = "8765"', 'server.listen: found "8765"; allowed: HOST:PORT'),
        ('[server]\nlisten = "a:70000"', 'server.listen: found "a:70000"; allowed: HOST:PORT'),
        ("[server]\ndata_dir = 3", "server.data_dir: found 3; allowed: a path"),
        ('[server]\ndata_dir = ""', 'server.data_dir: found ""; allowed: a path'),
        ('[server]\nallowed_origins = "x"', 'server.allowed_origins: found "x"; allowed: a list of strings'),
        ("[server]\nallowed_origins = [1]", "server.allowed_origins: found [1]; allowed: a list of strings"),
        (
            '[server]\nallowed_origins = ["a/b"]',
            'server.allowed_origins: found ["a/b"]; allowed: a list of origins',
        ),
        (
            '[server]\ntrusted_proxies = ["a"]',
            'server.trusted_proxies: found ["a"]; allowed: a list of IP addresses',
        ),
        (
            '[server]\npublic_url = "ftp://a"',
            'server.public_url: found "ftp://a"; allowed: an http:// or https://',
        ),
        ('[server]\ntls_key = "k"', "server.tls_certificate and server.tls_key go together"),
        ("[limits]\nframe_bytes = 2000000", "limits.outbox_bytes: found 1048576; allowed: no less than"),
        ('[policy.categories]\na = ""', 'policy.categories.a: found ""; allowed: a label of 1 to 60'),
        ("[server]\nlisten = 1979-05-27", "server.listen: found 1979-05-27; allowed: a string"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, problem: str) -> None:
    (found,) = problems_of(tmp_path, text)
    assert found.startswith(problem)


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    text = '[limits]\nframe_byte = 1\nbody_chars = "x"\n[server]\ntls_key = "k"'
    env = {"FOLKMOOT_LIMITS__AUTH_SECOND": "1", "FOLKMOOT_RETENTION__MONTHS": "five"}
    assert [problem.partition(":")[0] for problem in problems_of(tmp_path, text, env)] == [
        "unknown key limits.frame_byte; did you mean limits.frame_bytes?",
        "limits.body_chars",
        "unknown key FOLKMOOT_LIMITS__AUTH_SECOND; did you mean FOLKMOOT_LIMITS__AUTH_SECONDS?",
        "FOLKMOOT_RETENTION__MONTHS",
        "server.tls_certificate and server.tls_key go together",
    ]


NEAR = (
    "postgresql://folkmoot@localhost/folkmoot",
    "postgresql://folkmoot@127.0.0.1:5433/folkmoot",
    "postgresql://folkmoot@[::1]:5433/folkmoot",
    "postgresql:///folkmoot?host=/var/run/postgresql",
    "postgresql://folkmoot@%2Frun%2Fpostgresql/folkmoot",
)
SAFE = (
    "postgresql://folkmoot:pw@db.internal/folkmoot?sslmode=verify-full",
    "postgresql://folkmoot@10.0.0.5/folkmoot?sslmode=require&passfile=/etc/pgpass",
    "postgresql://folkmoot@db.internal/folkmoot?sslmode=verify-ca&sslcert=c&sslkey=k",
)
UNSAFE = (
    ("postgresql://folkmoot@db.internal/folkmoot", "lacks a password and TLS"),
    ("postgresql://folkmoot:pw@db.internal/folkmoot", "lacks TLS"),
    ("postgresql://folkmoot:pw@db.internal/folkmoot?sslmode=prefer", "lacks TLS"),
    ("postgresql://folkmoot@db.internal/folkmoot?sslmode=require", "lacks a password"),
    ("postgresql://folkmoot@localhost,10.0.0.5/folkmoot?sslmode=require", "lacks a password"),
    ("postgresql://localhost/folkmoot?host=db.internal&password=pw", "lacks TLS"),
    ("postgresql://folkmoot@[2001:db8::1]:5432/folkmoot", "lacks a password"),
)
NATS = "nats://127.0.0.1:4222"


def cluster_of(database_url: str, nats_url: str, more: str = "") -> str:
    return f"[cluster]\ndatabase_url = '{database_url}'\nnats_url = '{nats_url}'\n{more}"


@pytest.mark.parametrize("url", [*NEAR, *SAFE])
def test_postgresql_is_near_or_proves_who_it_is(tmp_path: Path, url: str) -> None:
    assert from_toml(tmp_path, cluster_of(url, NATS)).cluster.database_url == url


@pytest.mark.parametrize(("url", "missing"), UNSAFE)
def test_postgresql_far_away_wants_a_password_and_tls(tmp_path: Path, url: str, missing: str) -> None:
    (problem,) = problems_of(tmp_path, cluster_of(url, NATS))
    assert problem.startswith("cluster.database_url: ")
    assert missing in problem
    assert from_toml(tmp_path, cluster_of(url, NATS, "trusted_network = true")).cluster.trusted_network


@pytest.mark.parametrize(
    ("url", "missing"),
    [
        ("nats://nats.internal:4222", "lacks a password and TLS"),
        ("nats://user:pw@10.0.0.5:4222", "lacks TLS"),
        ("tls://nats.internal:4222", "lacks a password"),
        ("nats.internal:4222", "lacks a password and TLS"),
    ],
)
def test_nats_far_away_wants_a_password_and_tls(tmp_path: Path, url: str, missing: str) -> None:
    (problem,) = problems_of(tmp_path, cluster_of(NEAR[0], url))
    assert problem.startswith("cluster.nats_url: ")
    assert missing in problem
    trusting = from_toml(tmp_path, cluster_of(NEAR[0], url, "trusted_network = true"))
    assert not trusting.cluster.is_bus_exposed
    for good in ("tls://user:pw@nats.internal:4222", "tls://token@nats.internal:4222"):
        assert from_toml(tmp_path, cluster_of(NEAR[0], good)).cluster.is_bus_exposed
    for near in (NATS, "localhost:4222", "nats://[::1]:4222"):
        assert not from_toml(tmp_path, cluster_of(NEAR[0], near)).cluster.is_bus_exposed


def test_files_with_secrets_that_others_may_read_are_named(tmp_path: Path) -> None:
    file, secret = tmp_path / "config.toml", tmp_path / "url"
    secret.write_text("nats://user:pw@127.0.0.1:4222")
    env = {"FOLKMOOT_CLUSTER__NATS_URL_FILE": str(secret)}
    text = f"[cluster]\ndatabase_url = '{NEAR[0]}'\n"
    for mode, exposed in ((0o644, (file, secret)), (0o640, ()), (0o604, (file, secret)), (0o600, ())):
        from_toml(tmp_path, text, env)
        file.chmod(mode)
        secret.chmod(mode)
        assert load_config(file, env, {}).exposed == exposed
    file.write_text("[server]\nlog_level = 'info'\n")
    file.chmod(0o644)
    assert load_config(file, {}, {}).exposed == ()


@pytest.mark.parametrize(
    ("listen", "public_url", "hosts", "names"),
    [
        ("127.0.0.1:0", "", "[]", set()),
        ("localhost:0", "", "[]", {"localhost"}),
        ("[::1]:0", "https://Chat.example.org:444/", "[]", {"chat.example.org"}),
        ("127.0.0.1:0", "", "['chat.lan', 'chat']", {"chat.lan", "chat"}),
        ("0.0.0.0:0", "", "['chat.lan']", {"chat.lan"}),
        ("0.0.0.0:0", "", "[]", None),
        ("chat.lan:0", "", "[]", None),
        ("chat.lan:0", "https://chat.example.org", "[]", {"chat.lan", "chat.example.org"}),
    ],
)
def test_names_of_the_server(tmp_path: Path, listen: str, public_url: str, hosts: str, names: set[str] | None) -> None:
    text = f"[server]\nlisten = '{listen}'\npublic_url = '{public_url}'\nallowed_hosts = {hosts}"
    assert from_toml(tmp_path, text).server.host_names == names


def test_wrong_value_brings_no_echo_about_its_partner(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, '[server]\ntls_key = "k"\ntls_certificate = 3')
    assert problem.startswith("server.tls_certificate: found 3")


def test_unknown_override_is_a_problem() -> None:
    with pytest.raises(ConfigError, match=r"unknown key server\.listn; did you mean server\.listen\?"):
        load_config(None, {}, {"server.listn": "x"})


def test_file_that_is_missing_or_not_toml_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing: can't be read: No such file"):
        load_config(tmp_path / "nothing", {}, {})
    assert re.search(r"config\.toml: is not TOML: .*line 2", problems_of(tmp_path, "\nx = ?")[0])
    (tmp_path / "latin").write_bytes(b"# \xe9")
    with pytest.raises(ConfigError, match="latin: is not TOML"):
        load_config(tmp_path / "latin", {}, {})


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:0", ("127.0.0.1", 0)),
        ("[::1]:8765", ("::1", 8765)),
        ("localhost:65535", ("localhost", 65535)),
    ],
)
def test_addresses(text: str, address: tuple[str, int]) -> None:
    assert split_address(text) == address


@pytest.mark.parametrize("text", ["", "a", ":1", "a:", "::1:8765", "a:b", "a:65536", "a b:1"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        split_address(text)


def test_example_loads_as_it_stands_and_with_every_setting_uncommented(tmp_path: Path) -> None:
    assert from_toml(tmp_path, example()) == Config()
    live = re.sub(r"^#(?=[a-z])", "", example(), flags=re.MULTILINE)
    config = from_toml(tmp_path, live)
    assert config == Config()
    assert set(config.origins.values()) == {"file"}


def test_example_tells_what_the_profile_open_moves() -> None:
    text = " ".join(line.removeprefix("# ") for line in example().splitlines())
    for key, value in OPEN_DEFAULTS.items():
        shown = to_toml(value)
        assert re.search(rf'Under the profile "open": {re.escape(shown)}\. #{key.rpartition(".")[2]} = ', text), key


def test_example_in_chinese_explains_all_of_it_and_loads_as_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGUAGE", "zh_CN")
    text = example()
    assert from_toml(tmp_path, text) == Config()
    words = "".join(line.removeprefix("#").replace(" ", "") for line in text.splitlines())
    for help in {item.rules.help for item in settings_of(Config)}:
        assert _(help) != help
        assert _(help).replace(" ", "") in words, help
    explained = [line for line in text.splitlines() if line.startswith("# ")]
    assert max(sum(2 if ord(one) > 0x2E80 else 1 for one in line) for line in explained) <= 110
    assert not [line for line in explained if line[2] in "，。；：、）"], "a mark begins a line"


def test_show_names_origins_and_loads_as_the_same(tmp_path: Path) -> None:
    env = {
        "FOLKMOOT_POLICY__QUOTA__LIMITED__GROUPS_JOINED": "7",
        "FOLKMOOT_POLICY__CATEGORIES__A": 'say "hi" \\ 好',
    }
    config = load_config(None, env, {"profile": "open", "server.listen": "[::1]:1"})
    text = show(config)
    assert 'listen = "[::1]:1"  # command line' in text.splitlines()
    assert "groups_joined = 7  # environment" in text.splitlines()
    assert "posts_per_second = 200  # profile" in text.splitlines()
    assert from_toml(tmp_path, text) == config
    assert set(tomllib.loads(text)) == {
        "profile",
        "server",
        "cluster",
        "features",
        "hooks",
        "limits",
        "operator",
        "identity",
        "registration",
        "accounts",
        "staff",
        "policy",
        "retention",
        "audit",
        "media",
        "i18n",
    }


def test_docs_have_a_heading_for_each_setting() -> None:
    headings = re.findall(r"^### `(.+)`$", docs(), flags=re.MULTILINE)
    assert headings == [item.key for item in settings_of(Config)]


def test_generated_files_are_up_to_date() -> None:
    assert (ROOT / "config.example.toml").read_text(encoding="utf-8") == example()
    assert (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8") == docs()


def run_cli(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return commands.run(arguments, os.environ)


def test_command_line_prints_data_on_stdout_and_problems_on_stderr(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[limits]\nframe_byte = 1\nbody_chars = 0")
    wrong = run_cli("config", "check", "--config", str(file))
    assert (wrong.returncode, wrong.stdout, len(wrong.stderr.splitlines())) == (2, "", 2)
    served = run_cli("serve", "--config", str(file))
    assert (served.returncode, served.stderr) == (2, wrong.stderr)
    assert run_cli("config", "example").stdout == example()
    shown = run_cli("config", "show", "--profile", "open", "--data", "/srv/moot")
    assert 'data_dir = "/srv/moot"  # command line' in shown.stdout.splitlines()


def test_init_wants_a_password_and_never_as_an_argument() -> None:
    without = run_cli("init")
    assert (without.returncode, without.stderr) == (2, "No password on standard input.\n")
    assert run_cli("init", "--password", "hunter2").returncode == 2
