"""`docs/administration.md` is what happens: its commands run in their order, and print what stands below them."""

import asyncio
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from folkmoot_client.admin.app import admin_app
from folkmoot_protocol import requests as rq
from tests.integration.server import PASSWORD, Server, serving
from tests.integration.wire import Wire, refused

PAGE = Path(__file__).parents[2] / "docs" / "administration.md"
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = "$ folkmoot admin "
EXIT = re.compile(r"  # exit (\d)$")
CASE = r"[rap]-[@a-z0-9-]+"
GROUP = r"\d{4}-\d{4}-\d{4}"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
ACT = r"\d{12}(?:-\d+)?"
NUMBER = rf"{CASE}|{GROUP}|{ACT}"
DIFFERS = re.compile(rf"({TIME}|\b(?:{NUMBER})\b|…)")
SHOWN_GROUP = "4821-9067-3350"
STAFF = ("root", "sue", "rea", "eve")
PEOPLE = ("ann", "bob", "cat")


class Step(NamedTuple):
    """A command of the page, what is shown below it, and how it ends."""

    command: str
    shown: str
    code: int


def steps(page: str) -> Iterator[Step]:
    """Yield the commands of a page in their order."""
    for block in BLOCK.findall(page):
        parts = re.split(r"^(?=\$ )", block.replace("\\\n", ""), flags=re.MULTILINE)
        for part in filter(None, parts):
            line, _, shown = part.partition("\n")
            assert line.startswith(COMMAND), line
            ends = EXIT.search(line)
            yield Step(EXIT.sub("", line).removeprefix(COMMAND), shown, int(ends[1]) if ends else 0)


class Names:
    """What the page calls cases and groups, and what they are called on the server: it learns from what is printed."""

    def __init__(self, known: dict[str, str]) -> None:
        self._known = known

    def real(self, text: str) -> str:
        """Return a command of the page as it is on the server."""
        return DIFFERS.sub(lambda found: self._known.get(found[0], found[0]), text)

    def check(self, shown: str, printed: str) -> bool:
        """Say whether what the page shows was printed: blanks and times do not count, and `…` is whatever there is."""
        new: list[str] = []
        pattern = "".join(self._pattern(part, new) for part in DIFFERS.split(plain(shown)))
        found = re.fullmatch(pattern, plain(printed), re.DOTALL)
        if found:
            self._known |= dict(zip(new, found.groups(), strict=True))
        return found is not None

    def _pattern(self, part: str, new: list[str]) -> str:
        if part == "…":
            return ".*?"
        if re.fullmatch(TIME, part):
            return TIME
        if not re.fullmatch(NUMBER, part) or part in self._known:
            return re.escape(self._known.get(part, part))
        if part in new:
            return rf"\{new.index(part) + 1}"
        new.append(part)
        return f"({NUMBER})"


def plain(text: str) -> str:
    return " ".join(re.sub(r"[─━╌\-]{3,}", " ", text).split())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("page"), groups=1, members=1, admin="root") as server:
        yield server


async def begin(server: Server) -> str:
    """Let be what the page begins with: a group of ann's in which bob sells things and is reported, and an appeal."""
    wires = {"root": await Wire.open(server.url)}
    await wires["root"].ask(rq.Login, user="root", password=PASSWORD)
    for name in (*STAFF[1:], *PEOPLE):
        wires[name] = await Wire.open(server.url)
        await wires[name].register(name, PASSWORD)
    ann, bob, cat = (wires[name] for name in PEOPLE)
    code = (await ann.ask(rq.CreateGroup, name="Readers")).group.id
    for wire in (bob, cat):
        await wire.ask(rq.JoinGroup, group=code)
    offer = await bob.post(code, "cheap watches, write to me")
    await cat.run(f"/report {offer} fraud he wants to be paid before", code)
    await cat.run("/report @bob spam the same everywhere", code)
    staff = wires["root"]
    await staff.ask(rq.Admin, noun="word", verb="create", target="casino", options={"verdict": "hold"}, reason="ads")
    await refused(bob.post(code, "come to the casino"), "content_held")
    muted = {"options": {"measure": "mute", "duration": "1d"}, "reason": "writes the same again and again"}
    measure = (await staff.ask(rq.Admin, noun="sanction", verb="create", target="@cat", **muted)).items[0]["case"]
    await cat.run(f"/appeal {measure} that was not me", code)
    for wire in wires.values():
        await wire.close()
    assert isinstance(code, str)
    return code


def test_the_page_is_what_happens(server: Server, tmp_path: Path) -> None:
    code = asyncio.run(begin(server))
    names = Names({SHOWN_GROUP: f"{code[:4]}-{code[4:8]}-{code[8:]}"})
    environment = {"FOLKMOOT_SERVER": server.url, "XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    environment |= {"COLUMNS": "200", "NO_COLOR": "1"}
    done = 0
    for step in steps(PAGE.read_text("utf-8")):
        arguments = shlex.split(names.real(step.command))
        ran = CliRunner().invoke(admin_app, arguments, input=f"{PASSWORD}\n", env=environment)
        assert ran.exit_code == step.code, f"{step.command}\n{ran.output}\n{ran.exception!r}"
        assert not step.shown or names.check(step.shown, ran.output), f"{step.command}\n{ran.output}"
        done += 1
    assert done > 30
