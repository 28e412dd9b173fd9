"""docs/client.md shows the commands of administration as their rows are."""

from pathlib import Path

from folkmoot_client.admin.table import BEGIN, END, command_table, with_table
from folkmoot_protocol.admin.registry import VERBS

DOCUMENT = Path(__file__).parents[3] / "docs" / "client.md"


def test_the_document_shows_the_rows_of_today() -> None:
    written = DOCUMENT.read_text(encoding="utf-8")
    assert written == with_table(written), "write it anew: make docs"


def test_the_table_names_every_row_with_all_that_it_takes() -> None:
    table = command_table()
    assert all(f"| `{verb}" in table for verb in VERBS.values())
    for line in (
        "| `case close CASE` | `--outcome upheld\\|dismissed\\|bad_faith`, `[--suspend DURATION]`, `[--remove]`, "
        "`[--of USERS]`, `--reason TEXT`, `[--yes]`, `[--dry-run]` | "
        "Decide on a report; those who made it are told why. | `review_case` |",
        "| `rule test FILE` | `[--group CODE]`, `[--case CASE]` |",
        "| `appeal list` | `[--state open\\|overdue\\|closed\\|all]`, `[--limit N]`, `[--cursor CURSOR]` |",
        "    folkmoot admin identity show ann --case 'file 7'",
    ):
        assert line in table


def test_what_stands_around_the_table_is_kept() -> None:
    document = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert with_table(document) == f"before\n{BEGIN}\n\n{command_table()}\n{END}\nafter\n"
