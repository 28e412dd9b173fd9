"""`folkmoot admin` against the real server: what it prints, what it does, how it exits."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

import folkmoot_protocol as fm
from folkmoot_client.sdk import Client, RequestRefused, SessionEnded
from tests.integration.client.commands import PASSWORD, Ran, folkmoot, write_password
from tests.integration.running import RunningServer

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Platform:
    """A server with an administrator `root1`, users `bob` and `eve`, and bob's group. One serves all tests here."""

    def __init__(self, server: RunningServer, folder: Path) -> None:
        self.server = server
        self.password_file = write_password(folder)
        self.group = ""

    async def admin(self, *arguments: str, user: str = "root1", **environment: str) -> Ran:
        options = ["--server", self.server.ws, "--user", user, "--password-file", self.password_file]
        return await folkmoot("admin", *arguments, *options, **environment)

    async def items(self, *arguments: str) -> list[dict[str, Any]]:
        ran = await self.admin(*arguments, "-o", "json")
        assert ran.code == 0, ran.err
        found: list[dict[str, Any]] = json.loads(ran.out)["items"]
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    folder = tmp_path_factory.mktemp("platform")
    server = RunningServer(folder)
    made = await folkmoot("init", "--data", str(server.data), "--user", "root1", stdin=PASSWORD + "\n")
    assert made.code == 0, made.err
    await server.start()
    ready = Platform(server, folder)
    try:
        async with Client(server.ws) as bob, Client(server.ws) as eve:
            await bob.register("bob", PASSWORD)
            await eve.register("eve", PASSWORD)
            ready.group = (await bob.create_group("Fellows", join_mode=fm.JoinMode.OPEN)).id
        yield ready
    finally:
        assert await server.stop() == 0


async def test_lists_are_valid_in_every_format(platform: Platform) -> None:
    as_json, as_lines, as_csv, table = await asyncio.gather(
        platform.admin("user", "list", "-o", "json"),
        platform.admin("user", "list", "-o", "jsonl"),
        platform.admin("user", "list", "-o", "csv"),
        platform.admin("user", "list", NO_COLOR="1"),
    )
    items = json.loads(as_json.out)["items"]
    assert [item["user"] for item in items] == ["bob", "eve", "root1"]
    assert items[0]["suspended_until"] is None
    assert items[0]["created"].endswith("Z")
    assert [json.loads(line) for line in as_lines.out.splitlines()] == items
    rows = list(csv.DictReader(io.StringIO(as_csv.out)))
    assert [(row["user"], row["created"]) for row in rows] == [(item["user"], item["created"]) for item in items]
    assert items[0]["created"] in table.out
    assert "\x1b" not in table.out


async def test_an_empty_list_has_its_columns(platform: Platform) -> None:
    past_the_end = ("group", "list", "--cursor", "999999999999")
    as_csv = await platform.admin(*past_the_end, "-o", "csv")
    assert as_csv.out.split() == ["code,name,owner,status,members,created"]
    assert await platform.items(*past_the_end) == []


async def test_a_list_goes_on_at_its_cursor(platform: Platform) -> None:
    first = json.loads((await platform.admin("user", "list", "--limit", "1", "-o", "json")).out)
    assert [item["user"] for item in first["items"]] == ["bob"]
    rest = json.loads((await platform.admin("user", "list", "--cursor", first["cursor"], "-o", "json")).out)
    assert [item["user"] for item in rest["items"]] == ["eve", "root1"]
    assert rest["cursor"] is None


async def test_a_suspension_closes_connections_and_is_lifted(platform: Platform) -> None:
    async with Client(platform.server.ws) as bob:
        await bob.login("bob", PASSWORD)
        suspend = ("user", "suspend", "bob", "--for", "7d", "--reason", "rude", "--yes")
        ran = await platform.admin(*suspend, "-o", "json")
        assert (ran.code, json.loads(ran.out)["changed"]) == (0, 1)
        with pytest.raises(SessionEnded) as ended:
            async for _event in bob.events():
                pass
        assert ended.value.code == fm.CloseCode.FORBIDDEN
    shown = (await platform.items("user", "show", "bob"))[0]
    assert shown["suspended_until"].endswith("Z")
    assert shown["suspended_reason"] == "rude"
    assert (await platform.admin("user", "restore", "bob", "--reason", "sorry")).code == 0
    async with Client(platform.server.ws) as bob:
        await bob.login("bob", PASSWORD)


async def test_a_group_is_suspended_restored_and_closed(platform: Platform) -> None:
    async with Client(platform.server.ws) as bob:
        await bob.login("bob", PASSWORD)
        reason = ("--reason", "see case 7")
        shown = fm.show_group_code(platform.group)
        assert (await platform.admin("group", "suspend", shown, "--for", "1h", *reason, "--yes")).code == 0
        with pytest.raises(RequestRefused, match="group_suspended"):
            await bob.post(platform.group, "hello")
        assert (await platform.items("group", "list"))[0]["status"] == "suspended"
        assert (await platform.admin("group", "restore", platform.group, *reason)).code == 0
        assert (await bob.post(platform.group, "hello")).seq
        assert (await platform.admin("group", "close", platform.group, *reason, "--yes")).code == 0
        assert (await platform.items("group", "show", platform.group))[0]["state"] == "closed"
        async for event in bob.events():
            if isinstance(event, fm.LeftEvent):
                assert event.reason is fm.LeftReason.CLOSED
                break


async def test_a_dry_run_counts_and_changes_nothing(platform: Platform) -> None:
    ran = await platform.admin("user", "suspend", "eve", "--for", "perm", "--reason", "x", "--dry-run", "-o", "json")
    assert (ran.code, json.loads(ran.out)["changed"]) == (0, 1)
    assert "Nothing was done" in ran.err
    assert (await platform.items("user", "show", "eve"))[0]["suspended_until"] is None


async def test_what_one_account_wrote_is_removed(platform: Platform) -> None:
    async with Client(platform.server.ws) as eve:
        await eve.login("eve", PASSWORD)
        group = (await eve.create_group("Sales")).id
        await eve.post(group, "buy this")
        access = ["--server", platform.server.ws, "--admin", "root1", "--password-file", platform.password_file]
        line = ["entry", "remove", group, "--user", "eve", "--since", "2h", "--reason", "spam", "--yes"]
        ran = await folkmoot("admin", *line, *access)
        assert ran.code == 0, ran.err
        assert "Changed: 1." in ran.err + ran.out


async def test_an_identity_is_attested(platform: Platform) -> None:
    ran = await platform.admin("user", "verify", "eve", "--identity", "person", "--reason", "seen")
    assert ran.code == 0
    assert (await platform.items("user", "show", "eve"))[0]["identity"] == "person"


@pytest.mark.parametrize("arguments", [("user", "show", "nobody"), ("group", "show", "123")])
async def test_what_is_not_there(platform: Platform, arguments: tuple[str, ...]) -> None:
    ran = await platform.admin(*arguments)
    assert (ran.code, ran.out) == (4, "")
    assert ran.err


async def test_who_is_no_administrator_is_denied(platform: Platform) -> None:
    ran = await platform.admin("user", "list", "-o", "json", user="bob")
    assert ran.code == 5
    assert json.loads(ran.out)["error"]["code"] == "forbidden"


async def test_errors_are_valid_data_too(platform: Platform) -> None:
    as_json, as_csv = await asyncio.gather(
        platform.admin("user", "show", "nobody", "-o", "json"), platform.admin("user", "show", "nobody", "-o", "csv")
    )
    assert json.loads(as_json.out)["error"]["detail"]["user"] == "nobody"
    assert next(csv.DictReader(io.StringIO(as_csv.out)))["error"] == "no_such_user"
    assert "@nobody" in as_json.err


async def test_a_password_on_standard_input_and_a_wrong_one(platform: Platform) -> None:
    options = ("admin", "user", "list", "-o", "json", "--server", platform.server.ws, "--user", "root1")
    right, wrong, none = await asyncio.gather(
        folkmoot(*options, stdin=PASSWORD + "\n"), folkmoot(*options, stdin="wrong\n"), folkmoot(*options)
    )
    assert (right.code, wrong.code, none.code) == (0, 5, 2)


async def test_a_token_from_a_file(platform: Platform, tmp_path: Path) -> None:
    async with Client(platform.server.ws) as root:
        token = (await root.login("root1", PASSWORD)).token
    file = tmp_path / "token"
    file.write_text(token)
    options = ("admin", "user", "list", "-o", "json", "--server", platform.server.ws)
    for _ in range(2):  # the session is not signed out
        assert (await folkmoot(*options, FOLKMOOT_TOKEN_FILE=str(file))).code == 0
    assert (await folkmoot(*options)).code == 2


async def test_cases_are_decided(platform: Platform) -> None:
    empty = await platform.admin("case", "list", "-o", "csv")
    assert empty.out.split() == ["case,state,severity,reason,reporters,by,group,seq,user,claimed_by,due,opened"]
    async with Client(platform.server.ws) as eve:
        await eve.login("eve", PASSWORD)
        report = await eve.report("fraud", user="bob", text="he asks for money")
        code = (await eve.create_group("Warned", join_mode=fm.JoinMode.OPEN)).id
    (row,) = await platform.items("case", "list")
    assert (row["case"], row["due"].endswith("Z")) == (report, True)
    assert (await platform.items("case", "show", report))[0]["text"] == "he asks for money"
    close = ("case", "close", report, "--outcome", "upheld", "--reason", "a fraud")
    assert "Nothing was done" in (await platform.admin(*close, "--dry-run")).err
    assert (await platform.admin(*close, "--yes")).code == 0
    assert (await platform.admin(*close, "--yes")).code == 6
    (credit,) = await platform.items("credit", "show", "bob")
    assert (credit["score"], credit["level"]) == (60, "standard")
    assert (await platform.admin("credit", "set", "bob", "--score", "100", "--reason", "enough", "--yes")).code == 0
    assert await platform.items("appeal", "list") == []
    assert (await platform.admin("appeal", "approve", "a-@bob-1", "--reason", "r", "--yes")).code == 4
    reason = ("--reason", "clean up")
    assert (await platform.admin("sanction", "create", code, "--for", "7d", *reason, "--yes")).code == 0
    (warning,) = await platform.items("sanction", "list")
    assert (warning["code"], warning["rectified"], warning["mend_until"].endswith("Z")) == (code, None, True)
    assert (await platform.admin("sanction", "reject", code, *reason, "--for", "1d")).code == 0
    assert (await platform.admin("sanction", "close", code, *reason)).code == 0
    assert await platform.items("sanction", "list") == []


async def test_who_is_suspended_appeals_from_outside(platform: Platform) -> None:
    suspend = ("user", "suspend", "eve", "--for", "7d", "--reason", "rude", "--yes")
    assert (await platform.admin(*suspend)).code == 0
    chat = ("chat", "--server", platform.server.ws, "--user", "eve")
    shut_out = await folkmoot(*chat, FOLKMOOT_PASSWORD_FILE=platform.password_file)
    assert (shut_out.code, "folkmoot chat --appeal" in shut_out.err) == (5, True)
    ran = await folkmoot(*chat, "--appeal", "it was not me", FOLKMOOT_PASSWORD_FILE=platform.password_file)
    assert ran.code == 0, ran.err
    assert any(one["case"] in ran.err for one in await platform.items("appeal", "list"))
    again = await folkmoot(*chat, "--appeal", "really", FOLKMOOT_PASSWORD_FILE=platform.password_file)
    assert again.code == 5


async def test_how_staff_was_appointed_and_trained_is_on_record(platform: Platform) -> None:
    trained = await platform.admin("role", "train", "root1", "--course", "personal data, 2026")
    assert trained.code == 0, trained.err
    items = await platform.items("role", "show", "root1")
    assert [(one["what"], one["detail"], one["by"]) for one in items] == [
        ("training", "personal data, 2026", "root1"),
        ("role", "superadmin", ""),
    ]
    assert (await platform.admin("role", "train", "bob", "--course", "law")).code == 6


@pytest.mark.parametrize("verb", ["list", "reload", "test"])
async def test_rules_are_printed_in_every_format(platform: Platform, verb: str, tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text((files("folkmoot_server") / "rules" / "conduct.toml").read_text("utf-8"), "utf-8")
    arguments = ["rule", verb, *([str(file), "--group", platform.group] if verb == "test" else [])]
    formats = ("json", "jsonl", "csv", "table")
    ran = await asyncio.gather(*(platform.admin(*arguments, "-o", one) for one in formats))
    assert [one.code for one in ran] == [0, 0, 0, 0], [one.err for one in ran]
    items = json.loads(ran[0].out)["items"]
    assert [json.loads(line) for line in ran[1].out.splitlines()] == items
    assert len(list(csv.reader(io.StringIO(ran[2].out)))) == len(items) + 1


async def test_a_list_is_sorted_and_picked_from_over_all_its_pages(platform: Platform) -> None:
    items = await platform.items("user", "list", "--limit", "1", "--sort", "-user", "--columns", "user")
    assert items == [{"user": "root1"}, {"user": "eve"}, {"user": "bob"}]
    items = await platform.items("user", "list", "--limit", "1", "--where", "platform=superadmin")
    assert [one["user"] for one in items] == ["root1"]
    wrong = await platform.admin("user", "list", "--sort", "love", "-o", "json")
    assert (wrong.code, json.loads(wrong.out)["error"]["code"]) == (2, "bad_request")


async def test_one_signs_in_once(platform: Platform, tmp_path: Path) -> None:
    server = ("--server", platform.server.ws)
    kept = {"XDG_CONFIG_HOME": str(tmp_path)}
    options = ("--user", "root1", "--password-file", platform.password_file)
    before = await folkmoot("admin", "logout", *server, **kept)
    assert before.code == 4
    assert (await folkmoot("admin", "login", *server, *options, **kept)).code == 0
    file = tmp_path / "folkmoot" / "admin.json"
    assert file.stat().st_mode & 0o777 == 0o600
    for _ in range(2):
        assert (await folkmoot("admin", "user", "list", *server, **kept)).code == 0
    other = await folkmoot("admin", "user", "list", *server, "--user", "bob", stdin="", **kept)
    assert other.code == 2, "the session is root1's"
    saved = file.read_text("utf-8")
    assert (await folkmoot("admin", "logout", *server, **kept)).code == 0
    assert (await folkmoot("admin", "user", "list", *server, stdin="", **kept)).code == 2
    file.write_text(saved, "utf-8")
    assert (await folkmoot("admin", "user", "list", *server, **kept)).code == 5, "the server has ended it"


async def test_the_board_of_duties_ends_with_1_where_one_is_broken(platform: Platform) -> None:
    ran = await platform.admin("duty", "-o", "json")
    found = {one["duty"]: one["state"] for one in json.loads(ran.out)["items"]}
    assert (ran.code, found["reviewers"]) == (1, "broken"), "there is but one administrator"
    assert (await platform.admin("duty")).out.count("broken") == list(found.values()).count("broken")
    shown = await platform.admin("figures", "--since", "30d", "-o", "csv")
    columns = "kind,reason,received,decided,granted,bad_faith,overdue,median_hours"
    assert (shown.code, shown.out.splitlines()[0]) == (0, columns)
