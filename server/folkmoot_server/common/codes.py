"""Fresh group codes, invite codes and case numbers."""

import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Of codes that people read and type: none that is taken for another."""


def random_letters(length: int) -> str:
    """Return letters that nobody guesses."""
    return "".join(secrets.choice(LETTERS) for _ in range(length))


def report_number() -> str:
    """Return a number for a report; that nobody has it is for the ledger to guarantee."""
    return f"r-{random_letters(10)}"


def mediation_number() -> str:
    """Return a number for a mediation, as `report_number` does for a report."""
    return f"m-{random_letters(10)}"


def proposal_number() -> str:
    """Return a number for a proposed measure, as `report_number` does one for a report."""
    return f"p-{random_letters(10)}"


def new_author_tag() -> str:
    """Return what entries of a closed account are from: no user name looks like it, and no two are the same."""
    return f"~{secrets.token_hex(6)}"
