"""Judges histories of a cluster: pure functions, each a promise of the protocol (`Delivery`) or of the rules (G8.1).

Each check yields a sentence for every breach that it finds; an empty history of breaches is the proof.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence

from folkmoot_protocol.types import Entry, EntryKind
from tests.cluster.history import History, Item, Op, Run, digest

Check = Callable[[History], Iterator[str]]

COMMANDS = ("mute", "unmute", "ban", "unban")


def check(history: History) -> list[str]:
    """Return every breach, none if all promises were kept."""
    return [f"{one.__name__.removeprefix('check_')}: {breach}" for one in CHECKS for breach in one(history)]


def told(entry: Entry) -> dict[str, str | int]:
    """Return the governance event that a notice tells of, nothing for other entries."""
    return (entry.data or {}) if entry.kind is EntryKind.NOTICE else {}


def texts(history: History, group: str) -> list[Entry]:
    """Return a group's posts."""
    return [entry for entry in history.log(group) if entry.kind is EntryKind.TEXT]


def check_seqs(history: History) -> Iterator[str]:
    """Seq counts from 1 without holes (Delivery 2)."""
    for node, logs in history.logs.items():
        for group, log in logs.items():
            for expected, entry in enumerate(log, 1):
                if entry.seq != expected:
                    yield f"node {node}, group {group}: {entry.seq} stands where {expected} should"
                    break


def check_order(history: History) -> Iterator[str]:
    """One total order: the same seq is the same entry for every client, on every node, at any time (Delivery 2)."""
    for group in history.groups():
        log = history.log(group)
        digests = {entry.seq: digest(entry) for entry in log}
        for node, logs in history.logs.items():
            if {entry.seq: digest(entry) for entry in logs.get(group, [])} != digests:
                yield f"node {node} has another log of {group}"
        for run in history.runs:
            if run.group == group:
                for one in (*run.caught, *run.items):
                    if one.digest is not None and digests.get(one.last) != one.digest:
                        yield f"{run.client} on node {run.node} got another entry {one.last} of {group}"


def check_posts(history: History) -> Iterator[str]:
    """An acknowledged post is there once, where it was said to be; a refused one is not; others at most once (1, 5)."""
    found: dict[str, list[tuple[str, Entry]]] = defaultdict(list)
    for group in history.groups():
        for entry in texts(history, group):
            found[entry.body].append((group, entry))
    posts = {op.key: op for op in history.ops if op.kind == "post"}
    for body, places in found.items():
        if body not in posts:
            yield f"nobody posted {body!r}"
        elif any(group != posts[body].group or entry.from_.user != posts[body].client for group, entry in places):
            yield f"{body!r} is in another group or by another author"
    for key, op in posts.items():
        seqs = [entry.seq for _, entry in found.get(key, [])]
        if len(seqs) > 1:
            yield f"{key!r} is there {len(seqs)} times: {seqs}"
        elif op.outcome == "ok" and seqs != [op.seq]:
            yield f"{key!r} was acknowledged as {op.seq} and is at {seqs}"
        elif op.outcome == "refused" and seqs:
            yield f"{key!r} was refused ({op.code}) and is at {seqs}"


def check_commands(history: History) -> Iterator[str]:
    """An acknowledged command has its notice once; a refused one has none; one of unknown outcome one at most."""
    cases: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for group in history.groups():
        for data in map(told, history.log(group)):
            cases[str(data.get("case"))] += 1
            reasons[str(data.get("reason", ""))] += 1
    for op in history.ops:
        if op.kind not in COMMANDS:
            continue
        if op.case is not None and cases[op.case] != 1:
            yield f"the {op.kind} of {op.target} was acknowledged as case {op.case}: {cases[op.case]} notices"
        if op.key and reasons[op.key] > (op.outcome != "refused"):
            yield f"the {op.kind} {op.key!r} ({op.outcome}) has {reasons[op.key]} notices"


def check_memberships(history: History) -> Iterator[str]:
    """Every acknowledged join and leave has its notice; there are no more than were asked for."""
    bounds: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for op in history.ops:
        if op.kind in ("join", "leave"):
            least_most = bounds[op.group, op.client, "joined" if op.kind == "join" else "left"]
            least_most[0] += op.outcome == "ok"
            least_most[1] += op.outcome in ("ok", "unknown")
    for group in history.groups():
        for data in map(told, history.log(group)):
            if data.get("event") in ("joined", "left"):
                bounds[group, str(data["user"]), str(data["event"])][2] += 1
    for (group, user, event), (least, most, there) in bounds.items():
        if not least <= there <= most:
            yield f"{user} {event} {group} {there} times, acknowledged {least}, asked for {most}"


class Place:
    """A group as its notices make it, read from the start: who is in it, who must be silent, who must stay out."""

    def __init__(self) -> None:
        self.members: set[str] = set()
        self.muted: dict[str, int] = {}
        self.banned: dict[str, int] = {}
        self.limit = 0

    def take(self, entry: Entry) -> Iterator[str]:
        """Take in the next entry; yield what should not be."""
        data = told(entry)
        user, until = str(data.get("user", "")), int(data.get("until_ms", 0))
        match data.get("event"):
            case None:
                yield from self._judge(entry)
            case "created":
                self.members.add(str(data["by"]))
                self.limit = int(data["member_limit"])
            case "joined":
                if self.banned.get(user, 0) > entry.ts:
                    yield f"{user} joined at {entry.seq} and was banned until {self.banned[user]}"
                self.members.add(user)
                if len(self.members) > self.limit:
                    yield f"{len(self.members)} members at {entry.seq}, allowed are {self.limit}"
            case "left" | "kicked":
                self.members.discard(user)
            case "banned":
                self.members.discard(user)
                self.banned[user] = until
            case "unbanned":
                self.banned.pop(user, None)
            case "muted":
                self.muted[user] = until
            case "unmuted":
                self.muted.pop(user, None)

    def _judge(self, entry: Entry) -> Iterator[str]:
        user = entry.from_.user
        if self.muted.get(user, 0) > entry.ts:
            yield f"{user} posted {entry.seq} and was muted until {self.muted[user]}, which is after {entry.ts}"
        if user not in self.members:
            yield f"{user} posted {entry.seq} and was no member"


def check_silence(history: History) -> Iterator[str]:
    """Whoever is muted, banned or gone by a notice has no post after it, nor has a group too many members (6, G8.1)."""
    for group in history.groups():
        place = Place()
        for entry in history.log(group):
            for breach in place.take(entry):
                yield f"group {group}: {breach}"


def check_listeners(history: History) -> Iterator[str]:
    """In the end, each client listens to the groups that it is a member of, and to no others (Delivery 3)."""
    members: dict[str, list[str]] = {user: [] for user in history.finals}
    for group in history.groups():
        place = Place()
        for entry in history.log(group):
            list(place.take(entry))
        for user in place.members & members.keys():
            members[user].append(group)
    for user, groups in history.finals.items():
        if sorted(groups) != members[user]:
            yield f"{user} listens to {sorted(groups)} and is a member of {members[user]}"


def check_quotas(history: History) -> Iterator[str]:
    """No account is ever in more groups than it may be (G8.1)."""
    groups: dict[str, set[str]] = defaultdict(set)
    for step in history.steps:
        if step.joined:
            groups[step.user].add(step.group)
            if len(groups[step.user]) > history.groups_joined:
                yield f"{step.user} came into {step.group}, its group number {len(groups[step.user])}"
        else:
            groups[step.user].discard(step.group)


def check_real_time(history: History) -> Iterator[str]:
    """What was acknowledged before something else was asked for stands before it: the order is that of the world."""
    seqs = {str(data["case"]): entry.seq for group in history.groups() for entry in history.log(group)
            if (data := told(entry)) and "case" in data}  # fmt: skip
    placed: dict[str, list[tuple[Op, int]]] = defaultdict(list)
    for op in history.ops:
        seq = op.seq if op.kind == "post" else seqs.get(op.case or "")
        if op.outcome == "ok" and seq is not None:
            placed[op.group].append((op, seq))
    for group, ops in placed.items():
        ended = sorted(ops, key=lambda one: one[0].ended)
        highest, reached = 0, 0
        for op, seq in sorted(ops, key=lambda one: one[0].started):
            while reached < len(ended) and ended[reached][0].ended < op.started:
                highest = max(highest, ended[reached][1])
                reached += 1
            if seq < highest:
                yield f"group {group}: {op.kind} {op.key!r} stands at {seq}, after {highest} was acknowledged"


def check_lines(history: History) -> Iterator[str]:
    """Posts of one connection to one group keep their order (Delivery 4)."""
    last: dict[tuple[int, str], int] = {}
    for op in history.ops:
        if op.kind == "post" and op.outcome == "ok" and op.line is not None and op.seq is not None:
            if op.seq <= last.get((op.line, op.group), 0):
                yield f"{op.client} posted {op.key!r} later, yet it stands earlier, at {op.seq}"
            last[op.line, op.group] = op.seq


def check_answers(history: History) -> Iterator[str]:
    """No failure of services makes the code fail: nothing is answered `internal`."""
    for op in history.ops:
        if op.code == "internal":
            yield f"the {op.kind} {op.key!r} of {op.client} was answered `internal`"


def check_deliveries(history: History) -> Iterator[str]:
    """Each connection heard every entry once, in order, from the seq that it was given; `sync` gave the rest (3)."""
    yield from history.strays
    lasts = {group: len(history.log(group)) for group in history.groups()}
    for run in history.runs:
        yield from _check_run(run, lasts.get(run.group, 0))


def _check_run(run: Run, last: int) -> Iterator[str]:
    where = f"{run.client} on node {run.node}, group {run.group}"
    reached = _follow(run.base, run.items)
    if reached is not None:
        yield f"{where}, from {run.base} on: after {reached[0]} came {reached[1]}"
    elif run.end == "final" and (run.items[-1].last if run.items else run.base) != last:
        yield f"{where}: it never got what came after {run.items[-1].last if run.items else run.base}, up to {last}"
    if run.cursor is None:
        return
    broken = _follow(run.cursor, run.caught)
    if broken is not None:
        yield f"{where}: sync gave {broken[1]} after {broken[0]}"
    elif run.caught_up and run.caught and run.caught[-1].last != run.base:
        yield f"{where}: sync ended at {run.caught[-1].last}, not at {run.base}"
    elif run.caught_up and not run.caught and run.cursor < run.base:
        yield f"{where}: sync gave nothing between {run.cursor} and {run.base}"
    elif run.end == "final" and not run.caught_up:
        yield f"{where}: it never caught up from {run.cursor} to {run.base}"


def _follow(last: int, items: Sequence[Item]) -> tuple[int, int] | None:
    """Return the first two seqs that do not follow each other."""
    for one in items:
        if one.first != last + 1 or one.last < one.first:
            return last, one.first
        last = one.last
    return None


CHECKS: tuple[Check, ...] = (
    check_seqs,
    check_order,
    check_posts,
    check_commands,
    check_memberships,
    check_silence,
    check_listeners,
    check_quotas,
    check_real_time,
    check_lines,
    check_answers,
    check_deliveries,
)
