"""Which act has shut an account out."""

from folkmoot_governance import account_case
from folkmoot_governance.account_events import AccountClosing, AccountSuspended

from ...storage.api import ActFilter, Ledger
from ...storage.change_set import account_stream

KINDS = tuple(str(kind.__struct_config__.tag) for kind in (AccountSuspended, AccountClosing))


LOOKED_AT = 20


async def latest_suspension(ledger: Ledger, user: str, until_ms: int = 0) -> str:
    """Return the case number of the latest suspension, or closing, of an account, empty where there is none.

    With `until_ms`, of the one that ends then: the latest may be void, and an earlier one in force again. Raises
    StorageError.
    """
    wanted = ActFilter(kinds=KINDS)
    found = await ledger.acts(account_stream(user), wanted, LOOKED_AT)
    same = [one for one in found if isinstance(one.event, AccountSuspended) and one.event.until_ms == until_ms]
    return account_case(user, (same or found)[0].version) if found else ""
