"""A transcript played through a real server, which is killed on the way."""

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.integration.client.commands import folkmoot
from tests.integration.running import RunningServer


def write_transcript(path: Path, rooms: int, messages: int) -> Path:
    """Write rooms in which people talk, act, take other nicks, come, go and are kicked."""
    lines = [line for room in range(rooms) for line in room_lines(f"#room/{room}", messages)]
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return path


def room_lines(room: str, messages: int) -> list[dict[str, Any]]:
    said = [("message", f"Nick{number % 3}", f"line {number}") for number in range(messages)]
    script: list[tuple[str, ...]] = [
        ("join", "Nick0", ""),
        ("message", "[Nick]", "/slash and \x02bold\x02"),
        ("message", "Nick0", ""),
        ("message", "甲", "你好，世界"),
        ("action", "甲", "waves  twice"),
        ("mode", "Op", "+o Op"),
        *said,
        ("kick", "Nick1", "flood", "Op"),
        ("message", "Nick1", "back again"),
        ("rename", "Nick1", "Nick1_"),
        ("message", "Nick1_", "same person"),
        ("leave", "Nick0", ""),
        ("message", "Nick0", "and back"),
    ]
    names = ("event", "nick", "text", "by")
    return [{"ts": "2007-01-01T00:00:00Z", "room": room, **dict(zip(names, row, strict=False))} for row in script]


async def replay(*arguments: str) -> tuple[int, str]:
    """Run the command; return its exit code and what it printed."""
    ran = await folkmoot("replay", *arguments)
    return ran.code, ran.out + ran.err


async def test_a_transcript_is_in_the_history(server: RunningServer, tmp_path: Path) -> None:
    file, report = write_transcript(tmp_path / "talk.jsonl", 2, 10), tmp_path / "report.json"
    options = ["--server", server.ws, "--speed", "0", "--verify", "--report", str(report)]
    code, output = await replay(str(file), *options)
    assert code == 0, output
    assert "verified: 32 messages in 2 groups, 0 missing, 0 out of order, 0 doubled" in output
    told = json.loads(report.read_text())
    assert told["posts"] == 32
    assert told["done"]["kick"] == 2
    assert told["done"]["action"] == 2
    assert told["skipped"] == {"mode": 2, "rename": 2, "blank text": 2}
    assert told["refusals"] == {}
    # Two members at the least get each post: the owner and its author.
    assert told["deliveries"] >= 2 * told["posts"]
    assert told["post_to_ok_ms"]["p99"] >= told["post_to_ok_ms"]["p50"] > 0


async def test_a_replay_of_channels_survives_kills_of_the_server(server: RunningServer, tmp_path: Path) -> None:
    file, report = write_transcript(tmp_path / "talk.jsonl", 2, 120), tmp_path / "report.json"
    options = ["--channels", "--server", server.ws, "--speed", "0", "--verify", "--report", str(report)]
    playing = asyncio.create_task(replay(str(file), *options))
    kills = 0
    while kills < 2 and await until_it_appended(server, playing):
        await server.restart()
        kills += 1
    code, output = await playing
    assert code == 0, output
    assert "0 missing, 0 out of order, 0 doubled" in output
    done = json.loads(report.read_text())["done"]
    assert done["post"] and done["comment"] and done["follow"]
    assert kills == 2


async def test_a_replay_survives_kills_of_the_server(server: RunningServer, tmp_path: Path) -> None:
    await server.stop()
    tokens = tmp_path / "tokens"
    seed = ["--groups", "1", "--members", "20", "--tokens", str(tokens)]
    assert await server.run("db", "seed", "--data", str(server.data), *seed) == 0
    await server.start()
    file = write_transcript(tmp_path / "talk.jsonl", 3, 120)
    playing = asyncio.create_task(
        replay(str(file), "--server", server.ws, "--speed", "0", "--verify", "--tokens", str(tokens))
    )
    kills = 0
    while kills < 2 and await until_it_appended(server, playing):
        await server.restart()
        kills += 1
    code, output = await playing
    assert code == 0, output
    assert "verified: 378 messages in 3 groups, 0 missing, 0 out of order, 0 doubled" in output
    assert kills == 2


async def until_it_appended(server: RunningServer, playing: asyncio.Task[Any]) -> bool:
    """Wait until the server has appended entries since its start; say whether the replay is still going on then."""
    while not playing.done():
        if await asyncio.to_thread(entries_appended, server) > 0:
            return True
        await asyncio.sleep(0.05)
    return False


def entries_appended(server: RunningServer) -> float:
    """Return how many entries the server has appended since it was started."""
    with urlopen(f"{server.http}/metrics", timeout=10) as reply:
        lines = reply.read().decode().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("folkmoot_entries_total ")))


async def test_a_transcript_without_such_rooms_is_refused(server: RunningServer, tmp_path: Path) -> None:
    file = write_transcript(tmp_path / "talk.jsonl", 1, 1)
    code, output = await replay(str(file), "--server", server.ws, "--rooms", "nothing")
    assert code == 2
    assert "No room" in output


async def test_a_server_that_is_not_there_is_told_at_once(server: RunningServer, tmp_path: Path) -> None:
    file = write_transcript(tmp_path / "talk.jsonl", 1, 1)
    await server.stop()
    code, output = await replay(str(file), "--server", server.ws)
    assert code == 3
    assert "cannot be reached" in output


async def test_too_few_tokens_are_told(server: RunningServer, tmp_path: Path) -> None:
    file, tokens = write_transcript(tmp_path / "talk.jsonl", 1, 1), tmp_path / "tokens"
    tokens.write_text("")
    code, output = await replay(str(file), "--server", server.ws, "--tokens", str(tokens))
    assert code == 1
    assert "fewer accounts" in output
