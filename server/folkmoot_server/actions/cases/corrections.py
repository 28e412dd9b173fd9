"""Reports to the authority that a measure was overturned: drafted in the transaction that decides so."""

from folkmoot_governance.filing import CORRECTION, Filing, corrected

from ...storage.api import Ledger
from ...storage.changes import filing_row
from ..acting import Joint


async def find_uncorrected(ledger: Ledger, case: str) -> Filing | None:
    """Return the report of the measure `case`; None where there is none, or it is corrected already."""
    filing = await ledger.filing(case)
    if filing is None or await ledger.filing(f"{CORRECTION}{case}") is not None:
        return None
    return filing


def correct(act: Joint, filing: Filing | None, reason: str, at: int) -> None:
    """Have the report that corrects `filing` stored with the act that overturns its measure at `at` (Unix ms)."""
    if filing is not None:
        act.change_set.rows = [*act.change_set.rows, filing_row(corrected(filing, reason, at))]
