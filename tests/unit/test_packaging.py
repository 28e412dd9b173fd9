"""What the package brings along alone, and with each extra: a bot needs no server."""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINE = re.compile(r"""([A-Za-z0-9._-]+)(?:\[([^\]]*)\])?[^;]*(?:;.*extra == ['"]([a-z-]+)['"])?""")

BLOCKED = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
{code}
"""


def folded(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def brought(package: str, extras: frozenset[str] = frozenset()) -> set[str]:
    """Return the distributions that come with a package and some of its extras."""
    found: set[str] = set()
    waiting = [(folded(package), extras)]
    seen = set()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        found.add(one[0])
        try:
            lines = requires(one[0]) or []
        except ModuleNotFoundError:  # not for this system
            continue
        for line in lines:
            name, wanted, extra = LINE.match(line).groups()  # type: ignore[union-attr]
            if extra is None or extra in one[1]:
                waiting.append((folded(name), frozenset((wanted or "").split(",")) - {""}))
    return found


def run(code: str, *extras: str) -> subprocess.CompletedProcess[str]:
    """Run code where nothing is installed but the package with some extras."""
    there = brought("folkmoot", frozenset(extras))
    blocked = {
        module for module, owners in packages_distributions().items() if not there & {folded(one) for one in owners}
    }
    script = BLOCKED.format(blocked=blocked, code=code)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)


PARTS = "import folkmoot_client.chat.window, folkmoot_client.replay.command, folkmoot_client.admin.watch.view"
CHAT = f"{PARTS}; sys.argv = ['folkmoot', 'chat', '--help']; from folkmoot_server.start import main; main()"


@pytest.mark.parametrize(
    ("code", "extras"),
    [
        ("import folkmoot_client.sdk", ()),
        (CHAT, ("client",)),
        ("import folkmoot_server.main, folkmoot_server.cli", ("server",)),
        ("import folkmoot_server.storage.postgres.store, folkmoot_server.bus.nats", ("cluster",)),
    ],
)
def test_an_extra_brings_what_its_part_takes(code: str, extras: tuple[str, ...]) -> None:
    ran = run(code, *extras)
    assert ran.returncode == 0, ran.stderr


def test_the_sdk_alone_says_what_the_command_takes() -> None:
    ran = run("sys.argv = ['folkmoot', 'serve']; from folkmoot_server.start import main; main()")
    assert ran.returncode == 1
    assert "pip install 'folkmoot[server]'" in ran.stderr
    assert "Traceback" not in ran.stderr
