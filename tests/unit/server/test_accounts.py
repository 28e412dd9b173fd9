"""The counts that caps are checked against, while loads are slow and changes are on their way to disk (G8.1)."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from folkmoot_governance import AccountState
from folkmoot_governance.account_events import AgreementAccepted
from folkmoot_server.bus.api import LocalBus
from folkmoot_server.common.clock import Clock
from folkmoot_server.config.settings import Limits
from folkmoot_server.live.accounts import Accounts
from folkmoot_server.live.memberships import MembershipChange
from folkmoot_server.storage.api import Ledger, StoredAccount
from folkmoot_server.storage.change_set import Profile, StorageError, Upsert
from folkmoot_server.storage.sql.projection import project_account
from tests.builders.rules import make_account

IN, OUT = {"joined": True}, {"joined": False}


class SlowLedger:
    """A ledger whose loads take what is stored at once, and give it back when `gate` opens."""

    def __init__(self) -> None:
        self.groups: list[str] = []
        self.loads = 0
        self.failures = 0
        self.asked = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def find_session(self, token_hash: str, since: int = 0) -> StoredAccount | None:
        return await self.load_account(token_hash.removesuffix("'s token"))

    async def find_token(self, token_hash: str, since: int = 0) -> str | None:
        user = token_hash.removesuffix("'s token")
        return None if user == "nobody" else user

    async def load_account(self, user: str) -> StoredAccount | None:
        self.loads += 1
        self.asked.set()
        if user == "nobody":
            return None
        state = make_account(user=user)
        stored = StoredAccount(state, Profile(user, "Ann", "", "en"), list(self.groups), [], {"a": 3})
        await self.gate.wait()
        if self.failures:
            self.failures -= 1
            raise StorageError("the disk is gone")
        return stored


@pytest.fixture
def ledger() -> SlowLedger:
    return SlowLedger()


@pytest.fixture
def accounts(ledger: SlowLedger) -> Accounts:
    return Accounts(cast(Ledger, ledger), LocalBus(), Limits(), Clock())


def change(code: str, **fields: Any) -> MembershipChange:
    return MembershipChange("ann", code, **fields)


async def during_load(accounts: Accounts, ledger: SlowLedger, act: Callable[[], None]) -> set[str]:
    """Start a load, do something while it is on its way, return the groups that come of it."""
    ledger.gate.clear()
    load = asyncio.create_task(accounts.load("ann"))
    await ledger.asked.wait()
    act()
    ledger.gate.set()
    account = await load
    assert account is not None
    return account.groups


async def test_a_change_decided_before_a_load_counts_in_it(accounts: Accounts, ledger: SlowLedger) -> None:
    accounts.decided(change("b", **IN))
    assert await during_load(accounts, ledger, lambda: None) == {"b"}


async def test_a_change_decided_during_a_load_counts_in_it(accounts: Accounts, ledger: SlowLedger) -> None:
    ledger.groups = ["a"]

    def act() -> None:
        accounts.decided(change("b", **IN))
        accounts.decided(change("a", **OUT))

    assert await during_load(accounts, ledger, act) == {"b"}


async def test_a_change_decided_and_stored_during_a_load_counts_in_it(accounts: Accounts, ledger: SlowLedger) -> None:
    """The load began before the change was stored, so it cannot have read it."""

    def act() -> None:
        accounts.decided(change("b", **IN))
        ledger.groups = ["b"]
        accounts.forget_change(change("b", **IN))

    assert await during_load(accounts, ledger, act) == {"b"}


async def test_joined_and_left_again_during_a_load(accounts: Accounts, ledger: SlowLedger) -> None:
    def act() -> None:
        for one in (change("b", **IN), change("b", **OUT)):
            accounts.decided(one)
            accounts.forget_change(one)

    assert await during_load(accounts, ledger, act) == set()


async def test_changes_move_the_counts_at_once(accounts: Accounts, ledger: SlowLedger) -> None:
    account = await accounts.load("ann")
    assert account is not None
    accounts.decided(change("b", joined=True, created=True))
    accounts.decided(change("c", **IN))
    actor = account.actor()
    assert (actor.groups_created, actor.groups_joined) == (1, 2)
    accounts.decided(change("b", joined=False))
    accounts.decided(change("b", created=False))
    actor = account.actor()
    assert (actor.groups_created, actor.groups_joined) == (0, 1)


async def test_what_was_not_stored_counts_no_more(accounts: Accounts, ledger: SlowLedger) -> None:
    account = await accounts.load("ann")
    assert account is not None
    accounts.decided(change("lost", **IN))
    accounts.decided(change("underway", **IN))
    accounts.forget_change(change("lost", **IN))
    ledger.failures = 2
    await accounts.reread("ann")
    assert account.groups == {"underway"}
    assert await accounts.load("ann") is account


async def test_a_session_is_found_by_one_question(accounts: Accounts, ledger: SlowLedger) -> None:
    account = await accounts.find("ann's token")
    assert account is not None
    assert account is await accounts.load("ann")
    assert account is await accounts.find("ann's token")
    assert await accounts.find("nobody's token") is None
    assert ledger.loads == 3


@pytest.mark.parametrize("stored", [False, True])
async def test_what_changes_while_a_session_is_looked_for_counts(
    accounts: Accounts, ledger: SlowLedger, stored: bool
) -> None:
    ledger.gate.clear()
    finding = asyncio.create_task(accounts.find("ann's token"))
    await ledger.asked.wait()
    accounts.decided(change("b", **IN))
    if stored:
        ledger.groups = ["b"]
        accounts.forget_change(change("b", **IN))
    ledger.gate.set()
    account = await finding
    assert account is not None
    assert account.groups == {"b"}
    assert accounts.get("ann") is account


@pytest.mark.parametrize("by_token", [False, True])
async def test_an_account_of_which_there_is_news_while_it_is_read_is_read_again(
    accounts: Accounts, ledger: SlowLedger, by_token: bool
) -> None:
    ledger.gate.clear()
    reading = asyncio.create_task(accounts.find("ann's token") if by_token else accounts.load("ann"))
    await ledger.asked.wait()
    ledger.groups = ["b"]
    accounts.changed("ann")
    ledger.gate.set()
    account = await reading
    assert account is not None
    assert account.groups == {"b"}
    assert ledger.loads == 2


async def test_many_loads_at_once_are_one(accounts: Accounts, ledger: SlowLedger) -> None:
    found = await asyncio.gather(*(accounts.load("ann") for _ in range(20)))
    assert ledger.loads == 1
    assert all(one is found[0] for one in found)
    assert found[0] is not None
    assert found[0].read_seqs == {"a": 3}


async def test_a_load_that_fails_can_be_tried_again(accounts: Accounts, ledger: SlowLedger) -> None:
    ledger.failures = 1
    with pytest.raises(StorageError):
        await accounts.load("ann")
    assert await accounts.load("ann") is not None


async def test_who_does_not_exist_is_not_remembered(accounts: Accounts, ledger: SlowLedger) -> None:
    for _ in range(2):
        assert await accounts.load("nobody") is None
    assert ledger.loads == 2
    assert accounts.get("nobody") is None


async def test_who_is_not_used_is_forgotten_unless_something_is_under_way(ledger: SlowLedger) -> None:
    seconds = [1000.0]
    accounts = Accounts(cast(Ledger, ledger), LocalBus(), Limits(), Clock(lambda: seconds[0]))
    await accounts.load("ann")
    accounts.decided(change("b", **IN))
    seconds[0] += 3600
    accounts.forget_idle()
    assert accounts.get("ann") is not None
    accounts.forget_change(change("b", **IN))
    accounts.forget_idle()
    assert accounts.get("ann") is None


async def test_a_load_goes_on_when_who_asked_is_gone(accounts: Accounts, ledger: SlowLedger) -> None:
    ledger.gate.clear()
    first = asyncio.create_task(accounts.load("ann"))
    second = asyncio.create_task(accounts.load("ann"))
    await ledger.asked.wait()
    first.cancel()
    ledger.gate.set()
    assert await second is not None
    assert ledger.loads == 1


async def test_who_may_have_been_elsewhere_is_read_again_and_who_was_not_here_is_read_once(
    accounts: Accounts, ledger: SlowLedger
) -> None:
    account = await accounts.find_again("ann's token")
    assert account is not None
    assert ledger.loads == 1
    ledger.groups.append("joined elsewhere")
    assert await accounts.find_again("ann's token") is account
    assert ledger.loads == 2
    assert account.groups == {"joined elsewhere"}
    assert await accounts.find_again("nobody's token") is None


async def test_what_another_began_to_read_may_be_older_than_who_signs_in(
    accounts: Accounts, ledger: SlowLedger
) -> None:
    ledger.gate.clear()
    reading = asyncio.create_task(accounts.load("ann"))
    await ledger.asked.wait()
    ledger.groups.append("joined elsewhere")
    finding = asyncio.create_task(accounts.find_again("ann's token"))
    await asyncio.sleep(0)
    ledger.gate.set()
    account = await finding
    assert account is not None
    assert account is await reading
    assert account.groups == {"joined elsewhere"}


async def test_reading_again_does_not_take_back_what_is_stored_meanwhile(
    accounts: Accounts, ledger: SlowLedger
) -> None:
    """What was read before a change was stored, and comes after, is out of date: a member would be none."""
    account = await accounts.load("ann")
    assert account is not None
    accounts.decided(change("b", **IN))
    ledger.gate.clear()
    ledger.asked.clear()
    reading = asyncio.create_task(accounts.look_again("ann"))
    await ledger.asked.wait()
    ledger.groups = ["b"]
    accounts.forget_change(change("b", **IN))
    ledger.gate.set()
    await reading
    assert (account.groups, ledger.loads) == ({"b"}, 3)


async def test_two_who_read_an_account_at_once_both_read_again(accounts: Accounts, ledger: SlowLedger) -> None:
    account = await accounts.load("ann")
    assert account is not None
    ledger.gate.clear()
    readings = [asyncio.create_task(accounts.look_again("ann")) for _ in range(2)]
    for _ in range(3):
        await asyncio.sleep(0)
    assert ledger.loads == 3
    ledger.groups = ["b"]
    accounts.changed("ann")
    ledger.gate.set()
    await asyncio.gather(*readings)
    assert (account.groups, ledger.loads) == ({"b"}, 5)


async def test_who_reads_an_account_first_and_comes_last_hears_of_what_was_stored_meanwhile(
    accounts: Accounts, ledger: SlowLedger
) -> None:
    """One that began later and is done does not take the other off the list of those who are told."""
    account = await accounts.load("ann")
    assert account is not None
    first_gate = ledger.gate = asyncio.Event()
    first = asyncio.create_task(accounts.look_again("ann"))
    await asyncio.sleep(0)
    ledger.gate = asyncio.Event()
    ledger.gate.set()
    await accounts.look_again("ann")
    ledger.groups = ["b"]
    accounts.changed("ann")
    first_gate.set()
    await first
    assert (account.groups, ledger.loads) == ({"b"}, 4)
    await accounts.look_again("ann")


def test_all_of_an_accounts_state_has_its_column() -> None:
    """A field that is not stored would be forgotten when the account is read again."""
    (row,) = project_account(make_account(), AgreementAccepted(at=1, by="mia", agreement="2"))
    assert isinstance(row, Upsert)
    assert set(AccountState.__struct_fields__) <= row.values.keys()
