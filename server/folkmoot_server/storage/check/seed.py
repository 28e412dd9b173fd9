"""Filling a store for load tests: groups of members with tokens, as if they had registered and joined."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple, TextIO

from folkmoot_governance import GroupState, apply, apply_account, case_number, founded, registered
from folkmoot_governance.account import AccountRegistered, IdentityAttested
from folkmoot_governance.duration import HOUR_MS
from folkmoot_governance.group.events import Event, GroupCreated, MemberJoined
from folkmoot_governance.notice_entry import author_of, notice_of
from folkmoot_governance.policy import Policy
from folkmoot_protocol.group_code import FIRST_NUMBER, LAST_NUMBER, make_group_code
from folkmoot_protocol.types import Identity, JoinMode

from ...common.i18n import translator
from ...common.terminal import _
from ...crypto.passwords import hash_token, new_token
from ..api import Store
from ..change_set import ChangeSet, NewEntry, Profile, StorageError, account_stream, group_stream
from ..changes import profile_row, token_row
from ..sql.months import begin_of, month_of
from ..sql.projection import group_row, member_table_row, project_account
from ..sqlite.store import SqliteStore
from .seed_channels import ChannelSeeds, channel_work, follower, follows, owners_of, posts

Progress = Callable[[int, int], None]
"""Told how many groups are written, of how many."""
Then = Callable[[Store], Awaitable[None]]

# Who stands for the reviewer that has seen the accounts' papers.
REVIEWER = "seed"
BATCH = 2000
NO_CHANNELS = ChannelSeeds()


class Seat(NamedTuple):
    """A member to be: the user name, and the token of a session."""

    user: str
    token: str


def seed(
    data_dir: Path,
    groups: int,
    members: int,
    tokens: Path,
    progress: Progress | None = None,
    *,
    agreement: str = "1",
    channels: ChannelSeeds = NO_CHANNELS,
    then: Then | None = None,
) -> None:
    """Write `groups` groups of `members` members each, and a line per member to `tokens`.

    A line is `<group index> <member index> <user> <token> <group code>`; member 0 owns the group. The
    accounts have an identity (`person`), the `agreement` accepted, and no password. For `channels` see there; their
    owners have no tokens. `then` is done with the store after that. Raises StorageError when names are taken.
    """

    async def write() -> None:
        store = await SqliteStore.open(data_dir, say=translator("en"))
        try:
            await fill(store, groups, members, tokens, progress, agreement=agreement, channels=channels, then=then)
        finally:
            await store.close()

    asyncio.run(write())


async def fill(
    store: Store,
    groups: int,
    members: int,
    tokens: Path,
    progress: Progress | None = None,
    *,
    agreement: str = "1",
    channels: ChannelSeeds = NO_CHANNELS,
    then: Then | None = None,
) -> None:
    """As `seed`, into a store that is open, whichever kind it is."""
    if await store.ledger.load_account("g0m0") is not None:
        raise StorageError(_("the store has been seeded already"))
    # An hour ago: who came in just now is watched more closely than load tests want. But in this month: all that is
    # seeded stands in one file.
    present = time.time_ns() // 1_000_000
    now = max(present - HOUR_MS, begin_of(month_of(present)))
    with tokens.open("w", encoding="utf-8") as lines:
        tokens.chmod(0o600)
        change_sets: list[ChangeSet] = []
        numbers = random.SystemRandom().sample(range(FIRST_NUMBER, LAST_NUMBER + 1), groups)
        for index, number in enumerate(numbers):
            change_sets += _seed_group(index, make_group_code(number), members, now, agreement, lines)
            if len(change_sets) >= BATCH or index == groups - 1:
                await _commit(store, change_sets)
                change_sets = []
                if progress is not None:
                    progress(index + 1, groups)
    if channels.channels:
        readers = [f"g{group}m{number}" for group in range(groups) for number in range(members)]
        await _fill_channels(store, channels, readers, now, agreement)
    if then is not None:
        await then(store)


async def _fill_channels(store: Store, seeds: ChannelSeeds, readers: list[str], now: int, agreement: str) -> None:
    """Write channels, their owners and posts, and who follows them."""
    numbers = random.SystemRandom().sample(range(FIRST_NUMBER, LAST_NUMBER + 1), seeds.channels)
    codes = [make_group_code(number) for number in numbers]
    owners = owners_of(seeds.channels, readers)
    people = [*owners[len(readers) :], *(follower(index) for index in range(seeds.followers))]
    works = chain(
        (_account_work(Seat(user, ""), now, agreement) for user in people),
        (channel_work(user, code, display_name(user), now) for user, code in zip(owners, codes, strict=True)),
        posts(codes, owners, seeds.posts, now, HOUR_MS),
        follows(codes, readers, seeds, now),
    )
    while some := list(islice(works, BATCH)):
        await _commit(store, some)


def _seed_group(index: int, code: str, members: int, now: int, agreement: str, lines: TextIO) -> list[ChangeSet]:
    """Return the change sets of a group and its members, who are also written to `lines`."""
    seats = [Seat(f"g{index}m{number}", new_token()) for number in range(members)]
    lines.writelines(f"{index} {number} {seat.user} {seat.token} {code}\n" for number, seat in enumerate(seats))
    return [*(_account_work(seat, now, agreement) for seat in seats), _group_work(code, f"Group {index}", seats, now)]


async def _commit(store: Store, change_sets: list[ChangeSet]) -> None:
    for start in range(0, len(change_sets), BATCH):
        conflicts = await store.commit(change_sets[start : start + BATCH])
        if conflicts:
            raise StorageError(_("taken already: {names}").format(names=", ".join(sorted(conflicts))))


def _account_work(seat: Seat, now: int, agreement: str) -> ChangeSet:
    """Return the change set of an account that has shown who it is. No password: "" never matches."""
    joined = AccountRegistered(at=now, by=seat.user, user=seat.user, agreement=agreement)
    attested = IdentityAttested(at=now, by=REVIEWER, identity=Identity.PERSON, reason="load test")
    state = registered(joined)
    apply_account(state, attested)
    rows = [*project_account(state, attested), profile_row(Profile(seat.user, display_name(seat.user), "", "en"))]
    if seat.token:
        rows.append(token_row(hash_token(seat.token), seat.user, now))
    return ChangeSet(account_stream(seat.user), 0, [joined, attested], rows)


def display_name(user: str) -> str:
    """Return the display name of a seeded account."""
    return user.capitalize()


def _group_work(code: str, name: str, seats: list[Seat], now: int) -> ChangeSet:
    """Return the change set that founds a group and lets everybody in, told to the group like any other."""
    state: GroupState | None = None
    events, entries = [], []
    say = translator("en")
    for event in _group_events(code, name, seats, now):
        if isinstance(event, GroupCreated):
            state = founded(event)
        else:
            assert state is not None
            apply(state, event)
        author = author_of(state, event, display_name(event.by))
        case = case_number(code, state.version)
        notice = notice_of(event, case=case, author=author, say=say)
        assert notice is not None, "groups are told of their founding and of joins"
        events.append(event)
        entries.append(NewEntry(notice, version=state.version))
    assert state is not None
    rows = [group_row(state), *(member_table_row(state, "members", seat.user) for seat in seats)]
    return ChangeSet(group_stream(code), 0, events, rows, entries)


def _group_events(code: str, name: str, seats: list[Seat], now: int) -> Iterator[Event]:
    yield GroupCreated(
        at=now,
        by=seats[0].user,
        code=code,
        name=name,
        category="general",
        topic="",
        join_mode=JoinMode.OPEN,
        member_limit=max(len(seats), Policy().members_per_group),
    )
    for seat in seats[1:]:
        yield MemberJoined(at=now, by=seat.user, user=seat.user, via="open")
