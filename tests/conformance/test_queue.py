"""The promises of `Ledger` about what waits for staff, older entries that rules meet, and the agreement."""

from folkmoot_governance import replay
from folkmoot_governance.content.kinds import Severity
from folkmoot_governance.group import events as e
from folkmoot_server.storage.api import RetroHit, RetroScan, Store, StoredAgreement
from folkmoot_server.storage.change_set import ChangeSet
from folkmoot_server.storage.changes import agreement_row, remove_retro_hits, retro_hit_row, retro_scan_row
from tests.builders.world import START, World

LATER = START + 100_000


def held(at: int = START, **more: object) -> e.ContentHeld:
    return e.ContentHeld(at=at, by="", user="bob", rule="rule", severity=Severity.LOW, until_ms=LATER, **more)  # type: ignore[arg-type]


async def test_what_waits_for_staff_is_listed_until_it_is_decided(store: Store, world: World) -> None:
    one, other = world.group(), world.group()
    await store.commit([one.found(), other.found()])
    await store.commit([one.act(held(START + 2, staff=True, own_rule="word:tea")), one.act(held(START + 1))])
    await store.commit([other.act(held(START + 1, staff=True)), other.act(held(START + 3, staff=True))])
    found = await store.ledger.staff_queue(START, (0, "", 0), 10)
    assert [(post.code, post.number, post.own_rule) for post in found] == [
        (other.code, 2, ""),
        (one.code, 2, "word:tea"),
        (other.code, 3, ""),
    ]
    assert await store.ledger.staff_queue(START, (found[0].ts, found[0].code, found[0].number), 1) == [found[1]]
    assert await store.ledger.staff_queue(LATER, (0, "", 0), 10) == []
    await store.commit([one.act(e.HeldReleased(at=START + 4, by="rea", user="bob", number=2, to_admins=True))])
    await store.commit([other.act(e.HeldReleased(at=START + 4, by="rea", user="bob", number=2))])
    rejected = e.HeldRejected(at=START + 5, by="rea", user="bob", number=3, rule="rule", reason="r")
    await store.commit([other.act(rejected)])
    assert await store.ledger.staff_queue(START, (0, "", 0), 10) == []
    for group in (one, other):
        events = [row.event for row in await store.ledger.events(f"group:{group.code}")]
        assert await store.ledger.load_group(group.code) == group.state == replay(events)  # type: ignore[arg-type]
    assert one.state.reviews[2].rule == "word:tea"


async def test_what_older_entries_rules_meet_is_kept(store: Store) -> None:
    assert await store.ledger.retro_scan() is None
    for scan in (RetroScan({"a": "1"}), RetroScan({"a": "1", "b": "2"}, ("b",), START, "482190673352", 7)):
        await store.commit([ChangeSet(rows=[retro_scan_row(scan)])])
        assert await store.ledger.retro_scan() == scan
    hits = [RetroHit("482190673352", seq, "bob", "rule" if seq % 2 else "other", "low", START) for seq in range(1, 5)]
    await store.commit([ChangeSet(rows=[retro_hit_row(one) for one in hits])])
    assert await store.ledger.retro_hits(("", 0), 10) == hits
    assert await store.ledger.retro_hits(("482190673352", 1), 2) == hits[1:3]
    await store.commit([ChangeSet(rows=[remove_retro_hits(rule="other")])])
    await store.commit([ChangeSet(rows=[remove_retro_hits(code="482190673352", seq=3)])])
    assert await store.ledger.retro_hits(("", 0), 10) == hits[:1]


async def test_each_version_of_the_agreement_keeps_its_text(store: Store) -> None:
    texts = {"en": "Be kind.", "zh-CN": "友善。"}
    await store.commit([ChangeSet(rows=[agreement_row("2026-12", "a1", texts, START)])])
    assert await store.ledger.agreement("2026-12") == StoredAgreement("2026-12", "a1", texts, START)
    assert await store.ledger.agreement("2026-13") is None
    assert await store.ledger.agreement("\x00") is None
