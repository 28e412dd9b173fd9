"""Two years of a transcript with a clock of our own: every border of months, rotation every day."""

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import pytest

from folkmoot_protocol.types import EntryKind
from folkmoot_server.common.i18n import translator
from folkmoot_server.storage.change_set import ChangeSet
from folkmoot_server.storage.check.verify import verify
from folkmoot_server.storage.sql.months import end_of, month_of, number_of
from folkmoot_server.storage.sqlite.store import SqliteStore
from tests.builders.world import DAY, START, Group, World

DATA = Path(__file__).parents[2] / "data"
KINDS = {"message": EntryKind.TEXT, "action": EntryKind.ACTION}
DAYS = 730
KEPT_MONTHS = 6


class Line(NamedTuple):
    """A line of a transcript, moved in time."""

    ts: int
    nick: str
    kind: EntryKind
    text: str


def stretched(name: str, shift: int) -> Iterator[Line]:
    """Yield the messages of a transcript, spread evenly over two years from `START` on, `shift` ms later."""
    lines = [json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines()]
    said = [line for line in lines if line["event"] in KINDS]
    step = DAYS * DAY // len(said)
    for number, line in enumerate(said):
        yield Line(START + number * step + shift, line["nick"], KINDS[line["event"]], line["text"])


class History:
    """Plays the days through a store and knows what must be in it."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.journal_dir = data_dir / "journal"
        self.world = World()
        self.rooms: dict[str, Group] = {}
        self.removed: list[str] = []

    def begin(self, lines: dict[str, list[Line]]) -> list[ChangeSet]:
        """Return the works that register everybody and found a group for each transcript."""
        nicks = sorted({line.nick for said in lines.values() for line in said})
        change_sets = [self.world.register(nick) for nick in ["alice", *nicks]]
        for name in lines:
            self.rooms[name] = self.world.group()
            change_sets.append(self.rooms[name].found())
        return change_sets

    def files(self) -> dict[str, tuple[int, bytes]]:
        """Return time of change and content of each segment but the newest, by month."""
        paths = sorted(self.journal_dir.glob("*.sqlite3"))[:-1]
        return {path.stem: (path.stat().st_mtime_ns, path.read_bytes()) for path in paths}

    async def check_border(self, store: SqliteStore, now: int, before: dict[str, tuple[int, bytes]]) -> None:
        """Check files and histories on the first day of a month, after rotation."""
        months = [segment.month for segment in await store.journal.segments()]
        first = max(number_of(month_of(START)), number_of(month_of(now)) - KEPT_MONTHS)
        assert [number_of(month) for month in months] == list(range(first, number_of(month_of(now)) + 1))
        after = self.files()
        assert {month: file for month, file in after.items() if month in before} == {
            month: file for month, file in before.items() if month in after
        }
        for group in self.rooms.values():
            await self.check_history(store, group, months[0])

    async def check_history(self, store: SqliteStore, group: Group, oldest: str) -> None:
        """Check that a group's history is what was said since the oldest month kept, in pages across all borders."""
        entries, before = [], group.seq + 1
        more = True
        while more:
            page = await store.journal.page(group.code, before=before, limit=37)
            entries, more = page.entries + entries, page.more
            before = entries[0].seq
        kept = [entry for entry in group.entries if number_of(month_of(entry.ts)) >= number_of(oldest)]
        assert entries == kept
        assert (await store.journal.last_seqs([group.code])) == {group.code: group.seq}


@pytest.mark.timeout(300)
async def test_two_years_of_talk(tmp_path: Path) -> None:
    lines = {
        "meeting": list(stretched("ubuntu-meeting.jsonl", 0)),
        "room": list(stretched("zh-room.jsonl", 1)),
    }
    history = History(tmp_path / "data")
    store = await SqliteStore.open(history.data_dir, say=translator("en"))
    assert await store.commit(history.begin(lines)) == frozenset()
    ordered = sorted((line.ts, name, line) for name, said in lines.items() for line in said)
    borders = 0
    closed: dict[str, tuple[int, bytes]] = {}
    month = month_of(START)
    for day, talk in groupby(ordered, key=lambda one: one[0] // DAY):
        change_sets = [
            history.rooms[name].post(line.nick, ts=line.ts, kind=line.kind, body=line.text) for _, name, line in talk
        ]
        assert await store.commit(change_sets) == frozenset()
        now = (day + 1) * DAY - 1
        removed = await store.journal.rotate(now, KEPT_MONTHS)
        history.removed += [segment.month for segment in removed]
        if month_of(now) != month:
            month, borders = month_of(now), borders + 1
            await history.check_border(store, now, closed)
            closed = history.files()
        if day % 100 == 0:
            await store.close()
            store = await SqliteStore.open(history.data_dir, say=translator("en"))
    await store.close()
    assert borders == 23
    assert history.removed == sorted(history.removed)
    assert len(history.removed) == 24 - 1 - KEPT_MONTHS
    assert all(end_of(gone) < START + DAYS * DAY - KEPT_MONTHS * 28 * DAY for gone in history.removed)
    assert verify(history.data_dir) == []
