"""That a node follows the news of exactly what it has in memory, and begins before it reads."""

import asyncio
from collections.abc import Awaitable, Collection
from typing import Any, cast

import pytest

from folkmoot_governance import GroupState, founded
from folkmoot_server.bus.api import LocalBus
from folkmoot_server.bus.messages import account_topic, group_topic
from folkmoot_server.common.clock import Clock
from folkmoot_server.config.settings import Limits
from folkmoot_server.live.accounts import IDLE_MS, Accounts
from folkmoot_server.live.rooms import Rooms
from folkmoot_server.storage.api import StoredAccount
from folkmoot_server.storage.change_set import Profile, StorageError
from tests.builders.rules import group_created, make_account
from tests.builders.world import code_of

CODE = code_of(0)
GROUP, ANN = group_topic(CODE), account_topic("ann")


class SlowBus(LocalBus):
    """A bus on which news comes once `gate` is open. `topics` are those followed."""

    def __init__(self) -> None:
        super().__init__()
        self.topics: set[str] = set()
        self.gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def follow(self, topic: str) -> Awaitable[None]:
        self.topics.add(topic)
        return self.gate

    def unfollow(self, topic: str) -> None:
        self.topics.discard(topic)


class Stored:
    """A store with one group and one account; `asked` counts the questions."""

    def __init__(self) -> None:
        self.asked = 0
        self.broken = False
        self.ledger = self.journal = self.access = self

    def _ask(self) -> None:
        self.asked += 1
        if self.broken:
            raise StorageError("the disk is gone")

    async def list_leaving(self, after: str = "", limit: int = 100) -> list[str]:
        return []

    async def author_tags(self, users: Collection[str]) -> dict[str, str]:
        return {}

    async def load_group(self, code: str) -> GroupState | None:
        self._ask()
        return founded(group_created(code=CODE)) if code == CODE else None

    async def last_seqs(self, codes: list[str]) -> dict[str, int]:
        return dict.fromkeys(codes, 1)

    async def load_account(self, user: str) -> StoredAccount | None:
        self._ask()
        state = make_account(user=user)
        return StoredAccount(state, Profile(user, "Ann", "", "en"), [], [], {}) if user == "ann" else None


class Memory:
    """Rooms and accounts on a slow bus, with a clock of their own."""

    def __init__(self) -> None:
        self.bus, self.store, self.now_s = SlowBus(), Stored(), 1.0
        clock = Clock(lambda: self.now_s)
        self.rooms = Rooms(cast(Any, self.store), self.bus, clock)
        self.accounts = Accounts(cast(Any, self.store), self.bus, Limits(), clock)

    def load(self, topic: str) -> Awaitable[object]:
        return self.rooms.load(CODE) if topic == GROUP else self.accounts.load("ann")


@pytest.fixture
async def memory() -> Memory:
    return Memory()


@pytest.mark.parametrize("topic", [GROUP, ANN])
async def test_storage_is_asked_when_news_will_come(memory: Memory, topic: str) -> None:
    loading = asyncio.ensure_future(memory.load(topic))
    for _ in range(5):
        await asyncio.sleep(0)
    assert (memory.bus.topics, memory.store.asked) == ({topic}, 0)
    memory.bus.gate.set_result(None)
    assert await loading is not None
    assert (memory.bus.topics, memory.store.asked) == ({topic}, 1)


@pytest.mark.parametrize("topic", [GROUP, ANN])
async def test_what_is_forgotten_is_followed_no_more(memory: Memory, topic: str) -> None:
    memory.bus.gate.set_result(None)
    await memory.load(topic)
    memory.now_s += IDLE_MS / 1000 + 1
    memory.rooms.forget_idle()
    memory.accounts.forget_idle()
    assert memory.bus.topics == set()


@pytest.mark.parametrize("topic", [GROUP, ANN])
async def test_what_could_not_be_read_is_not_followed(memory: Memory, topic: str) -> None:
    memory.bus.gate.set_result(None)
    memory.store.broken = True
    with pytest.raises(StorageError):
        await memory.load(topic)
    assert memory.bus.topics == set()


async def test_what_does_not_exist_is_not_followed(memory: Memory) -> None:
    memory.bus.gate.set_result(None)
    assert await memory.rooms.load(code_of(1)) is None
    assert await memory.accounts.load("nobody") is None
    assert memory.bus.topics == set()


@pytest.mark.parametrize("name", ["*", ">", "ann bob", "ann\r\nPUB x 0", "a" * 5000, ""])
async def test_what_a_stranger_calls_a_name_never_becomes_a_topic(memory: Memory, name: str) -> None:
    assert await memory.accounts.load(name) is None
    assert (memory.bus.topics, memory.store.asked) == (set(), 0)


async def test_a_group_founded_here_is_followed_until_it_turns_out_not_to_be(memory: Memory) -> None:
    memory.bus.gate.set_result(None)
    room = memory.rooms.add(founded(group_created(code=code_of(1))))
    assert memory.bus.topics == {group_topic(code_of(1))}
    await memory.rooms.reload(room, lambda: None)
    assert memory.bus.topics == set()
