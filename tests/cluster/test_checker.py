"""The checker itself: for each promise, a small history that keeps it and one that breaks it."""

from collections.abc import Callable
from typing import Any

import pytest

from folkmoot_protocol.types import Entry, EntryKind, Role
from tests.builders.entries import make_entry
from tests.cluster.checker import check
from tests.cluster.history import History, Item, Op, Run, Step, item

G = "482190673352"
NODES = (0, 1)


def text(seq: int, user: str, body: str, ts: int = 0) -> Entry:
    return make_entry(seq, user, ts=ts or 1000 + seq, body=body)


def notice(seq: int, event: str, user: str, ts: int = 0, **data: Any) -> Entry:
    data = {"event": event, "user": user, "by": "ann", "case": f"{G}-{seq}", **data}
    return make_entry(seq, "ann", Role.OWNER, ts=ts or 1000 + seq, kind=EntryKind.NOTICE, body="", data=data)


def good() -> History:
    """Ann founds a group for three, bob joins and posts, is muted, unmuted, posts, is banned; carl comes and goes."""
    log = [
        notice(1, "created", "ann", member_limit=3),
        notice(2, "joined", "bob"),
        text(3, "bob", "b1"),
        notice(4, "muted", "bob", until_ms=5000, reason="m1"),
        notice(5, "unmuted", "bob"),
        text(6, "bob", "b2"),
        notice(7, "banned", "bob", until_ms=9000, reason="x1"),
        notice(8, "joined", "carl"),
        notice(9, "left", "carl"),
    ]
    ops = [
        op("join", "bob", 1),
        op("post", "bob", 2, "b1", seq=3, line=1),
        op("mute", "ann", 3, "m1", target="bob", case=f"{G}-4"),
        op("post", "bob", 4, "b-refused", outcome="refused", code="muted"),
        op("unmute", "ann", 5, target="bob", case=f"{G}-5"),
        op("post", "bob", 6, "b2", seq=6, line=1),
        op("ban", "ann", 7, "x1", target="bob", case=f"{G}-7"),
        op("post", "bob", 8, "b-unknown", outcome="unknown"),
        op("join", "carl", 9),
        op("leave", "carl", 10, outcome="unknown"),
    ]
    items = [item(entry) for entry in log]
    runs = [
        Run(client="ann", node=0, group=G, base=1, items=items[1:4], end="closed"),
        Run(client="ann", node=1, group=G, base=6, cursor=4, caught=items[4:6], caught_up=True, items=items[6:],
            end="final"),
        Run(client="bob", node=1, group=G, base=2, items=[items[2], Item(4, 5, None), items[5]], end="left"),
    ]  # fmt: skip
    steps = [Step(G, "ann", True), Step(G, "bob", True), Step(G, "bob", False), Step("2", "bob", True)]
    return History(
        finals={"ann": [G], "bob": []},
        groups_joined=1, ops=ops, runs=runs, steps=steps, logs={node: {G: list(log)} for node in NODES}
    )  # fmt: skip


def op(kind: str, client: str, at: float, key: str = "", **fields: Any) -> Op:
    fields = {"outcome": "ok", "started": at, "ended": at + 0.5, **fields}
    return Op(kind=kind, client=client, group=G, key=key, **fields)


def find(history: History, kind: str, key: str = "") -> Op:
    return next(op for op in history.ops if op.kind == kind and op.key == key)


def change_log(history: History, seq: int, make: Callable[[Entry], Entry], nodes: tuple[int, ...] = NODES) -> None:
    """Put another entry in the place of `seq`."""
    for node in nodes:
        log = history.logs[node][G]
        log[seq - 1] = make(log[seq - 1])


def append(history: History, *make: Callable[[int], Entry]) -> None:
    """Let all nodes, and whoever listens to the end, have more entries."""
    for one in make:
        entry = one(len(history.log(G)) + 1)
        for node in NODES:
            history.logs[node][G].append(entry)
        for run in history.runs:
            if run.end == "final":
                run.items = [*run.items, item(entry)]


Spoil = Callable[[History], None]


def lost_on_one_node(history: History) -> None:
    del history.logs[1][G][4]


def hole(history: History) -> None:
    for node in NODES:
        del history.logs[node][G][4]


def other_entry_on_one_node(history: History) -> None:
    change_log(history, 6, lambda old: text(6, "bob", "b2", ts=1), nodes=(1,))


def other_entry_told(history: History) -> None:
    history.runs[0].items = [*history.runs[0].items[:2], item(text(4, "bob", "b1"))]


def acknowledged_and_lost(history: History) -> None:
    find(history, "post", "b-unknown").outcome = "ok"


def acknowledged_elsewhere(history: History) -> None:
    find(history, "post", "b1").seq = 6


def stored_twice(history: History) -> None:
    append(history, lambda seq: text(seq, "ann", "a1"), lambda seq: text(seq, "ann", "a1"))
    history.ops.append(op("post", "ann", 11, "a1", outcome="unknown"))


def refused_and_stored(history: History) -> None:
    append(history, lambda seq: text(seq, "ann", "a1"))
    history.ops.append(op("post", "ann", 11, "a1", outcome="refused", code="slow_mode"))


def from_nowhere(history: History) -> None:
    append(history, lambda seq: text(seq, "ann", "a1"))


def by_another(history: History) -> None:
    append(history, lambda seq: text(seq, "ann", "b-unknown"))


def notice_lost(history: History) -> None:
    find(history, "mute", "m1").case = f"{G}-99"


def refused_and_noticed(history: History) -> None:
    find(history, "ban", "x1").outcome = "refused"
    find(history, "ban", "x1").case = None


def banned_twice(history: History) -> None:
    append(history, lambda seq: notice(seq, "banned", "bob", until_ms=9000, reason="x1"))


def join_lost(history: History) -> None:
    history.ops.append(op("join", "bob", 11))


def joined_unasked(history: History) -> None:
    append(history, lambda seq: notice(seq, "joined", "dora"))


def left_unasked(history: History) -> None:
    find(history, "leave").outcome = "refused"


def posted_while_muted(history: History) -> None:
    change_log(history, 5, lambda old: notice(5, "unmuted", "carl"))


def posted_while_banned(history: History) -> None:
    append(history, lambda seq: text(seq, "bob", "b-unknown"))


def joined_while_banned(history: History) -> None:
    append(history, lambda seq: notice(seq, "joined", "bob"))
    history.ops.append(op("join", "bob", 11))


def one_member_too_many(history: History) -> None:
    names = ("dora", "emil", "fred")
    append(history, *(lambda seq, name=name: notice(seq, "joined", name) for name in names))
    history.ops += [op("join", name, 11) for name in names]


def member_who_hears_nothing(history: History) -> None:
    history.finals["ann"] = []


def stranger_who_listens(history: History) -> None:
    history.finals["bob"] = [G]


def one_group_too_many(history: History) -> None:
    history.steps.append(Step("3", "bob", True))


def against_real_time(history: History) -> None:
    find(history, "post", "b2").ended = 6.5
    find(history, "mute", "m1").started = 7.0


def against_the_lines_order(history: History) -> None:
    history.ops.append(op("post", "bob", 6, "b0", seq=3, line=1))


def answered_internal(history: History) -> None:
    find(history, "post", "b-refused").code = "internal"


def delivered_twice(history: History) -> None:
    history.runs[0].items = [history.runs[0].items[0], *history.runs[0].items]


def delivered_with_a_hole(history: History) -> None:
    history.runs[0].items = [history.runs[0].items[0], *history.runs[0].items[2:]]


def delivered_out_of_order(history: History) -> None:
    history.runs[0].items = history.runs[0].items[::-1]


def the_end_never_came(history: History) -> None:
    history.runs[1].items = history.runs[1].items[:-1]


def lag_skips(history: History) -> None:
    history.runs[2].items = [history.runs[2].items[0], Item(5, 5, None), history.runs[2].items[2]]


def sync_with_a_hole(history: History) -> None:
    history.runs[1].caught = history.runs[1].caught[1:]


def sync_too_short(history: History) -> None:
    history.runs[1].caught = history.runs[1].caught[:1]


def sync_gave_nothing(history: History) -> None:
    history.runs[1].caught = []


def never_caught_up(history: History) -> None:
    history.runs[1].caught_up = False


def heard_unasked(history: History) -> None:
    history.strays.append("bob heard of a group that he is not in")


WRONG: dict[str, list[Spoil]] = {
    "seqs": [lost_on_one_node, hole],
    "order": [lost_on_one_node, other_entry_on_one_node, other_entry_told],
    "posts": [acknowledged_and_lost, acknowledged_elsewhere, stored_twice, refused_and_stored, from_nowhere,
              by_another],
    "commands": [notice_lost, refused_and_noticed, banned_twice],
    "memberships": [join_lost, joined_unasked, left_unasked],
    "silence": [posted_while_muted, posted_while_banned, joined_while_banned, one_member_too_many],
    "listeners": [member_who_hears_nothing, stranger_who_listens],
    "quotas": [one_group_too_many],
    "real_time": [against_real_time],
    "lines": [against_the_lines_order],
    "answers": [answered_internal],
    "deliveries": [delivered_twice, delivered_with_a_hole, delivered_out_of_order, the_end_never_came, lag_skips,
                   sync_with_a_hole, sync_too_short, sync_gave_nothing, never_caught_up, heard_unasked],
}  # fmt: skip
CASES = [(name, spoil) for name, spoils in WRONG.items() for spoil in spoils]


def test_a_history_without_a_fault_passes() -> None:
    assert check(good()) == []


@pytest.mark.parametrize(("name", "spoil"), CASES, ids=[f"{name}-{spoil.__name__}" for name, spoil in CASES])
def test_a_breach_is_found_by_its_check(name: str, spoil: Spoil) -> None:
    history = good()
    spoil(history)
    assert name in {breach.partition(":")[0] for breach in check(history)}


def test_a_post_at_the_end_of_a_mute_is_no_breach() -> None:
    history = good()
    change_log(history, 4, lambda old: notice(4, "muted", "bob", until_ms=1006, reason="m1"))
    change_log(history, 5, lambda old: notice(5, "unmuted", "carl"))
    assert not [breach for breach in check(history) if breach.startswith("silence")]
