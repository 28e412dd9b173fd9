"""The reference of the SDK is that of the SDK there is, and leaves nothing of it unsaid."""

import importlib.util
import inspect
import re
from pathlib import Path

import pytest

import folkmoot_client.sdk as sdk

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGE = (DOCS / "sdk.md").read_text("utf-8")


def test_it_is_up_to_date() -> None:
    specification = importlib.util.spec_from_file_location("write_sdk", DOCS / "write_sdk.py")
    assert specification is not None and specification.loader is not None
    writer = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(writer)
    assert writer.page() == PAGE, "run make docs"


@pytest.mark.parametrize("name", sdk.__all__)
def test_each_name_is_told_with_all_that_it_does(name: str) -> None:
    [told] = re.findall(rf"^## {name}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    thing = getattr(sdk, name)
    members = inspect.getmembers(thing, is_public) if isinstance(thing, type) else []
    for member, value in members:
        assert f"### {member}\n" in told
        assert value.__doc__, f"{member} has no docstring"


def is_public(member: object) -> bool:
    """Say whether something of a class is there to be used, and is ours."""
    function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
    is_ours = inspect.isfunction(function) and function.__module__.startswith(sdk.__name__)
    return is_ours and not function.__name__.startswith("_")
