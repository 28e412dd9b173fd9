"""What `folkmoot admin` refuses before it asks a server, and how it prints."""

import csv
import io
import json
import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from folkmoot_client.admin.app import admin_app
from folkmoot_client.admin.command import make_order
from folkmoot_client.admin.output import (
    Format,
    Picked,
    pick,
    print_csv,
    print_error,
    print_result,
    readable,
    show_time,
)
from folkmoot_governance.duration import FOREVER_MS
from folkmoot_protocol import AdminResult
from folkmoot_protocol.admin.accounts import LIST_USERS, SHOW_IDENTITY, SHOW_USER
from folkmoot_protocol.admin.content import RELOAD_RULES
from folkmoot_protocol.admin.groups import LIST_GROUPS
from folkmoot_protocol.admin.registry import NOUNS, VERBS
from folkmoot_protocol.admin.row import NoOptions, Noun, Verb

ROOT = Path(__file__).resolve().parents[3]
DOCUMENTED = [
    line
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    for line in re.findall(r"^    folkmoot admin (?!login|logout)(.+)$", page.read_text("utf-8"), re.MULTILINE)
]
EXAMPLES = [(str(verb), line) for verb in VERBS.values() for line in verb.examples]
SUSPEND = ("user", "suspend", "bob")


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "en")
    for name in (
        "FOLKMOOT_TOKEN",
        "FOLKMOOT_TOKEN_FILE",
        "FOLKMOOT_PASSWORD",
        "FOLKMOOT_PASSWORD_FILE",
        "FOLKMOOT_USER",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((*SUSPEND, "--for", "7d", "--reason", "x"), "--yes"),
        ((*SUSPEND, "--for", "7", "--reason", "x", "--yes"), "not a duration"),
        ((*SUSPEND, "--for", "7d", "--reason", " ", "--yes"), "reason"),
        ((*SUSPEND, "--reason", "x", "--yes"), "--for"),
        ((*SUSPEND, "--for", "7d", "--yes"), "--reason"),
        (("group", "close", "482190673350", "--reason", "x"), "--yes"),
        (("user", "verify", "bob", "--identity", "certain", "--reason", "x"), "--identity"),
        (("user", "restore", "bob"), "--reason"),
        (("user", "list"), "--user"),
        (("user", "list", "--user", "root", "--password-file", "/does/not/exist"), "/does/not/exist"),
        (("user", "list", "--user", "root"), "password"),
        (("user", "list", "--user", "root", "--server", "ftp://example"), "ftp://example"),
        (("user", "list", "--limit", "501"), "limit"),
    ],
)
def test_wrong_usage_exits_with_2(arguments: tuple[str, ...], said: str) -> None:
    ran = CliRunner().invoke(admin_app, arguments, input="")
    assert ran.exit_code == 2
    assert ran.stdout == ""
    assert said in ran.stderr


@pytest.fixture
def rule_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The file that examples name."""
    (tmp_path / "spam.toml").write_text("")
    monkeypatch.chdir(tmp_path)


@cache
def commands() -> dict[str, Any]:
    """Return all commands, put together once: that takes longer than to read a line."""
    return dict(typer.main.get_group(admin_app).commands)


def read_line(line: str) -> tuple[Verb[Any], dict[str, Any]]:
    """Return the row that is meant by what stands behind `folkmoot admin`, and the values of its parameters."""
    noun, *words = shlex.split(line, comments=True)
    command = commands()[noun]
    of = next(one for one in NOUNS if one.name == noun)
    if of.is_verb:
        return of.verbs[0], command.make_context(noun, words).params
    if of.usual and (not words or words[0].startswith("-")):
        words = [of.usual, *words]
    name, *words = words
    group: Any = command
    return VERBS[noun, name], group.commands[name].make_context(name, words).params


@pytest.mark.parametrize(("row", "line"), EXAMPLES)
def test_an_example_is_one_of_its_row(row: str, line: str, rule_file: None) -> None:
    verb, values = read_line(line)
    order = make_order(verb, values | {"yes": True})
    assert (str(order.verb), bool(order.reason), bool(order.target)) == (row, verb.reason, verb.target is not None)


@pytest.mark.parametrize("line", DOCUMENTED)
def test_a_documented_line_is_a_command(line: str, rule_file: None) -> None:
    verb, values = read_line(line)
    assert make_order(verb, values | {"yes": True}).verb is verb


def test_each_command_has_what_its_row_says() -> None:
    nouns = [noun.name for noun in NOUNS if not noun.is_verb]
    found = {(noun, name) for noun in nouns for name in commands()[noun].commands}
    alone = {noun.verbs[0] for noun in NOUNS if noun.is_verb}
    assert found == {key for key, verb in VERBS.items() if verb not in alone}
    assert commands().keys() == {"login", "logout", "watch", "account", *(noun.name for noun in NOUNS)}
    assert commands()["account"].commands.keys() == commands()["user"].commands.keys()
    _, values = read_line("case close r-1 --outcome upheld --suspend 7d --reason x --yes --dry-run")
    own = {"target": "r-1", "outcome": "upheld", "suspend": "7d", "reason": "x", "yes": True, "dry_run": True}
    assert {name: values[name] for name in own} == own
    _, values = read_line("appeal list --limit 5 --cursor 7:a")
    assert (values["state"], values["limit"], values["cursor"]) == ("open", 5, "7:a")


def test_no_option_means_two_things() -> None:
    """*`entry remove CODE --user max` signed in as max*: the option stood for the administrator as well."""
    every = [command for group in commands().values() for command in getattr(group, "commands", {"": group}).values()]
    for command in every:
        options = [name for one in command.params for name in (*one.opts, *one.secondary_opts)]
        assert len(options) == len(set(options)), command.name
    line = "entry remove 4821-9067-3350 --user max --admin root --reason spam"
    assert (read_line(line)[1]["author"], read_line(line)[1]["user"]) == ("max", "root")


NO_GROUNDS = {"rule": "", "law": "", "entry": "", "report": ""}


def test_an_order_has_what_was_given_and_what_a_row_takes_for_granted() -> None:
    order = make_order(*read_line("sanction reject 482190673350 --reason ' not yet '"))
    assert (order.target, order.reason, order.options, order.dry_run) == ("482190673350", "not yet", {}, False)
    assert make_order(*read_line("word create snake --reason x")).options == {"verdict": "refuse"}
    assert make_order(*read_line("credit set bob --score 40 --reason x --yes")).options == {"score": 40, **NO_GROUNDS}


def test_a_verb_without_target_and_options_needs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    verb = Verb(Noun("engine", "Engines."), "show", "Show the engine.", "read", NoOptions)
    order = make_order(verb, {})
    assert (order.target, order.options, order.text, order.limit) == (None, {}, None, None)
    print_result(Format.CSV, verb, AdminResult(items=({"version": "1", "jobs": 2},)))
    assert capsys.readouterr().out.splitlines() == ["version,jobs", "1,2"]
    print_result(Format.TABLE, verb, AdminResult(items=({"version": "1", "jobs": 2},)))
    assert [line.split() for line in capsys.readouterr().out.splitlines() if "version" in line] == [["version", "1"]]


def test_rules_are_printed_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    item = {"set": "spam", "version": "1", "rule": "casino", "kind": "term", "severity": "high", "entries": 3}
    for format in (Format.TABLE, Format.CSV):
        print_result(format, RELOAD_RULES, AdminResult(items=(item,)))
        out = capsys.readouterr().out
        assert "severity" in out
        assert "casino" in out


def test_csv_of_nothing_has_the_columns_of_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    print_result(Format.CSV, SHOW_IDENTITY, AdminResult(items=()))
    assert capsys.readouterr().out.splitlines() == ["user,asked,since"]


def test_no_server_exits_with_3_and_valid_data(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("secret\n")
    options = ("--server", "127.0.0.1:1", "--user", "root", "--password-file", str(password), "-o", "json")
    ran = CliRunner().invoke(admin_app, ("user", "list", *options))
    assert ran.exit_code == 3
    assert json.loads(ran.stdout)["error"]["code"] == "not_reachable"


def test_times_are_utc_and_none_is_null() -> None:
    assert show_time(1_790_000_000_000) == "2026-09-21T14:13:20Z"
    item = {"created_ts": 1_790_000_000_000, "suspended_until_ms": 0, "slow_ms": 5000, "name": "x"}
    # Lists have a column `until`: *it was empty, of the blacklist and others*.
    assert readable(item | {"until_ms": 1_790_000_000_000}) == {
        "created": "2026-09-21T14:13:20Z",
        "until": "2026-09-21T14:13:20Z",
        "suspended_until": None,
        "slow_ms": 5000,
        "name": "x",
    }


def test_a_table_shows_what_is_permanent_and_no_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    item = {"user": "bob", "display_name": "B\x1b[31mob", "suspended_until_ms": FOREVER_MS}
    print_result(Format.TABLE, SHOW_USER, AdminResult(items=(item,)))
    out = capsys.readouterr().out
    assert "permanent" in out
    assert "\x1b" not in out


def test_json_lines_of_nothing_are_no_lines(capsys: pytest.CaptureFixture[str]) -> None:
    print_result(Format.JSONL, LIST_USERS, AdminResult(items=()))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("start", [*"=+-@＝＋－＠", "\t", "\r", "\n"])
def test_csv_has_no_text_that_a_program_for_tables_carries_out(capsys: pytest.CaptureFixture[str], start: str) -> None:
    texts = [f'{start}HYPERLINK("https://evil.example";"x")', f"a{start}b", ""]
    print_csv(["name", "points"], [{"name": text, "points": -5} for text in texts])
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out, newline="")))
    assert rows[1:] == [[f"'{texts[0]}", "-5"], [texts[1], "-5"], ["", "-5"]]


def test_csv_loses_nothing_that_a_later_item_has(capsys: pytest.CaptureFixture[str]) -> None:
    items = ({"case": "r-1"}, {"case": "r-2", "seq": 7})
    print_result(Format.CSV, SHOW_USER, AdminResult(items=items))
    assert capsys.readouterr().out.splitlines() == ["case,seq", "r-1,", "r-2,7"]


def test_csv_quotes_what_it_must(capsys: pytest.CaptureFixture[str]) -> None:
    item = {"code": "482190673350", "name": 'a "b", c', "owner": "ann", "members": 3, "tags": ["x"]}
    print_result(Format.CSV, LIST_GROUPS, AdminResult(items=(item,)))
    assert capsys.readouterr().out.splitlines()[1] == '482190673350,"a ""b"", c",ann,,3,'


def test_an_error_is_said_in_words_too(capsys: pytest.CaptureFixture[str]) -> None:
    print_error(Format.TABLE, "forbidden", "You may not do that.")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "You may not do that.\n")


USAGE_ERRORS = [
    ("frob",),
    ("user", "frob"),
    ("user", "list", "--frob"),
    ("user", "list"),
    ("user", "list", "--user", "root", "--where", "user"),
    ("user", "suspend", "bob", "--for", "7d", "--reason", "x"),
    ("user", "suspend", "bob", "--for", "7", "--reason", "x", "--yes"),
    ("user", "suspend", "bob", "--reason", "x", "--yes"),
    ("user", "list", "--limit", "501"),
    ("rule", "test", "/does/not/exist"),
]


@pytest.mark.parametrize("arguments", USAGE_ERRORS, ids=" ".join)
@pytest.mark.parametrize("format", [("-o", "json"), ("-ojsonl",), ("--output=csv",), ("--output", "json")])
def test_wrong_usage_is_valid_data(arguments: tuple[str, ...], format: tuple[str, ...], tmp_path: Path) -> None:
    environment = {"XDG_CONFIG_HOME": str(tmp_path)}
    ran = CliRunner().invoke(admin_app, [*arguments, *format], input="", env=environment)
    assert ran.exit_code == 2
    if "csv" in format[0]:
        (row,) = csv.DictReader(io.StringIO(ran.stdout))
        assert row["error"] == "usage"
        assert row["message"]
    else:
        error = json.loads(ran.stdout)["error"]
        assert error["code"] == "usage"
        assert error["message"] in " ".join(ran.stderr.split())


ITEMS: list[dict[str, Any]] = [
    {"user": "bob", "credit": 90, "groups": ["a", "b"], "is": True, "platform": None},
    {"user": "Ann", "credit": 100, "groups": [], "is": False, "platform": "viewer"},
    {"user": "cid", "credit": None, "groups": ["b"], "is": False, "platform": None},
]


@pytest.mark.parametrize(
    ("picked", "users"),
    [
        (Picked(order="user"), ["Ann", "bob", "cid"]),
        (Picked(order="-credit"), ["Ann", "bob", "cid"]),
        (Picked(order="credit"), ["cid", "bob", "Ann"]),
        (Picked(wanted=[("groups", "B")]), ["bob", "cid"]),
        (Picked(wanted=[("platform", "")]), ["bob", "cid"]),
        (Picked(wanted=[("is", "false"), ("user", "ANN")]), ["Ann"]),
        (Picked(wanted=[("credit", "9")]), []),
    ],
)
def test_rows_are_picked_and_sorted(picked: Picked, users: list[str]) -> None:
    assert [row["user"] for row in pick(picked, ITEMS)] == users


def test_columns_are_picked_in_the_order_that_is_asked_for() -> None:
    (first, *_) = pick(Picked(("credit", "user")), ITEMS)
    assert list(first.items()) == [("credit", 90), ("user", "bob")]
    for wrong in (Picked(("love",)), Picked(order="-love"), Picked(wanted=[("love", "")])):
        with pytest.raises(ValueError, match="love"):
            pick(wrong, ITEMS)
    assert pick(Picked(("love",)), []) == []


@pytest.mark.parametrize("width", ["40", "80", "120"])
def test_no_word_is_broken_over_lines(
    width: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"FORCE_COLOR": "1", "NO_COLOR": "1", "COLUMNS": width, "TERM": "dumb"}.items():
        monkeypatch.setenv(name, value)
    item = {"case": "994170695715-1234", "group": "9941-7069-5715", "user": "a.user.of.some.length", "due": "soon"}
    item |= {
        "reason": "a long reason that does not fit into what is left and goes on and on 敲诈勒索",
        "id": "r-abcdefghij",
    }
    for columns in (tuple(item), ("case", "reason")):
        noun = Noun("x", "")
        print_result(
            Format.TABLE, Verb(noun, "list", "", "read", NoOptions, columns=columns), AdminResult(items=(item,))
        )
        out = capsys.readouterr().out
        assert all(item[name] in out for name in columns if name != "reason")


def test_what_is_within_a_field_is_shown_as_people_read_it(capsys: pytest.CaptureFixture[str]) -> None:
    item = {"case": "r-1", "reports": [{"by": "ann", "reported_ts": 1_700_000_000_000}, {"by": "bob", "rules": ["1"]}]}
    verb = Verb(Noun("x", ""), "show", "", "read", NoOptions)
    print_result(Format.TABLE, verb, AdminResult(items=(item,)))
    assert "by: ann, reported: 2023-11-14T22:13:20Z; by: bob, rules: 1\n" in capsys.readouterr().out
