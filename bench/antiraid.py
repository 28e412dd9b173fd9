"""Replay real talk through the rules, and count which raids they stop and which innocent crowds they take for one.

    python bench/antiraid.py INCIDENTS [TRANSCRIPT] [--joins N] [--repeats N] [--halves]

INCIDENTS is a list of what happened (JSON lines: kind, room, minute, nicks, text), TRANSCRIPT the talk itself, gzipped
or not; if it is not given, it is looked for beside INCIDENTS, with `ubuntu` for `incidents` in its name. The log knows
no accounts, so a nick that is seen for the first time counts as one that joins in that moment. Nobody approves requests
or ends an alarm.

With `--halves` the two numbers are not given but chosen on one half of the windows, from `GRID`, and what they do is
told of the other half; then the other way round. A setting is better when it stops more raids, then when it takes fewer
innocent bursts for raids, then when it raises fewer alarms nobody can explain, then when it takes more to alarm it.
"""

import argparse
import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from folkmoot_governance import SERVICE, Actor, GroupState, Policy, Refusal, apply, check_post, decide, founded
from folkmoot_governance.credit import CreditRules, Level, Quota
from folkmoot_governance.duration import MINUTE_MS
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_governance.raid import RaidWatch, fingerprint
from folkmoot_protocol.types import Identity, JoinMode

MAX_LET_THROUGH = 5
POSTS = ("message", "action")
SUSPECT = ("repeat-raid", "repeat", "flood")
GRID = [(joins, repeats) for joins in (9, 12, 16, 20) for repeats in (2, 3, 4, 5)]
NO_CAP = 1_000_000
CAPS = CreditRules(levels=(Level(quota=Quota(groups_joined=NO_CAP)),))


class Post(NamedTuple):
    """A line that somebody wanted to post, and whether the rules let it through."""

    ts: int
    nick: str
    text: str
    passed: bool


class Outcome(NamedTuple):
    """What the rules made of some windows."""

    raids: int
    stopped: int
    innocent: int
    alarmed: int
    unexplained: int


class Room:
    """One window of a channel, played as a group."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.watch = RaidWatch()
        self.state: GroupState
        self.posts: list[Post] = []
        self.alarms: list[e.RaidNoticed] = []
        self.nicks: dict[str, str] = {}

    def begin(self, ts: int) -> None:
        """Found the group, long before anything happens in it."""
        created = e.GroupCreated(
            at=ts, by="", code="", name="", category="", topic="", join_mode=JoinMode.OPEN, member_limit=NO_CAP
        )
        self.state = founded(created)

    def play(self, ts: int, row: dict[str, str]) -> None:
        """Let one line of the log happen."""
        nick = row["nick"]
        user = self.nicks.setdefault(nick, nick)
        match row["event"]:
            case "join":
                self.join(user, ts)
            case "leave" | "kick":
                self.ask(c.LeaveGroup(), user, ts)
            case "rename":
                self.nicks[row["text"]] = user
            case kind if kind in POSTS:
                self.join(user, ts)
                self.post(user, nick, row["text"], ts)

    def ask(self, command: c.Command, user: str, ts: int) -> None:
        """Decide and apply, as the server does; tell the watch of joins."""
        actor = Actor(user) if user else SERVICE
        decision = decide(self.state, command, actor, ts, self.policy)
        for event in () if isinstance(decision, Refusal) else decision:
            apply(self.state, event)
            if isinstance(event, e.RaidNoticed):
                self.alarms.append(event)
            elif isinstance(event, e.MemberJoined) and self.watch.joined(user, ts, self.policy):
                self.ask(c.RaiseAlarm("joins"), "", ts)

    def join(self, user: str, ts: int) -> None:
        if user not in self.state.members:
            self.ask(c.JoinGroup(), user, ts)

    def post(self, user: str, nick: str, text: str, ts: int) -> None:
        if self.may_post(user, ts):
            newcomer = self.state.members[user].joined_ts > ts - self.policy.newcomer_ms
            if newcomer and self.watch.posted(user, text, ts, self.policy):
                self.ask(c.RaiseAlarm("text"), "", ts)
        self.posts.append(Post(ts, nick, text, self.may_post(user, ts)))

    def may_post(self, user: str, ts: int) -> bool:
        return check_post(self.state, user, Identity.NONE, ts, 0, self.policy) is None


def read_lines(path: Path) -> Iterator[dict[str, str]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def minute_of(text: str) -> int:
    """Return Unix ms of an ISO time, to the minute."""
    return int(datetime.fromisoformat(text[:16]).replace(tzinfo=UTC).timestamp()) * 1000


def replay(transcript: Path, policy: Policy) -> dict[str, Room]:
    """Play all rooms; the log's times are minutes, so what happened in one is spread over it."""
    rooms: dict[str, list[tuple[int, dict[str, str]]]] = defaultdict(list)
    for row in read_lines(transcript):
        rooms[row["room"]].append((minute_of(row["ts"]), row))
    return {name: play(rows, policy) for name, rows in rooms.items()}


def play(rows: list[tuple[int, dict[str, str]]], policy: Policy) -> Room:
    room = Room(policy)
    room.begin(rows[0][0])
    number, total = Counter[int](), Counter(minute for minute, _ in rows)
    latest = 0
    for minute, row in rows:
        latest = max(latest, minute + MINUTE_MS * number[minute] // total[minute])
        number[minute] += 1
        room.play(latest, row)
    return room


def is_alarmed(room: Room, minute: int) -> bool:
    """Say whether an alarm was raised in this minute or, as the last minute counts, in the next one."""
    return any(minute <= one.at < minute + 2 * MINUTE_MS for one in room.alarms)


def judge_raid(room: Room, raid: dict[str, str], minute: int) -> tuple[int, int]:
    """Return how many posts of the raid's text in its minute were let through, and how many there were."""
    mark = fingerprint(raid["text"])
    tried = [
        one
        for one in room.posts
        if minute <= one.ts < minute + MINUTE_MS
        and one.nick in raid["nicks"]
        and fingerprint(one.text).startswith(mark)
    ]
    return sum(one.passed for one in tried), len(tried)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("incidents", type=Path)
    arguments.add_argument("transcript", type=Path, nargs="?")
    arguments.add_argument("--joins", type=int, default=Policy().raid_joins)
    arguments.add_argument("--repeats", type=int, default=Policy().raid_repeats)
    arguments.add_argument("--halves", action="store_true", help="choose on one half of the windows, report the other")
    given = arguments.parse_args()
    policy = Policy(credit=CAPS, raid_joins=given.joins, raid_repeats=given.repeats)
    beside = given.incidents.with_name(given.incidents.name.replace("incidents", "ubuntu") + ".gz")
    if given.halves:
        report_halves(given.transcript or beside, list(read_lines(given.incidents)))
        return
    rooms = replay(given.transcript or beside, policy)
    incidents = [one for one in read_lines(given.incidents) if one["room"] in rooms]
    report(rooms, incidents)


def report(rooms: dict[str, Room], incidents: list[dict[str, str]]) -> None:
    """Print what became of each raid, the confusion table, and what else there was."""
    raids = [one for one in incidents if one["kind"] == "repeat-raid"]
    print("raid                                         posts  let through")
    for raid in raids:
        passed, tried = judge_raid(rooms[raid["room"]], raid, minute_of(raid["minute"]))
        print(f"{raid['room']:28} {raid['minute'][11:]:14} {tried:6} {passed:12}")
    print_confusion(outcome(rooms, incidents))
    report_rest(rooms, incidents)


def outcome(rooms: dict[str, Room], incidents: list[dict[str, str]]) -> Outcome:
    """Count what became of the incidents of these rooms."""
    mine = [one for one in incidents if one["room"] in rooms]
    raids = [one for one in mine if one["kind"] == "repeat-raid"]
    raided = {(one["room"], one["minute"]) for one in raids}
    stopped = sum(judge_raid(rooms[one["room"]], one, minute_of(one["minute"]))[0] <= MAX_LET_THROUGH for one in raids)
    bursts = [one for one in mine if one["kind"] == "join-burst" and (one["room"], one["minute"]) not in raided]
    alarmed = sum(is_alarmed(rooms[one["room"]], minute_of(one["minute"])) for one in bursts)
    return Outcome(len(raids), stopped, len(bursts), alarmed, len(unexplained_alarms(rooms, mine)))


def print_confusion(found: Outcome) -> None:
    print(f"\n{'':24} stopped or alarmed  left alone")
    print(f"{'raids':24} {found.stopped:18} {found.raids - found.stopped:11}")
    print(f"{'innocent join bursts':24} {found.alarmed:18} {found.innocent - found.alarmed:11}")


def halves(incidents: list[dict[str, str]], rooms: Iterable[str]) -> list[set[str]]:
    """Return the rooms in two halves, by turns in order of time, those with a raid by turns among themselves."""
    raided = {one["room"] for one in incidents if one["kind"] == "repeat-raid"}
    order = sorted(rooms, key=lambda name: (name not in raided, name))
    return [set(order[::2]), set(order[1::2])]


def report_halves(transcript: Path, incidents: list[dict[str, str]]) -> None:
    """Choose the numbers on each half, and print what they do on the other."""
    found: dict[tuple[int, int], list[Outcome]] = {}
    for joins, repeats in GRID:
        rooms = replay(transcript, Policy(credit=CAPS, raid_joins=joins, raid_repeats=repeats))
        parts = halves(incidents, rooms)
        found[joins, repeats] = [outcome({name: rooms[name] for name in part}, incidents) for part in parts]
        print(f"joins {joins:2}, repeats {repeats}:", *found[joins, repeats])
    sums = [0] * len(Outcome._fields)
    for chosen_on, told_of in ((0, 1), (1, 0)):
        best = max(found, key=lambda numbers: (*_merit(found[numbers][chosen_on]), sum(numbers)))
        print(f"chosen on half {chosen_on + 1}: joins {best[0]}, repeats {best[1]}; on the other half:")
        print_confusion(found[best][told_of])
        sums = [one + other for one, other in zip(sums, found[best][told_of], strict=True)]
    print("\nboth, each judged by numbers chosen on the other:")
    print_confusion(Outcome(*sums))


def _merit(found: Outcome) -> tuple[int, int, int]:
    return found.stopped, -found.alarmed, -found.unexplained


def unexplained_alarms(rooms: dict[str, Room], incidents: list[dict[str, str]]) -> list[tuple[str, e.RaidNoticed]]:
    """Return the alarms that no incident on the list explains."""
    near: dict[str, list[int]] = defaultdict(list)
    for one in incidents:
        if one["kind"] in SUSPECT:
            near[one["room"]].append(minute_of(one["minute"]))
    return [
        (name, alarm)
        for name, room in rooms.items()
        for alarm in room.alarms
        if not any(abs(alarm.at - minute) <= 5 * MINUTE_MS for minute in near[name])
    ]


def report_rest(rooms: dict[str, Room], incidents: list[dict[str, str]]) -> None:
    """Print the alarms that no incident on the list explains, and what all alarms cost others."""
    posts = sum(len(room.posts) for room in rooms.values())
    alarms = sum(len(room.alarms) for room in rooms.values())
    unexplained = unexplained_alarms(rooms, incidents)
    raiders = {(one["room"], nick) for one in incidents if one["kind"] in SUSPECT for nick in one["nicks"]}
    refused = [(name, one.nick) for name, room in rooms.items() for one in room.posts if not one.passed]
    others = sum(one not in raiders for one in refused)
    print(f"\n{alarms} alarms in {posts} posts; {len(unexplained)} with no flood or repetition on the list nearby:")
    for name, alarm in unexplained:
        print(f"  {name} {datetime.fromtimestamp(alarm.at / 1000, UTC):%Y-%m-%d %H:%M} {alarm.cause}")
    print(f"{len(refused)} posts were refused while raids were held off, {others} of them by nicks on no list")


if __name__ == "__main__":
    main()
