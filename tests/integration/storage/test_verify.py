"""`verify` finds nothing in a sound store, and each way in which somebody could have changed it."""

import asyncio
import shutil
from pathlib import Path

import pytest

from folkmoot_governance.group.events import GroupClosed
from folkmoot_server.common.i18n import translator
from folkmoot_server.storage.change_set import StorageError
from folkmoot_server.storage.channels import NEWEST
from folkmoot_server.storage.check.tools import ChannelSeeds, migrate, seed, verify
from folkmoot_server.storage.check.verify import COMPARED, NOT_COMPARED
from folkmoot_server.storage.sql.tables import metadata
from folkmoot_server.storage.sqlite.store import SqliteStore
from tests.integration.storage.kit import FEBRUARY as FEBRUARY_MS
from tests.integration.storage.kit import filled, filled_wholly, opened, tamper

MAIN, JANUARY, FEBRUARY = "folkmoot.sqlite3", "journal/2026-01.sqlite3", "journal/2026-02.sqlite3"

CHANGES = {
    "a member more": (MAIN, "INSERT INTO members SELECT code, 'dave', 'admin', '', 1, '', '' FROM groups", "members"),
    "a member less": (MAIN, "DELETE FROM members WHERE \"user\" = 'bob'", "members"),
    "a role": (MAIN, "UPDATE members SET role = 'owner' WHERE \"user\" = 'bob'", "members"),
    "who answers for it": (MAIN, "UPDATE members SET giver = 'alice' WHERE \"user\" = 'bob'", "members"),
    "a name": (MAIN, "UPDATE groups SET name = 'Other'", "groups"),
    "a ban lifted": (MAIN, "DELETE FROM bans", "bans"),
    "a mute prolonged": (MAIN, "UPDATE mutes SET until_ms = until_ms + 1", "mutes"),
    "an invitation lost": (MAIN, "DELETE FROM invitations", "invitations"),
    "an identity": (MAIN, "UPDATE accounts SET identity = 'person' WHERE \"user\" = 'bob'", "accounts"),
    "a credit": (MAIN, "UPDATE accounts SET credit = 100 WHERE \"user\" = 'bob'", "accounts"),
    "a charge": (MAIN, "UPDATE accounts SET charges = '' WHERE \"user\" = 'bob'", "accounts"),
    "a report decided": (MAIN, "UPDATE cases SET outcome = 'dismissed'", "cases"),
    "a case of nowhere": (MAIN, "UPDATE cases SET number = 'r-2'", "the ledger does not have r-2"),
    "a report to the authority lost": (MAIN, "DELETE FROM filings WHERE \"case\" = '@bob-2'", "filings @bob-2"),
    "a correction lost": (MAIN, "DELETE FROM filings WHERE corrects > ''", "filings c-@carol-2"),
    "a report of nothing": (
        MAIN,
        "UPDATE filings SET \"case\" = '@dave-2' WHERE \"case\" = '@bob-2'",
        "filings @dave-2",
    ),
    "other reasons": (MAIN, "UPDATE filings SET statement = replace(statement, 'noise', 'voice')", "filings @bob-2"),
    "sent unapproved": (MAIN, "UPDATE filings SET state = 'sent' WHERE \"case\" = '@carol-2'", "filings @carol-2"),
    "approved no more": (MAIN, "UPDATE filings SET state = 'draft' WHERE \"case\" = '@bob-2'", "filings @bob-2"),
    "approved by another": (MAIN, "UPDATE filings SET approved_by = 'eve' WHERE approved_by > ''", "filings @bob-2"),
    "a redaction lost": (MAIN, "DELETE FROM redactions WHERE seq = 3", "redactions"),
    "an account of nowhere": (
        MAIN,
        'INSERT INTO accounts ("user", created_ts, agreement, identity, suspended_until_ms, suspended_reason, version)'
        " SELECT 'eve', created_ts, agreement, identity, 0, '', 1 FROM accounts LIMIT 1",
        "the ledger does not have eve",
    ),
    "a row of nobody": (MAIN, "UPDATE tokens SET user = 'nobody'", "names nothing in accounts"),
    "an event lost": (MAIN, "DELETE FROM ledger WHERE type = 'muted'", "have a hole"),
    "the last event lost": (MAIN, "DELETE FROM ledger WHERE type = 'topic_changed'", "does not have it"),
    "an event rewritten": (
        MAIN,
        "UPDATE ledger SET data = replace(data, 'loud', 'late') WHERE type = 'muted'",
        "its notice says something else",
    ),
    "an event that is none": (MAIN, "UPDATE ledger SET data = '{}' WHERE type = 'muted'", "cannot be replayed"),
    "an event of another kind": (
        MAIN,
        "UPDATE ledger SET data = (SELECT data FROM ledger WHERE position = 1) WHERE type = 'muted'",
        "cannot be replayed",
    ),
    "an actor": (MAIN, "UPDATE ledger SET actor = 'bob' WHERE type = 'muted'", "does not match its columns"),
    "positions swapped": (MAIN, "UPDATE ledger SET batch = 9 WHERE position = 2", "out of order"),
    "a post lost": (JANUARY, "DELETE FROM entry WHERE seq = 3", "have a hole"),
    "a notice lost": (JANUARY, "DELETE FROM entry WHERE seq = 4", "its notice is missing"),
    "the last notice lost": (
        FEBRUARY,
        "DELETE FROM entry WHERE seq = (SELECT max(seq) FROM entry)",
        "its notice is missing",
    ),
    "a notice rewritten": (FEBRUARY, "UPDATE entry SET data = '{}' WHERE seq = 6", "says something else"),
    "an invented notice": (FEBRUARY, "UPDATE entry SET version = 99 WHERE seq = 5", "the ledger does not have it"),
    "an entry of another month": (
        JANUARY,
        "UPDATE entry SET ts = ts + 40 * CAST(86400000 AS BIGINT) WHERE seq = 3",
        "is of a later month",
    ),
    "entries of a group that is not": (
        JANUARY,
        "INSERT INTO entry SELECT 1, seq, ts, kind, user, display_name, role, tags, body, reply_to, target, data,"
        " nonce, NULL FROM entry WHERE seq = 1",
        "the ledger has no group 1",
    ),
    "a sealed text": (FEBRUARY, "UPDATE restricted SET sealed = zeroblob(40)", "does not open"),
}


BROKEN = {
    "accounts": "UPDATE accounts SET credit = 1 WHERE \"user\" = 'bob'",
    "agreements": "UPDATE agreements SET sha256 = 'b'",
    "announcements": "UPDATE announcements SET text = 'other'",
    "bans": "DELETE FROM bans",
    "barred_identities": "UPDATE barred_identities SET scopes = 'join'",
    "case_notes": "UPDATE case_notes SET by = 'bob'",
    "cases": "UPDATE cases SET reason = 'fraud'",
    "emergencies": "UPDATE emergencies SET ended_ts = 1",
    "filings": "DELETE FROM filings",
    "groups": "UPDATE groups SET topic = 'other'",
    "held_texts": "UPDATE held_texts SET number = number - 1",
    "identity_requests": "UPDATE identity_requests SET identity = 'person'",
    "invitations": "DELETE FROM invitations",
    "invite_codes": "UPDATE invite_codes SET uses = 9",
    "join_requests": "DELETE FROM join_requests",
    "join_waits": "DELETE FROM join_waits",
    "kept_posts": "INSERT INTO kept_posts SELECT code, 1, 1, '2026-01', 'x', 'y', '', 0 FROM groups LIMIT 1",
    "kept": "DELETE FROM kept WHERE part = 'members'",
    "logged_ranges": "INSERT INTO logged_ranges VALUES ('journal', '2026-01', 1, '[]')",
    "leaving": "UPDATE leaving SET \"user\" = 'bob'",
    "members": "DELETE FROM members WHERE \"user\" = 'bob'",
    "mutes": "UPDATE mutes SET until_ms = 1",
    "notes": "DELETE FROM notes",
    "pins": "INSERT INTO pins SELECT code, 7, 'bob', 1 FROM groups LIMIT 1",
    "platform_words": "INSERT INTO platform_words SELECT 'two', verdict, by, ts FROM platform_words",
    "reach": "INSERT INTO reach (code, followers) SELECT code, 1 FROM groups LIMIT 1",
    "redactions": "DELETE FROM redactions",
    "features": "DELETE FROM features",
    "refutations": "DELETE FROM refutations",
    "reporters": "UPDATE reporters SET reason = 'fraud'",
    "reviews": "DELETE FROM reviews",
    "second_factors": "DELETE FROM second_factors",
    "warnings": "UPDATE warnings SET user = 'carol'",
    "words": "DELETE FROM words",
}
"""A change of each table that is compared, which the ledger, or what is counted, does not have."""
IN_THE_LOG = {"log_hashes", "checkpoints", "held"}
"""These have tests of their own: `test_event_log`, and `test_holds`."""


def test_every_table_is_compared_or_has_a_reason_not_to_be() -> None:
    assert COMPARED | NOT_COMPARED.keys() == metadata.tables.keys()
    assert not COMPARED & NOT_COMPARED.keys()
    assert BROKEN.keys() == COMPARED - IN_THE_LOG


async def test_a_change_of_any_table_is_found(tmp_path: Path) -> None:
    sound = tmp_path / "sound"
    await filled_wholly(sound)
    assert verify(sound) == []
    for table, statement in BROKEN.items():
        broken = tmp_path / table
        shutil.copytree(sound, broken)
        tamper(broken / MAIN, statement)
        problems = verify(broken)
        assert any(problem.startswith(f"{table} ") for problem in problems), (table, problems)


async def test_a_sound_store_has_no_problems(tmp_path: Path) -> None:
    await filled(tmp_path)
    seen: list[tuple[int, int]] = []
    assert verify(tmp_path, lambda done, total: seen.append((done, total))) == []
    assert seen == [(done, 6) for done in range(1, 7)]


async def test_what_was_before_there_were_reports_has_none(tmp_path: Path) -> None:
    await filled(tmp_path)
    tamper(tmp_path / MAIN, "UPDATE marks SET value = (SELECT max(position) FROM ledger) WHERE name = 'filings'")
    tamper(tmp_path / MAIN, "DELETE FROM filings")
    assert verify(tmp_path) == []


async def test_events_of_before_some_field_are_sound(tmp_path: Path) -> None:
    await filled(tmp_path)
    later = ',"was_until_ms":null,"was_reason":""'
    tamper(tmp_path / MAIN, f"UPDATE ledger SET data = replace(data, '{later}', '') WHERE data LIKE '%{later}%'")
    assert verify(tmp_path) == []
    tamper(tmp_path / MAIN, "UPDATE ledger SET data = replace(data, '}', ',\"more\":1}') WHERE type = 'muted'")
    assert any("does not match its columns" in problem for problem in verify(tmp_path))


@pytest.mark.parametrize(("file", "statement", "finding"), CHANGES.values(), ids=CHANGES.keys())
async def test_a_change_is_found(tmp_path: Path, file: str, statement: str, finding: str) -> None:
    await filled(tmp_path)
    tamper(tmp_path / file, statement)
    problems = verify(tmp_path)
    assert any(finding in problem for problem in problems), problems


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM kept WHERE part = 'members' AND key = 'bob'",
        "UPDATE kept SET data = replace(data, 'owner', 'admin') WHERE part = 'members'",
        "UPDATE kept SET until_ms = until_ms + 1 WHERE part = 'group'",
    ],
)
async def test_what_is_kept_of_a_closed_group_is_looked_at(tmp_path: Path, statement: str) -> None:
    group = await filled(tmp_path)
    async with opened(tmp_path) as store:
        closed = GroupClosed(at=FEBRUARY_MS, by="root", reason="r", kept_until_ms=10**15)
        assert await store.commit([group.act(closed)]) == frozenset()
    assert verify(tmp_path) == []
    tamper(tmp_path / MAIN, statement)
    assert any("kept" in problem for problem in verify(tmp_path))


@pytest.mark.parametrize("file", [MAIN, JANUARY])
async def test_a_damaged_file_is_found(tmp_path: Path, file: str) -> None:
    await filled(tmp_path)
    path = tmp_path / file
    pages = path.stat().st_size // 4096
    with path.open("r+b") as damaged:
        for page in range(1, pages):
            damaged.seek(page * 4096 + 8)
            damaged.write(bytes(64))
    assert verify(tmp_path) != []


async def test_the_key_of_another_store_opens_nothing(tmp_path: Path) -> None:
    await filled(tmp_path)
    (tmp_path / "keys" / "journal.key").write_bytes(bytes(32))
    assert [problem for problem in verify(tmp_path) if "does not open" in problem]


async def test_a_store_in_use_is_left_alone(tmp_path: Path) -> None:
    await filled(tmp_path)
    async with opened(tmp_path):
        with pytest.raises(StorageError, match="another server uses"):
            verify(tmp_path)
        with pytest.raises(StorageError, match="another server uses"):
            migrate(tmp_path)


def test_no_store_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="there is no store"):
        verify(tmp_path)
    assert list(tmp_path.iterdir()) == []


async def test_seeded_channels_have_posts_and_followers(tmp_path: Path) -> None:
    seeds = ChannelSeeds(channels=5, posts=3, follows=2, followers=7)
    await asyncio.to_thread(seed, tmp_path / "data", 1, 4, tmp_path / "tokens", channels=seeds)
    assert await asyncio.to_thread(verify, tmp_path / "data") == []
    store = await SqliteStore.open(tmp_path / "data", say=translator("en"))
    try:
        page = await store.channels.home("g0m1", {}, NEWEST, 100, FEBRUARY_MS)
        assert (len(page.posts), len(page.channels)) == (6, 2)
        star = await store.channels.find_channel("g0m0")
        assert star is not None
        assert await store.channels.count_followers(star) >= 7
        assert await store.channels.follows("f6-fan") == [star]
        assert await store.channels.find_channel("c4-star") is not None
    finally:
        await store.close()


def test_seeded_data_is_like_any_other(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    seed(tmp_path / "data", 3, 4, tokens)
    lines = [line.split() for line in tokens.read_text().splitlines()]
    assert [(line[0], line[1], line[2]) for line in lines] == [
        (str(group), str(member), f"g{group}m{member}") for group in range(3) for member in range(4)
    ]
    assert len({line[3] for line in lines}) == 12
    assert len({(line[0], line[4]) for line in lines}) == 3
    assert tokens.stat().st_mode & 0o077 == 0
    assert verify(tmp_path / "data") == []
    with pytest.raises(StorageError, match="seeded already"):
        seed(tmp_path / "data", 1, 1, tmp_path / "again")
