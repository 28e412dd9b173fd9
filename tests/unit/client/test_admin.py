"""What `folkmoot admin` refuses before it asks a server, and how it prints."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from folkmoot_client.admin.app import admin_app
from folkmoot_client.admin.output import Format, print_error, print_result, readable, show_time
from folkmoot_governance.duration import FOREVER_MS
from folkmoot_protocol import AdminResult

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
        ((*SUSPEND, "--for", "7", "--reason", "x", "--yes"), "no duration"),
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
    assert readable(item) == {
        "created": "2026-09-21T14:13:20Z",
        "suspended_until": None,
        "slow_ms": 5000,
        "name": "x",
    }


def test_a_table_shows_what_is_permanent_and_no_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    item = {"user": "bob", "display_name": "B\x1b[31mob", "suspended_until_ms": FOREVER_MS}
    print_result(Format.TABLE, "user", AdminResult(items=(item,)), single=True)
    out = capsys.readouterr().out
    assert "permanent" in out
    assert "\x1b" not in out


def test_json_lines_of_nothing_are_no_lines(capsys: pytest.CaptureFixture[str]) -> None:
    print_result(Format.JSONL, "user", AdminResult(items=()), single=False)
    assert capsys.readouterr().out == ""


def test_csv_quotes_what_it_must(capsys: pytest.CaptureFixture[str]) -> None:
    item = {"code": "482190673350", "name": 'a "b", c', "owner": "ann", "members": 3, "tags": ["x"]}
    print_result(Format.CSV, "group", AdminResult(items=(item,)), single=False)
    assert capsys.readouterr().out.splitlines()[1] == '482190673350,"a ""b"", c",ann,,3,'


def test_an_error_is_said_in_words_too(capsys: pytest.CaptureFixture[str]) -> None:
    print_error(Format.TABLE, "forbidden", "You may not do that.")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "You may not do that.\n")
