"""The promises of `Ledger` about what accounts are told by themselves."""

from folkmoot_governance.account_events import AccountClosed
from folkmoot_governance.duration import FOREVER_MS
from folkmoot_governance.personal_notices import PersonalNotice
from folkmoot_server.storage.api import Store, StoredNotice
from folkmoot_server.storage.change_set import ChangeSet, RowChange
from folkmoot_server.storage.changes import erasure, notice_row, remove_ended_notices
from tests.builders.world import START, World


def notice(number: int, user: str = "bob", kind: str = "muted") -> PersonalNotice:
    data = {"until_ms": FOREVER_MS, "reason": "r\x00 日本", "users": ["x"]} if number == 3 else {}
    return PersonalNotice(user, START + number, kind, f"100000000003-{number}", "100000000003", data)


async def store_rows(store: Store, *rows: RowChange) -> None:
    assert await store.commit([ChangeSet(rows=list(rows))]) == frozenset()


async def ids(store: Store, user: str = "bob", before: str = "", limit: int = 50, *, unread: bool = False) -> list[int]:
    found = await store.ledger.list_notices(user, before, limit, unread=unread)
    return [one.notice.at - START for one in found]


async def test_what_was_told_is_listed_the_latest_first_and_in_pages(store: Store, world: World) -> None:
    told = [notice(number) for number in (4, 1, 3, 2)]
    await store_rows(store, *map(notice_row, told), notice_row(notice(9, "carol")))
    assert await ids(store) == [4, 3, 2, 1]
    first = await store.ledger.list_notices("bob", limit=2)
    assert [one.notice.at - START for one in first] == [4, 3]
    assert first[0] == StoredNotice(notice(4), 0)
    assert first[1].notice.data["users"] == ["x"]
    assert await store.ledger.unread_notices("bob", limit=3) == [StoredNotice(notice(at), 0) for at in (1, 2, 3)]
    assert await ids(store, before=first[-1].notice.id, limit=2) == [2, 1]
    assert await ids(store, "nobody.here") == []


async def test_it_is_there_with_the_act_or_not_at_all(store: Store, world: World) -> None:
    group = world.group()
    founding = group.found()
    founding.rows = [*founding.rows, notice_row(notice(1))]
    overtaken = ChangeSet(founding.stream, 7, founding.events, [notice_row(notice(2))])
    assert await store.commit([founding]) == frozenset()
    assert await store.commit([overtaken]) == {founding.stream}
    assert await ids(store) == [1]


async def test_what_is_read_is_kept_until_its_time_is_over_and_what_is_not_read_is_kept(
    store: Store, world: World
) -> None:
    await store_rows(store, *(notice_row(notice(number)) for number in (1, 2, 3)))
    account = await store.ledger.load_account("bob")
    assert account is not None and account.has_unread
    await store_rows(
        store, notice_row(notice(1), START + 50, START + 100), notice_row(notice(2), START + 50, START + 90)
    )
    assert await ids(store, unread=True) == [3]
    assert [one.notice.at - START for one in await store.ledger.unread_notices("bob")] == [3]
    assert [one.read_ts for one in await store.ledger.list_notices("bob")] == [0, START + 50, START + 50]
    await store_rows(store, remove_ended_notices(START + 95))
    assert await ids(store) == [3, 1]
    await store_rows(store, remove_ended_notices(FOREVER_MS - 1))
    assert await ids(store) == [3]
    await store_rows(store, notice_row(notice(3), START + 50, START + 100))
    account = await store.ledger.load_account("bob")
    assert account is not None and not account.has_unread


async def test_what_is_not_read_or_new_is_found_by_its_kind(store: Store, world: World) -> None:
    told = [notice(number, kind=kind) for number, kind in enumerate(("commented", "muted", "quoted", "commented"), 1)]
    await store_rows(store, *map(notice_row, told), notice_row(notice(9, "carol", "commented")))

    async def found(*kinds: str, since: int = 100, limit: int = 10) -> list[int]:
        told = await store.ledger.told_of_kinds("bob", kinds, START + since, limit)
        return [one.notice.at - START for one in told]

    assert await found("commented", "quoted") == [4, 3, 1]
    assert await found("commented", "quoted", limit=2) == [4, 3]
    await store_rows(store, notice_row(told[3], START + 50, START + 100))
    assert await found("commented") == [1]
    assert await found("commented", since=3) == [4, 1], "it was told just now"
    assert await found("mentioned", "answered", "commented", "quoted", "reposted") == [3, 1]


async def test_a_closed_account_has_no_box_and_gets_none(store: Store, world: World) -> None:
    await store_rows(store, notice_row(notice(1)), notice_row(notice(1, "carol")))
    closing = world.change("bob", AccountClosed(at=START + 5, by="bob", author_tag="~1"))
    closing.rows = [*closing.rows, *erasure("bob", START + 5)]
    # In one batch with it, and after it.
    assert (
        await store.commit([closing, ChangeSet(rows=[notice_row(notice(2)), notice_row(notice(2, "carol"))])]) == set()
    )
    await store_rows(store, notice_row(notice(3)), notice_row(notice(3, "carol")))
    assert await ids(store) == []
    assert await ids(store, "carol") == [3, 2, 1]
