"""docs/governance.md shows the permission table that is in force."""

from pathlib import Path

import pytest

from folkmoot_governance.access import REQUESTS, STATES, WITHOUT_AGREEMENT
from folkmoot_governance.permissions import PLATFORM_RULES, READS, RULES
from folkmoot_governance.published import TEXTS
from folkmoot_governance.table import (
    BEGIN,
    BEGIN_ACCESS,
    BEGIN_TEXTS,
    END,
    END_ACCESS,
    END_TEXTS,
    access_tables,
    permission_table,
    texts_table,
    with_table,
)

DOCUMENT = Path(__file__).parents[3] / "docs" / "governance.md"


def test_the_document_shows_the_table_of_today() -> None:
    written = DOCUMENT.read_text(encoding="utf-8")
    assert written == with_table(written), "run make docs"


def test_the_table_names_every_row() -> None:
    table = permission_table()
    assert all(f"| `{command.__name__}` |" in table for command in RULES)
    assert all(f"| `{act}` |" in table for act in PLATFORM_RULES)
    assert "| `Kick` | Remove a member; coming back is allowed after a while. | admin | `kick` | yes | yes |" in table


def test_the_tables_of_access_name_every_row() -> None:
    tables = access_tables()
    assert all(f"| `{kind.__struct_config__.tag}` |" in tables for kind in REQUESTS)
    assert all(f"| {one.name} |" in tables for one in STATES)
    assert all(f"`/{name}`" in tables for name in WITHOUT_AGREEMENT)
    assert all(f"| `{name}` |" in tables for name in READS)
    assert "| suspended | an account that is not suspended: `account_suspended` |  | no |" in tables
    assert "| `leave` | yes | no |  | not to be the owner, to be a member |" in tables


def test_what_stands_around_the_table_is_kept() -> None:
    texts = f"{BEGIN_TEXTS}\nold\n{END_TEXTS}\n"
    access = f"{BEGIN_ACCESS}\nold\n{END_ACCESS}\n"
    document = f"before\n{BEGIN}\nold\n{END}\nafter\n{texts}{access}"
    new = f"{BEGIN_TEXTS}\n\n{texts_table()}\n{END_TEXTS}\n{BEGIN_ACCESS}\n\n{access_tables()}\n{END_ACCESS}\n"
    assert with_table(document) == f"before\n{BEGIN}\n\n{permission_table()}\n{END}\nafter\n{new}"
    assert all(f"| `{row.name}` |" in texts_table() for row in TEXTS)


@pytest.mark.parametrize("document", ["", BEGIN, END, f"{END}{BEGIN}"])
def test_a_document_without_markers_is_refused(document: str) -> None:
    with pytest.raises(ValueError, match="no place"):
        with_table(document)
