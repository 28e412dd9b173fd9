"""Draws the floors of `docs/architecture.md` from the import contracts in `pyproject.toml`, which `make check` holds.

python docs/draw_floors.py < docs/architecture.md     prints the page with the drawings of today

What stands in a room is the docstring of its package or module.
"""

import ast
import re
import sys
import tomllib
from pathlib import Path
from textwrap import wrap

ROOT = Path(__file__).resolve().parents[1]
INNER = 114
"""Columns of a drawing between its walls."""
NAMES = 12
"""Columns of the names on a floor that is one room."""

PLACE = re.compile(r"(<!-- floors: (.+?) -->\n).*?(<!-- end of the floors -->)", re.DOTALL)

Rooms = list[str]


def find(module: str) -> Path:
    """Return the folder or the file of a module."""
    top = module.partition(".")[0]
    path = ROOT / top.removeprefix("folkmoot_") / module.replace(".", "/")
    return path if path.is_dir() else path.with_suffix(".py")


def read_floors(contract: dict[str, list[str]]) -> list[Rooms]:
    """Return the modules of each floor of a contract, from the top."""
    (container,) = contract.get("containers", [""])
    floors = [[room.strip(" ()") for room in re.split("[|:]", layer)] for layer in contract["layers"]]
    return [[f"{container}.{room}".strip(".") for room in rooms] for rooms in floors]


def describe(module: str) -> tuple[str, str]:
    """Return what a room is called, and the first paragraph of its docstring."""
    path = find(module)
    file = path / "__init__.py" if path.is_dir() else path
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return path.name + "/" * path.is_dir(), " ".join(text.partition("\n\n")[0].split())


def fill_room(module: str, columns: int, *, alone: bool) -> list[str]:
    """Return the lines of a room: its name before the text where it is alone on its floor, above the text else."""
    name, text = describe(module)
    if not alone:
        return [name, *wrap(text, columns)]
    names = max(NAMES, len(name) + 2)
    first, *more = wrap(text, columns - names)
    return [f"{name:{names}}{first}", *(" " * names + line for line in more)]


def draw(floors: list[Rooms]) -> str:
    """Return the floors one above the other, rooms of a floor side by side."""
    lines, above = [], [INNER + 2]
    for rooms in floors:
        walls = [round((INNER + 3) * number / len(rooms)) - 1 for number in range(1, len(rooms))] + [INNER + 2]
        lines.append(ceiling(above if lines else [], walls))
        starts = [0, *(wall + 1 for wall in walls[:-1])]
        widths = [wall - start - 2 for start, wall in zip(starts, walls, strict=True)]
        cells = [fill_room(room, width, alone=len(rooms) == 1) for room, width in zip(rooms, widths, strict=True)]
        for number in range(max(map(len, cells))):
            texts = [cell[number] if number < len(cell) else "" for cell in cells]
            parts = [f" {text:{width}} " for text, width in zip(texts, widths, strict=True)]
            lines.append("│" + "│".join(parts) + "│")
        above = walls
    lines.append(ceiling(above, []))
    return "\n".join(lines)


def ceiling(above: list[int], below: list[int]) -> str:
    """Return the line between two floors, whose walls stand at these columns; [] where there is no floor."""
    joints = {(True, True): "┼", (True, False): "┴", (False, True): "┬"}
    end = INNER + 2
    line = [joints.get((at in above, at in below), "─") for at in range(end)]
    left, right = ("├", "┤") if above and below else ("┌", "┐") if below else ("└", "┘")
    return left + "".join(line) + right


def with_floors(page: str) -> str:
    """Return the page with the drawings of today. Raises KeyError for a contract that there is not."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = {one["name"]: one for one in project["tool"]["importlinter"]["contracts"]}

    def drawn(place: re.Match[str]) -> str:
        return f"{place[1]}\n```text\n{draw(read_floors(contracts[place[2]]))}\n```\n\n{place[3]}"

    return PLACE.sub(drawn, page)


if __name__ == "__main__":
    sys.stdout.write(with_floors(sys.stdin.read()))
