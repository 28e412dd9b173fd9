"""Templates of pages that the server makes."""

from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader


@cache
def templates() -> Environment:
    """Return the templates; everything put into them is escaped."""
    return Environment(loader=PackageLoader("folkmoot_server"), autoescape=True)


@cache
def style_sheet(more: str = "") -> str:
    """Return the style sheet of all such pages, with `more`, a file of its own."""
    place = files("folkmoot_server") / "templates"
    return "".join((place / name).read_text("utf-8") for name in ("group.css", more) if name)
