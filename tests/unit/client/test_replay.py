"""Transcripts, names, counts and the comparison at the end of a replay."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkmoot_client.replay.cast import read_tokens
from folkmoot_client.replay.names import display_name, user_name
from folkmoot_client.replay.player import Said, get_seq
from folkmoot_client.replay.tally import RoomTally, SharedLimits, Times
from folkmoot_client.replay.transcript import (
    Step,
    StepKind,
    TranscriptError,
    make_script,
    read_scripts,
    spread_minutes,
)
from folkmoot_client.replay.verify import compare
from folkmoot_protocol import CommandResult, EntryEvent, EntryKind, PostResult, check_user_name
from tests.builders.entries import CODE, make_entry


def line(event: str, nick: str, text: str = "", at: float = 0.0, **fields: Any) -> dict[str, Any]:
    return {"event": event, "nick": nick, "text": text, "at": at, **fields}


def write(path: Path, lines: list[dict[str, Any]]) -> Path:
    data = "".join(json.dumps(one) + "\n" for one in lines).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def entry_line(room: str, **fields: Any) -> dict[str, Any]:
    return {"ts": "2020-01-01T00:00:01Z", "room": room, "event": "message", "nick": "ann", "text": "hi", **fields}


@pytest.mark.parametrize("name", ["talk.jsonl", "talk.jsonl.gz"])
def test_rooms_are_read_by_glob_and_limit(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, [entry_line(room) for room in ("#a/1", "#b/1", "#a/2", "#a/3", "#a/1")])
    scripts = read_scripts(path, "#a/*", 2)
    assert [(script.room, len(script.steps)) for script in scripts] == [("#a/1", 2), ("#a/2", 1)]


@pytest.mark.parametrize("text", ["no json", "[]", '{"ts": "2020-01-01T00:00:00Z"}', '{"ts": 1, "room": 2}'])
def test_what_is_no_transcript_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    path = write(tmp_path / "talk.jsonl", [entry_line("#a")])
    path.write_text(path.read_text() + text + "\n")
    with pytest.raises(TranscriptError, match="line 2"):
        read_scripts(path)


def test_a_broken_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "talk.jsonl.gz"
    path.write_bytes(b"not gzip")
    with pytest.raises(TranscriptError):
        read_scripts(path)


def test_a_rename_keeps_the_person() -> None:
    lines = [
        line("message", "bob", "one"),
        line("rename", "bob", "bob_away"),
        line("message", "bob_away", "two"),
        line("rename", "bob_away", "robert"),
        line("message", "robert", "three"),
        line("message", "bob", "somebody else took the nick"),
    ]
    script = make_script("#a", lines)
    assert [step.who for step in script.steps] == ["bob", "bob", "bob", "bob"]
    assert script.skipped == {"rename": 2}


def test_a_kick_names_the_operator_and_the_one_it_hits() -> None:
    lines = [
        line("rename", "el", "el2"),
        line("kick", "el2", "flood", by="lorez"),
        line("mode", "lorez", "+b"),
    ]
    script = make_script("#a", lines)
    assert script.steps == [Step(20.0, StepKind.KICK, "lorez", "flood", "el")]
    assert script.skipped == {"rename": 1, "mode": 1}
    assert script.lines == {"rename": 1, "kick": 1, "mode": 1}


def test_minutes_are_spread_and_never_fall() -> None:
    assert spread_minutes([60.0, 60.0, 60.0, 60.0, 120.0]) == [0.0, 15.0, 30.0, 45.0, 60.0]
    assert spread_minutes([61.0, 65.0, 63.0, 70.0]) == [0.0, 4.0, 4.0, 11.0]
    assert spread_minutes([]) == []


@given(st.text(max_size=60), st.sampled_from(["", "salt"]))
def test_every_nick_has_a_valid_user_name(nick: str, salt: str) -> None:
    assert check_user_name(user_name(nick, salt))


def test_a_valid_nick_is_its_own_user_name() -> None:
    assert user_name("bob_2") == "bob_2"
    assert user_name("bob_2", salt="x") != "bob_2"


def test_nicks_that_differ_only_in_what_is_lost_get_different_names() -> None:
    assert len({user_name(nick) for nick in ("Bob", "BOB", "bob", "b|ob", "[bob]")}) == 5


def test_display_names_are_cut_or_left_out() -> None:
    assert display_name("x" * 40) == "x" * 32
    assert display_name("电影000甲") == "电影000甲"
    assert display_name("\u202e") is None


def test_tokens_are_taken_once_per_account(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text("0 0 u0 t0 482190673350\n0 1 u1 t1 482190673350\n1 0 u0 t9 591827364505\n")
    assert list(read_tokens(path)) == ["t0", "t1"]
    path.write_text("what is this\n")
    with pytest.raises(ValueError, match="line 1"):
        list(read_tokens(path))


def said(*texts: str) -> list[Said]:
    return [Said("ann", EntryKind.TEXT, text) for text in texts]


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (said("a", "b", "a", "c"), (0, 0, 0)),
        (said("a", "b", "c"), (1, 0, 0)),
        (said("b", "c"), (2, 0, 0)),
        (said("a", "b", "a", "c", "c"), (0, 0, 1)),
        (said("a", "b", "c", "a"), (0, 2, 0)),
        (said("a", "a", "b", "c", "x"), (0, 2, 1)),
        ([], (4, 0, 0)),
    ],
)
def test_missing_misplaced_and_doubled_are_told_apart(found: list[Said], verdict: tuple[int, int, int]) -> None:
    assert compare(said("a", "b", "a", "c"), found) == verdict


def test_the_author_counts() -> None:
    assert compare(said("a"), [Said("bob", EntryKind.TEXT, "a")]) == (1, 0, 1)


def test_percentiles_are_right_to_a_few_percent() -> None:
    times = Times()
    for milliseconds in range(1, 1001):
        times.add(milliseconds / 1000)
    assert times.percentile_ms(0.5) == pytest.approx(500, rel=0.03)
    assert times.percentile_ms(0.99) == pytest.approx(990, rel=0.03)
    assert Times().percentile_ms(0.5) is None


def test_deliveries_of_posts_are_timed_and_notices_only_counted() -> None:
    tally = SharedLimits(rooms={CODE: RoomTally(sent={1: 0.0})})
    tally.deliver(EntryEvent(group=CODE, entry=make_entry(1)))
    tally.deliver(EntryEvent(group=CODE, entry=make_entry(2)))
    tally.deliver(EntryEvent(group=CODE, entry=make_entry(1, kind=EntryKind.NOTICE)))
    assert (tally.deliveries, tally.to_delivery.count) == (3, 1)


def test_the_seq_of_an_action_stands_in_its_answer() -> None:
    assert get_seq(PostResult(seq=7, ts=1)) == 7
    assert get_seq(PostResult(command=CommandResult("", {"seq": 8, "ts": 1}))) == 8
    assert get_seq(PostResult(command=CommandResult("", {}))) is None
