"""Whatever a slash command does can be done in the page without typing it."""

import re
from importlib.resources import files

from folkmoot_server.slash.registry import COMMANDS

WEB = files("folkmoot_client") / "web"
ELSEWHERE = {
    "create": 'id="create"',
    "join": 'id="join"',
    "leave": 'id="leave"',
    "follow": 'id="follow"',
    "unfollow": "unfollow_sure",
    "repost": "reposted",
    "comments": "/comments",
    "editors": 'id="editors"',
    "credentials": 'id="labels"',
    "whois": "/whois",
    "react": '"react"',
    "admins": "openMembers",
}
"""What no menu has: command -> what the page has instead."""


SHOWING = """
    admins announce antiraid ban bans bot cases category comments counter credentials credit duty editors heir help id
    ignore info infopage invites joinmode ladder lang limit limits links lock log mediate members mute mutes nick
    notices notify pins question queue rectify rename requests rights rules sanctions sessions setrules signins slow
    tag topic transfer uptime verify warns webhook word
"""
"""Commands that change nothing when they are given nothing: the page runs them so to show how things are."""


def words_of(text: str) -> set[str]:
    return {word for quoted in re.findall(r'"([^"]*)"', text) for word in quoted.split()}


def test_each_command_is_in_a_menu_or_has_something_instead() -> None:
    menus, acts = ((WEB / name).read_text("utf-8") for name in ("menus.js", "acts.js"))
    rows = acts[acts.index("const ROWS") : acts.index("const NEVER")]
    in_menus = words_of(menus[: menus.index("export class")]) | words_of(rows)
    page = "".join(file.read_text("utf-8") for file in WEB.iterdir() if file.name.endswith((".js", ".html")))
    assert {row.name for row in COMMANDS} - in_menus == ELSEWHERE.keys() - in_menus
    assert [name for name, sign in ELSEWHERE.items() if sign not in page] == []


def test_what_runs_to_show_how_things_are_changes_nothing() -> None:
    acts = (WEB / "acts.js").read_text("utf-8")
    alone = set(re.findall(r'const ALONE = new Set\("([a-z ]+)"', acts)[0].split())
    without = {row.name for row in COMMANDS if all(argument.optional for argument in row.arguments)}
    showing = set(SHOWING.split())
    assert not alone & showing
    assert without == alone | showing, "say which of the two a new command is"
