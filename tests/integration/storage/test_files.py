"""What the store does with its files: locks, schema, keys, durability, full disks."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, StaticPool, create_engine

from folkmoot_governance.case.rules import ReporterRecord
from folkmoot_governance.case.state import ReportOpened, replay_case
from folkmoot_governance.content.kinds import Severity
from folkmoot_governance.group.events import EntryDeleted, Invited, MeasureOverturned, TopicSet
from folkmoot_protocol.types import Entry
from folkmoot_server.storage.api import AccessBlock
from folkmoot_server.storage.change_set import ChangeSet, StorageError, Upsert
from folkmoot_server.storage.changes import follow_row
from folkmoot_server.storage.channels import NEWEST
from folkmoot_server.storage.check.tools import migrate, verify
from folkmoot_server.storage.search.text import parse_query
from folkmoot_server.storage.sql import schema
from folkmoot_server.storage.sql.tables import SCHEMA, metadata
from folkmoot_server.storage.sqlite import background, rotation
from folkmoot_server.storage.sqlite.store import SqliteStore
from tests.builders.world import DAY, START, Group, World
from tests.integration.storage.kit import FEBRUARY, case_work, filled, opened, tamper


async def in_writer(store: SqliteStore, act: Callable[[sqlite3.Connection], Any]) -> Any:
    """Run something on the connection that writes, in its thread."""
    return await store._threads.write.run(act, store._writer._raw)


async def test_a_directory_has_one_server(tmp_path: Path) -> None:
    async with opened(tmp_path):
        with pytest.raises(StorageError, match="another server uses"):
            await SqliteStore.open(tmp_path, say=lambda text, detail: text)
    async with opened(tmp_path) as store:
        assert await store.ledger.scan() == []


def shape(connection: Connection) -> dict[str, object]:
    """Return what tables there are: columns in any order, keys, indexes, and the rows that they begin with."""

    def pragma(name: str, of: str) -> list[tuple[object, ...]]:
        return [tuple(row[1:]) for row in connection.exec_driver_sql(f'PRAGMA {name}("{of}")')]

    tables = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
    found: dict[str, object] = {}
    for table in tables:
        indexes = [index for index in pragma("index_list", table) if not str(index[0]).startswith("sqlite_auto")]
        found[table] = {
            "columns": sorted(map(str, pragma("table_info", table))),
            "foreign keys": sorted(row[1:] for row in pragma("foreign_key_list", table)),
            "indexes": sorted((index, [name for _, name in pragma("index_info", str(index[0]))]) for index in indexes),
            "rows": connection.exec_driver_sql(f'SELECT * FROM "{table}"').all(),
            "triggers": connection.exec_driver_sql(
                "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ? ORDER BY name", (table,)
            ).all(),
        }
    return found


def made_by(make: Callable[[Connection], object]) -> tuple[dict[str, object], object]:
    """Return what a function makes of an empty database, and how that differs from the tables that the code knows."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    try:
        with engine.connect() as connection:
            make(connection)
        with engine.connect() as connection:
            return shape(connection), compare_metadata(MigrationContext.configure(connection), metadata)
    finally:
        engine.dispose()


def by_steps(connection: Connection) -> None:
    with connection.begin():
        schema._upgrade(connection)


def test_a_new_database_is_what_all_steps_make_and_what_the_code_knows(tmp_path: Path) -> None:
    stepped, differing = made_by(by_steps)
    assert not differing
    at_once, _ = made_by(schema.migrate)
    assert at_once.keys() == stepped.keys()
    for table, made in stepped.items():
        assert at_once[table] == made, table
    assert migrate(tmp_path) == migrate(tmp_path) == SCHEMA


TO_0027 = """
    DROP TABLE outgoing_hooks;
    ALTER TABLE accounts DROP COLUMN home;
    DROP INDEX members_bots;
    ALTER TABLE members DROP COLUMN giver;
    ALTER TABLE accounts DROP COLUMN role_until_ms;
    ALTER TABLE accounts DROP COLUMN role_cases;
    ALTER TABLE accounts DROP COLUMN duty_ts;
    DROP TABLE identity_requests;
    DROP TABLE barred_identities;
    DROP TABLE agreements;
    ALTER TABLE open_flags DROP COLUMN staff;
    ALTER TABLE open_flags DROP COLUMN own_rule;
    DROP TABLE retro_scans;
    DROP TABLE retro_hits;
    DROP INDEX accounts_renewal;
    ALTER TABLE accounts DROP COLUMN verified_ts;
    ALTER TABLE accounts DROP COLUMN renewal_told;
    ALTER TABLE accounts DROP COLUMN code_until_ms;
    ALTER TABLE accounts DROP COLUMN code_tries;
    DROP TABLE reporters;
    DROP TABLE case_notes;
    DROP TABLE second_factors;
    ALTER TABLE accounts DROP COLUMN second_factor_ms;
    ALTER TABLE accounts DROP COLUMN code_step;
    DROP TABLE reset_codes;
    DROP INDEX tokens_seen_ts;
    ALTER TABLE tokens DROP COLUMN seen_ts;
    ALTER TABLE tokens DROP COLUMN device;
    ALTER TABLE tokens DROP COLUMN region;
    DROP INDEX reviews_staff_ts;
    ALTER TABLE reviews DROP COLUMN staff;
    ALTER TABLE reviews DROP COLUMN own_rule;
    DROP TABLE filings;
    DROP TABLE held;
    DROP TABLE media;
    DROP TABLE follows;
    DROP TABLE kept_posts;
    DROP TABLE reads;
    DROP TABLE reach;
    DROP TABLE refutations;
    ALTER TABLE groups DROP COLUMN comments;
    ALTER TABLE groups DROP COLUMN threads;
    DROP INDEX groups_handle;
    ALTER TABLE groups DROP COLUMN form;
    ALTER TABLE groups DROP COLUMN handle;
    DROP INDEX redactions_ts;
    DROP TABLE log_hashes;
    DROP TABLE checkpoints;
    DROP TABLE logged_ranges;
    DROP TABLE emergencies;
    DROP TABLE announcements;
    DROP TABLE announcement_marks;
    DELETE FROM marks WHERE name = 'filings';
    DROP INDEX cases_by_opened_ts;
    DROP INDEX cases_kind_due_ms_number;
    DROP INDEX cases_code_outcome_due_ms_number;
    DROP INDEX cases_user_code_seq;
    DROP INDEX cases_open;
    DROP INDEX cases_decided;
    DROP INDEX cases_untold;
    DROP INDEX cases_claimed;
    DROP INDEX cases_unsettled;
    ALTER TABLE cases DROP COLUMN date_told;
    ALTER TABLE cases DROP COLUMN claimed_by;
    ALTER TABLE cases DROP COLUMN claim_until_ms;
    ALTER TABLE cases DROP COLUMN claim_told;
    ALTER TABLE cases DROP COLUMN counter_ts;
    ALTER TABLE cases DROP COLUMN of_account;
    DROP INDEX cases_mediator;
    DROP INDEX accounts_restrictions_until_ms;
    DROP INDEX groups_restrictions_until_ms;
    ALTER TABLE accounts DROP COLUMN restrictions;
    ALTER TABLE accounts DROP COLUMN restrictions_until_ms;
    ALTER TABLE groups DROP COLUMN restrictions;
    ALTER TABLE groups DROP COLUMN restrictions_until_ms;
    ALTER TABLE cases DROP COLUMN proposer;
    ALTER TABLE cases DROP COLUMN terms;
    ALTER TABLE cases DROP COLUMN mediator;
    ALTER TABLE cases DROP COLUMN named;
    ALTER TABLE cases DROP COLUMN named_by;
    ALTER TABLE cases DROP COLUMN accepted;
    ALTER TABLE cases DROP COLUMN proposal;
    ALTER TABLE accounts DROP COLUMN names_removed_ms;
    ALTER TABLE member_settings DROP COLUMN nick_ts;
    ALTER TABLE groups DROP COLUMN inspect_until_ms;
    ALTER TABLE groups DROP COLUMN date_told;
    CREATE INDEX cases_by ON cases ("by");
    CREATE INDEX cases_outcome_due_ms_number ON cases (outcome, due_ms, number);
    CREATE INDEX cases_is_settled ON cases (is_settled);
    DROP TABLE features;
    DROP INDEX groups_credentials_until_ms;
    ALTER TABLE groups DROP COLUMN most_followers;
    ALTER TABLE groups DROP COLUMN credentials_until_ms;
    ALTER TABLE groups DROP COLUMN credentials;
    ALTER TABLE groups DROP COLUMN opened_ts;
    ALTER TABLE cases DROP COLUMN wish;
    UPDATE alembic_version SET version_num = '0027';
"""
"""Makes a store what version 0027 had made of it."""


async def test_who_gave_an_invitation_is_read_from_the_record(tmp_path: Path) -> None:
    """A store of before invitations knew that: the last who gave one counts, an appeal that succeeded included."""
    async with opened(tmp_path) as store:
        world = World()
        group = world.group()
        await store.commit([world.register(user) for user in ("alice", "bob", "carol", "dave")])
        invited = [Invited(at=START, by=by, user="bob", until_ms=START + DAY) for by in ("carol", "alice")]
        void = [
            MeasureOverturned(at=START, by="", user=user, number=2, kind="kicked", measure="x", invited_until_ms=until)
            for user, until in (("bob", 0), ("dave", START + DAY))
        ]
        await store.commit([group.found(), *(group.act(event) for event in (*invited, *void))])
    with sqlite3.connect(tmp_path / "folkmoot.sqlite3") as connection:
        connection.executescript(
            TO_0027
            + """
            DROP TABLE marks;
            DROP TABLE answers;
            DROP TABLE kept;
            DROP TABLE notices;
            DROP INDEX accounts_closing_until_ms;
            ALTER TABLE accounts DROP COLUMN closing_case;
            ALTER TABLE accounts DROP COLUMN closing_until_ms;
            ALTER TABLE accounts DROP COLUMN held_until_ms;
            ALTER TABLE accounts DROP COLUMN held_reason;
            DROP INDEX invitations_by;
            DROP INDEX invite_codes_by;
            ALTER TABLE invitations DROP COLUMN "by";
            UPDATE alembic_version SET version_num = '0021';
            """
        )
    async with opened(tmp_path) as store:
        assert await store.ledger.load_group(group.code) == group.state
    assert {user: one.by for user, one in group.state.invitations.items()} == {"bob": "alice", "dave": ""}


async def test_cases_of_before_have_their_reporter_and_are_told_their_dates(tmp_path: Path) -> None:
    """Such a store knew one reporter of a case, who had an account, and nothing was told when an answer was due."""
    async with opened(tmp_path) as store:
        world = World()
        await store.commit([world.register(user) for user in ("alice", "bob")])
        events = [
            ReportOpened(
                at=START,
                by="bob",
                number=f"r-{n}",
                reason="spam",
                severity=Severity.LOW,
                due_ms=START + DAY,
                user="alice",
            )
            for n in (1, 2)
        ]
        text = Upsert("case_texts", {"number": "r-1", "until_ms": START, "sealed": "sealed"})
        await store.commit([*map(case_work, events), ChangeSet(rows=[text])])
    with sqlite3.connect(tmp_path / "folkmoot.sqlite3") as connection:
        connection.executescript(TO_0027 + "UPDATE cases SET outcome = 'bad_faith' WHERE number = 'r-2';")
    async with opened(tmp_path) as store:
        assert await store.ledger.load_case("r-1") == replay_case([events[0]])
        assert await store.ledger.case_text("r-1") == "sealed"
        assert await store.ledger.reporter_record("bob", START) == ReporterRecord(2, START, bad_faith=1)
        assert await store.ledger.next_dates(9) == [(START, "case", "r-1")]
        public = ReportOpened(
            at=START, by="#0a", number="r-3", reason="spam", severity=Severity.LOW, due_ms=START, user="alice"
        )
        assert await store.commit([case_work(public)]) == frozenset()
        assert await store.ledger.load_case("r-3") == replay_case([public])


TO_0058 = """
    DROP TRIGGER follows_insert;
    DROP TRIGGER follows_delete;
    DROP TABLE reads;
    DROP TABLE reach;
    DROP TABLE kept_posts;
    ALTER TABLE groups DROP COLUMN most_followers;
    DROP TABLE outgoing_hooks;
    ALTER TABLE accounts DROP COLUMN home;
    DROP INDEX members_bots;
    ALTER TABLE members DROP COLUMN giver;
    UPDATE alembic_version SET version_num = '0058';
"""


async def test_followers_of_before_are_counted_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        world = World()
        channel = world.group()
        await store.commit(
            [*(world.register(user) for user in ("alice", "bob", "carol", "dave")), channel.open("alice")]
        )
    with sqlite3.connect(tmp_path / "folkmoot.sqlite3") as connection:
        followed = [(user, channel.code) for user in ("bob", "carol")]
        connection.executescript(TO_0058)
        connection.executemany("INSERT INTO follows VALUES (?, ?, 1)", followed)
    async with opened(tmp_path) as store:
        assert await store.channels.count_followers(channel.code) == 2
        await store.commit([ChangeSet(rows=[follow_row(user, channel.code, START) for user in ("bob", "dave")])])
        assert await store.channels.count_followers(channel.code) == 3
    assert verify(tmp_path) == []


async def test_a_newer_schema_is_left_alone(tmp_path: Path) -> None:
    migrate(tmp_path)
    tamper(tmp_path / "folkmoot.sqlite3", "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StorageError, match="9999"):
        migrate(tmp_path)
    with pytest.raises(StorageError, match="9999"):
        await SqliteStore.open(tmp_path, say=lambda text, detail: text)


async def test_what_is_no_database_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "folkmoot.sqlite3").write_bytes(b"no database " * 400)
    with pytest.raises(StorageError, match="is damaged: restore it"):
        await SqliteStore.open(tmp_path, say=lambda text, detail: text)


async def test_both_files_are_synced_at_each_commit(tmp_path: Path) -> None:
    await filled(tmp_path)

    def settings(raw: sqlite3.Connection) -> list[Any]:
        pragmas = [f"{file}.{name}" for file in ("main", "journal") for name in ("synchronous", "journal_mode")]
        return [raw.execute(f"PRAGMA {pragma}").fetchone()[0] for pragma in pragmas]

    async with opened(tmp_path) as store:
        assert await in_writer(store, settings) == [2, "wal", 2, "wal"]


async def test_only_the_owner_reads_keys(tmp_path: Path) -> None:
    await filled(tmp_path)
    key = tmp_path / "keys" / "journal.key"
    assert len(key.read_bytes()) == 32
    assert key.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "journal").stat().st_mode & 0o077 == 0


async def test_an_erased_text_is_not_in_the_newest_segment(tmp_path: Path) -> None:
    group = await filled(tmp_path)
    async with opened(tmp_path) as store:
        await store.commit([group.post("bob", ts=FEBRUARY, body="not for your eyes")])
        deleted = EntryDeleted(at=FEBRUARY, by="alice", user="bob", seq=group.seq)
        await store.commit([group.act(deleted)])
    assert b"not for your eyes" not in (tmp_path / "journal" / "2026-02.sqlite3").read_bytes()
    assert verify(tmp_path) == []


async def test_an_older_segment_is_not_written_for_an_erasure(tmp_path: Path) -> None:
    group = await filled(tmp_path)
    january = tmp_path / "journal" / "2026-01.sqlite3"
    content = january.read_bytes()
    async with opened(tmp_path) as store:
        await store.commit([group.act(EntryDeleted(at=FEBRUARY, by="alice", user="alice", seq=1))])
        entry = await store.journal.entry(group.code, 1)
        assert entry is not None
        assert entry.redacted
    assert january.read_bytes() == content


@pytest.mark.parametrize(("acts", "posts", "nonces"), [(1, 50, False), (0, 50, False), (0, 300, False), (0, 50, True)])
async def test_a_full_disk_fails_the_commit_and_nothing_else(
    tmp_path: Path, acts: int, posts: int, nonces: bool
) -> None:
    """Also one of posts alone, stored by one statement or, being too many or of two kinds, by several."""
    group = await filled(tmp_path)

    def fill(raw: sqlite3.Connection) -> None:
        pages = raw.execute("PRAGMA journal.page_count").fetchone()[0]
        # There is room for the first of several statements: a post fills about a page.
        raw.execute(f"PRAGMA journal.max_page_count = {pages + posts * 2 // 3}")

    async with opened(tmp_path) as store:
        before, last = group.seq, group.entries[-1].ts
        change_sets = [group.act(TopicSet(at=last, by="alice", topic="full")) for _ in range(acts)]
        change_sets += [
            group.post("bob", ts=last, body="x" * 1000, nonce=f"n{number}" if nonces and number % 3 else None)
            for number in range(posts)
        ]
        await in_writer(store, fill)
        with pytest.raises(StorageError, match="full"):
            await store.commit(change_sets)
        assert await store.journal.last_seqs([group.code]) == {group.code: before}
        stored = await store.ledger.load_group(group.code)
        assert stored is not None
        assert stored.version == group.state.version - acts
        await in_writer(store, lambda raw: raw.execute("PRAGMA journal.max_page_count = 100000").fetchone())
        assert await store.commit(change_sets) == frozenset()
        assert (await store.journal.page(group.code, after=0, limit=400)).entries == group.entries
    assert verify(tmp_path) == []


async def test_a_log_left_at_the_border_of_months_is_settled(tmp_path: Path) -> None:
    group = await filled(tmp_path)
    january = tmp_path / "journal" / "2026-01.sqlite3"
    late = sqlite3.connect(january)
    late.execute("UPDATE entry SET display_name = 'B.' WHERE seq = 3")
    late.commit()
    log, content = (january.with_name(f"{january.name}-wal"), january.read_bytes())
    left = log.read_bytes()
    late.close()
    january.write_bytes(content)
    log.write_bytes(left)
    async with opened(tmp_path) as store:
        entry = await store.journal.entry(group.code, 3)
        assert entry is not None
        assert entry.from_.display_name == "B."
    assert not log.exists() or log.stat().st_size == 0


async def test_space_of_removed_segments_comes_free(tmp_path: Path) -> None:
    group = await filled(tmp_path)
    async with opened(tmp_path) as store:
        for _ in range(4):
            await store.journal.page(group.code)
        await search(store, group)
        await store.journal.rotate(FEBRUARY + 400 * DAY, 6)
        assert not list((tmp_path / "journal").glob("2026-01*"))
        held = [str(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
        assert not [name for name in held if "2026-01" in name]


async def test_months_of_the_access_log_that_go_are_gone(tmp_path: Path) -> None:
    """*Their files stayed, under another name, until the server was started again.*"""
    async with opened(tmp_path) as store:
        for month in ("2026-01", "2026-02"):
            await store.access.append(month, AccessBlock(1, 2, "here", 1, ("ann",), b"sealed"))
        await store.access.remove(["2026-01"])
        assert [one.name for one in (tmp_path / "access").glob("2026-01*")] == []
        assert [one.month for one in await store.access.segments()] == ["2026-02"]


async def test_the_thread_that_stores_posts_frees_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """*A month that went held up posts for as long as its file system took to free its file.*"""
    await filled(tmp_path)
    january = tmp_path / "journal" / "2026-01.sqlite3"
    size = january.stat().st_size
    async with opened(tmp_path) as store:
        await store._threads.write.run(store._writer.rotate, FEBRUARY + 400 * DAY, 6)
    left = january.with_name(f"{january.name}.gone")
    assert not january.exists()
    assert left.stat().st_size == size
    seen = list[int]()
    monkeypatch.setattr(rotation, "PIECE_BYTES", 4096)
    monkeypatch.setattr(rotation, "sleep", lambda _: seen.append(left.stat().st_size))
    rotation.clear(tmp_path)
    assert seen == list(range(size - 4096, -1, -4096))
    assert not left.exists()


async def test_what_was_taken_away_before_a_crash_is_freed_at_the_next_start(tmp_path: Path) -> None:
    await filled(tmp_path)
    left = tmp_path / "journal" / "2025-01.sqlite3.gone"
    left.write_bytes(b"x")
    async with opened(tmp_path):
        assert not left.exists()


async def talked(data_dir: Path) -> Group:
    """Make a store with a group and two posts in each of two months; return the group."""
    world = World()
    group = world.group()
    async with opened(data_dir) as store:
        for start in (START, FEBRUARY):
            first = [world.register("alice"), group.found()] if start == START else []
            assert await store.commit([*first, *(group.post(ts=start + n) for n in range(2))]) == frozenset()
    return group


async def search(store: SqliteStore, group: Group) -> list[Entry]:
    """Return what is found of the group's posts."""
    query = parse_query("text")
    assert query is not None
    return (await store.journal.search(group.code, query, before=group.seq + 1, limit=50)).entries


@pytest.mark.parametrize("is_indexed", [True, False])
async def test_search_crosses_more_months_than_stay_attached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_indexed: bool
) -> None:
    group = await talked(tmp_path)
    monkeypatch.setattr(background, "MAX_ATTACHED", 1)
    async with opened(tmp_path) as store:
        while is_indexed and await store.journal.index():
            pass
        for _ in range(3):
            assert await search(store, group) == group.entries[:0:-1]
        files = await background.rows(store._search._journal._connection, "PRAGMA database_list")
        assert [name for _, name, _ in files] == ["main", "m2026_01"]


async def test_a_search_that_nobody_waits_for_any_more_harms_no_other(tmp_path: Path) -> None:
    """Given up at each of the first turns of the loop: before, while and after files are attached."""
    group = await talked(tmp_path)
    for turns in range(12):
        async with opened(tmp_path) as store:
            given_up = asyncio.create_task(search(store, group))
            for _ in range(turns):
                await asyncio.sleep(0)
            given_up.cancel()
            assert await search(store, group) == group.entries[:0:-1]
            await asyncio.gather(given_up, return_exceptions=True)


async def test_what_cannot_be_read_is_said_in_the_words_of_storage(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await in_writer(store, lambda raw: raw.execute("DROP TABLE platform_words").fetchone())
        with pytest.raises(StorageError, match="no such table: platform_words"):
            await store.ledger.platform_words()
        assert await store.ledger.list_groups() == []


FORMER = """CREATE INDEX entry_repost ON entry
    (json_extract(data, '$.repost.group'), json_extract(data, '$.repost.seq'), ts)
    WHERE kind = 'post' AND data IS NOT NULL"""


async def test_reposts_of_months_with_the_former_index_are_found(tmp_path: Path) -> None:
    world = World()
    channel = world.group()
    registered, opening = world.register("alice"), channel.open()
    repeats = {"repost": {"group": channel.code, "seq": 2}}
    posts = ((START, "first", None), (START + 1, "closed", repeats), (FEBRUARY, "newest", repeats))
    async with opened(tmp_path) as store:
        for change_set in (registered, opening):
            assert not await store.commit([change_set])
        for ts, body, data in posts:
            assert not await store.commit([channel.publish(ts, body=body, data=data)])
    for month in (tmp_path / "journal").glob("*.sqlite3"):
        with closing(sqlite3.connect(month)) as file:
            file.executescript(f"DROP TABLE repost; {FORMER}")
    async with opened(tmp_path) as store:
        page = await store.channels.reposts(channel.code, 2, NEWEST, 10, FEBRUARY)
        assert [entry.body for _place, entry in page.posts] == ["newest", "closed"]
    with closing(sqlite3.connect(tmp_path / "journal" / "2026-02.sqlite3")) as file:
        assert file.execute("SELECT of_grp, of_seq, seq FROM repost").fetchall() == [(int(channel.code), 2, 4)]
        assert not file.execute("SELECT 1 FROM sqlite_schema WHERE name = 'entry_repost'").fetchall()
