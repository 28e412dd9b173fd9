"""The page's feed: from any disorder, each entry once and in order. The module alone, in the browser that runs it."""

import random
from typing import Any

import pytest

from tests.browser.conftest import Visit

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Feeds each order of arrival to a feed that starts after seq `last`; returns what it handed over, and what it holds.
FEED = """async orders => {
  const { Feed } = await import("/feed.js");
  return orders.map(({ last, seqs, older }) => {
    const feed = new Feed(last);
    const handed = seqs.flatMap(seq => feed.take({ seq, kind: "text" })).map(entry => entry.seq);
    feed.prepend(older.map(seq => ({ seq, kind: "text" })));
    return { handed, held: feed.entries.map(entry => entry.seq), first: feed.first, hasHole: feed.hasHole };
  });
}"""


def disorder(chance: random.Random) -> dict[str, Any]:
    """Return entries shuffled, doubled, with old ones among them, and sometimes with one missing."""
    last, count = chance.randrange(50), chance.randrange(1, 30)
    new = list(range(last + 1, last + 1 + count))
    seqs = new + chance.choices(range(1, last + count + 1), k=chance.randrange(10))
    chance.shuffle(seqs)
    missing = chance.choice([None, *new])
    start = max(1, last - chance.randrange(20))
    older = list(range(start, last + 1)) + chance.sample(new, k=min(3, count))
    arriving = [seq for seq in seqs if seq != missing]
    return {"last": last, "seqs": arriving, "older": older, "start": start, "missing": missing, "end": new[-1]}


async def test_each_entry_once_and_in_order(visit: Visit) -> None:
    ada = await visit("ada")
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    orders = [disorder(chance) for _ in range(500)]
    for order, feed in zip(orders, await ada.page.evaluate(FEED, orders), strict=True):
        start, last, missing, end = order["start"], order["last"], order["missing"], order["end"]
        until = end if missing is None else missing - 1
        assert feed["handed"] == list(range(last + 1, until + 1)), (seed, order)
        assert feed["held"] == list(range(start, until + 1)), (seed, order)
        assert feed["first"] == start, (seed, order)
        assert feed["hasHole"] == (missing is not None and missing < end), (seed, order)
