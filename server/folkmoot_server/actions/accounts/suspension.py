"""Which act has shut an account out."""

from folkmoot_governance import account_case
from folkmoot_governance.account_events import AccountClosing, AccountSuspended

from ...storage.api import ActFilter, Ledger
from ...storage.change_set import account_stream

KINDS = tuple(str(kind.__struct_config__.tag) for kind in (AccountSuspended, AccountClosing))


async def latest_suspension(ledger: Ledger, user: str) -> str:
    """Return the case number of the latest suspension, or closing, of an account, empty where there is none.

    Raises StorageError.
    """
    wanted = ActFilter(kinds=KINDS)
    found = await ledger.acts(account_stream(user), wanted, 1)
    return account_case(user, found[0].version) if found else ""
