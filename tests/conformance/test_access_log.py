"""The access log on every backend: blocks by month, found by whom they name, and removed month by month."""

from folkmoot_server.storage.api import AccessBlock, Store

MAY, JUNE = "2026-05", "2026-06"


def block(number: int, *users: str) -> AccessBlock:
    return AccessBlock(number, number + 9, "here", 3, users, b"sealed\x00%d" % number)


async def told(store: Store, month: str, user: str = "", **more: int) -> list[int]:
    return [one.first_ts for one in await store.access.blocks(month, user, **more)]


async def test_blocks_are_found_by_whom_they_name_the_newest_first(store: Store) -> None:
    for number, users in enumerate((("ann", "bob"), ("bob",), (), ("ann",))):
        await store.access.append(MAY, block(number, *users))
    await store.access.append(JUNE, block(9, "ann"))
    assert await told(store, MAY) == [3, 2, 1, 0]
    assert await told(store, MAY, "ann") == [3, 0]
    assert await told(store, MAY, "nobody") == []
    assert await told(store, MAY, "\x00") == []
    assert await told(store, "2026-07") == []
    first, second = await store.access.blocks(MAY, "bob")
    assert (first.node, first.last_ts, first.records, first.sealed) == ("here", 10, 3, b"sealed\x001")
    assert await told(store, MAY, before=first.number) == [0]
    assert await told(store, MAY, "bob", before=second.number) == []
    assert await told(store, MAY, limit=2) == [3, 2]
    numbers = [one.number for one in await store.access.blocks(MAY)][::-1]
    some = await store.access.blocks_after(MAY, numbers[0], 2)
    assert [(one.number, one.first_ts, one.users) for one in some] == [(numbers[1], 1, ()), (numbers[2], 2, ())]
    assert [one.number for one in await store.access.blocks_after(MAY, 0, 9)] == numbers
    assert await store.access.blocks_after(MAY, numbers[-1], 9) == []
    assert await store.access.blocks_after("2026-07", 0, 9) == []


async def test_a_month_is_removed_whole(store: Store) -> None:
    for month in (JUNE, MAY):
        await store.access.append(month, block(1, "ann"))
    segments = await store.access.segments()
    assert [one.month for one in segments] == [MAY, JUNE]
    assert all(one.size > 0 for one in segments)
    await store.access.remove([MAY, "2025-01"])
    assert [one.month for one in await store.access.segments()] == [JUNE]
    assert await told(store, MAY) == []
    await store.access.append(MAY, block(5, "ann"))
    assert await told(store, MAY, "ann") == [5]
