"""The reference of administration and its manual page are those of the commands there are."""

import shutil
import subprocess
from pathlib import Path

import pytest

from folkmoot_client.admin.reference import EXITS, LISTING, manual, options_shown, page
from folkmoot_client.admin.table import usage_of
from folkmoot_client.terminal import CONFLICT, DENIED, DONE, FAILED, NOT_FOUND, NOT_REACHABLE, USAGE
from folkmoot_protocol.admin.registry import VERBS

DOCS = Path(__file__).resolve().parents[3] / "docs"


def test_both_are_up_to_date() -> None:
    assert (DOCS / "admin.md").read_text("utf-8") == page(), "run make docs"
    assert (DOCS / "folkmoot-admin.1").read_text("utf-8") == manual(), "run make docs"


def test_each_command_is_in_both_with_all_its_options() -> None:
    shown = page()
    table = shown.replace("\\|", "|")
    plain = manual().replace(r"\-", "-").replace(r"\&", "").replace(r"\e", "\\")
    for verb in VERBS.values():
        assert f"### `{usage_of(verb)}`" in shown
        assert f".SS {usage_of(verb)}" in plain
        for typed, help in options_shown(verb):
            assert f"| `{typed}` | {help} |" in table
            assert f".B {typed.replace('…', '...')}\n{help.replace('…', '...')}" in plain


def test_no_line_is_taken_for_a_request_of_roff() -> None:
    known = (".TH ", ".SH ", ".SS ", ".TP", ".B ", ".PP", ".EX", ".EE")
    assert not [line for line in manual().splitlines() if line.startswith((".", "'")) and not line.startswith(known)]


def test_the_exit_codes_are_those_of_the_terminal() -> None:
    codes = (DONE, FAILED, USAGE, NOT_REACHABLE, NOT_FOUND, DENIED, CONFLICT)
    assert [code for code, _ in EXITS] == list(codes)
    assert all(f"`{typed}`" in (DOCS / "client.md").read_text("utf-8") for typed, _ in LISTING)


@pytest.mark.skipif(shutil.which("man") is None, reason="there is no man here")
def test_man_reads_it() -> None:
    ran = subprocess.run(
        ["man", "-l", "--warnings", DOCS / "folkmoot-admin.1"], capture_output=True, text=True, check=True
    )
    assert ran.stderr == ""
