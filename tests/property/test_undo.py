"""Every line that an answer offers to undo an act restores just what was, over the wire of a real server."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkmoot_governance import GroupState
from folkmoot_governance.group import events as e
from folkmoot_governance.typed import read_text, write_text
from folkmoot_governance.undo import HELPS, UNDO
from tests.integration.wire import Refused, Wire
from tests.unit.server.stores import Stage, staged

TEXTS = (
    "Tea",
    "off",
    '"off"',
    "OFF",
    '"Tea" at five',
    "ｏｆｆ",
    "a = b | c",
    "多喝热水",
    "7d of tea",
    "  x ",
    '""off""',
)
"""What topics, rules, tags and announcements are: words that have a meaning to commands, quotes, signs."""

TERMS = ("1h", "2 weeks", "三天", "perm", "for 7d")


def effect(state: GroupState, now: int) -> dict[str, Any]:
    """Return what of a group is in force: not who did it when, nor under which number."""
    held: dict[str, Any] = {name: getattr(state, name) for name in PLAIN}
    held["lock"] = state.locked_until_ms if state.locked_until_ms > now else 0
    held["hidden"] = state.info_hidden_ms > 0
    held["offer"] = (state.heir, state.heir_until_ms) if state.heir_until_ms > now else ("", 0)
    is_on = state.holds_off_raid(now)
    held["raid"] = (state.antiraid_from_ms, state.antiraid_since_ms, state.antiraid_until_ms) if is_on else ()
    held["members"] = {one.user: (one.role, one.permissions, one.tag) for one in state.members.values()}
    for name in ("bans", "mutes", "waits"):
        measures = getattr(state, name).values()
        held[name] = {one.user: (one.until_ms, one.reason) for one in measures if one.until_ms > now}
    held["warnings"] = {one.number: (one.user, one.until_ms) for one in state.warnings.values() if one.until_ms > now}
    held["pins"] = list(state.pins)
    held["requests"] = set(state.requests)
    held["words"] = {one.word: one.verdict for one in state.words.values()}
    held["invitations"] = {one.user: one.until_ms for one in state.invitations.values() if one.until_ms > now}
    held["codes"] = {one.code_id: (one.until_ms, one.uses) for one in state.invite_codes.values()}
    return held


PLAIN = (
    *("name", "topic", "category", "join_mode", "member_limit", "asked_limit", "slow_ms", "ladder", "links"),
    *("successor", "rules", "announcement", "question", "answers"),
)

Make = Callable[[random.Random, "Play"], str]


class Play:
    """The owner, an admin, members and outsiders of one group, and the lines that they may type."""

    def __init__(self, stage: Stage, wires: list[Wire], users: list[str], code: str) -> None:
        self.stage, self.wires, self.users, self.code = stage, wires, users, code
        self.undone: set[str] = set()
        self.helped: set[str] = set()
        self.seqs: list[int] = []

    async def shown(self) -> dict[str, Any]:
        """Return what is in force now, notes included."""
        state = self.stage.node.rooms.find(self.code).state
        held = effect(state, self.stage.node.app.clock.now_ms())
        ledger = self.stage.store.ledger
        held["notes"] = [(one, [note.text for note in await ledger.list_notes(self.code, one)]) for one in self.users]
        return held

    async def step(self, who: int, line: str) -> None:
        """Let somebody type a line; where all that came of it can be undone, undo it and compare."""
        before = await self.shown()
        try:
            done = await self.wires[who].run(line, self.group(line))
        except Refused:
            assert await self.shown() == before
            return
        acts: list[dict[str, Any]] = done.data.get("acts") or ([done.data] if "event" in done.data else [])
        self.helped |= {act["event"] for act in acts if "help" in act}
        assert acts or await self.shown() == before, f"{line} changed something without an act"
        if not acts or not all("undo" in act for act in acts):
            return
        for act in reversed(acts):
            assert act["undo"] in done.text
            undoing = await self.wires[who].run(act["undo"], self.group(act["undo"]))
            assert undoing.data.get("event"), (line, act["undo"], undoing.text)
        assert await self.shown() == before, (line, [act["undo"] for act in acts])
        self.undone |= {act["event"] for act in acts}
        # And then for good, so that the next step meets what this one did.
        await self.wires[who].run(line, self.group(line))

    def group(self, line: str) -> str | None:
        """Return where a line is typed: who comes in or goes does so from outside."""
        return None if line.startswith(("/join ", "/leave ")) else self.code


def lines(chance: random.Random, play: Play) -> list[str]:
    """Return a line of each kind that changes a group."""
    user, text, term = f"@{chance.choice(play.users)}", chance.choice(TEXTS), chance.choice(TERMS)
    typed, other = write_text(text), chance.choice(["replace ", ""])
    seq, word = chance.choice(play.seqs), chance.choice(["coffee", "hold the line", "Offside"])
    return [
        *(f"/{name} {chance.choice([typed, 'off'])}" for name in ("topic", "setrules", "announce")),
        f"/tag {user} {chance.choice([typed, 'off'])}",
        f"/slow {chance.choice(['10s', '三十秒', 'off'])}",
        f"/lock {other}{term}",
        "/unlock",
        f"/mute {user} {other}{term} {chance.choice(['', 'spam', '7d of spam'])}",
        f"/unmute {user}",
        f"/ban {user} {other}{term} spam",
        f"/unban {user}",
        f"/kick {user} enough",
        f"/warn {user} rude",
        f"/unwarn {user}",
        f"/ladder {chance.choice(['default', 'off', '3 mute 1h, 4 ban 7d', '2 mute 2h'])}",
        f"/links {chance.choice(['on', 'off', 'nomedia'])}",
        f"/question {chance.choice(['off', 'Two and two? = 4 | Four', '1 + 1 = what? = 2'])}",
        f"/word add {chance.choice(['', 'hold ', 'refuse ', 'flag '])}{word}",
        f"/word del {word}",
        f"/note {user} {chance.choice(['seen before', 'clear'])}",
        f"/pin {seq}",
        f"/unpin {seq}",
        f"/promote {user} {chance.choice(['', 'none', 'mute kick', 'ban,pin'])}",
        f"/demote {user}",
        f"/rights {user} {chance.choice(['+mute -kick', '-ban', '+pin', '－mute ＋kick'])}",
        f"/transfer {chance.choice([user, 'cancel'])}",
        f"/heir {chance.choice([user, 'off'])}",
        f"/rename {chance.choice(['Tea', 'off', 'Music general'])}",
        f"/category {chance.choice(['general', 'music'])}",
        f"/joinmode {chance.choice(['open', 'approval', 'question', 'invite'])}",
        f"/limit {chance.choice([20, 30, 500])}",
        f"/infopage {chance.choice(['on', 'off'])}",
        f"/invite {user}",
        "/invite code 2d 5",
        f"/uninvite {user}",
        f"/antiraid {chance.choice(['on', 'on 1h', 'on replace 三天', 'off'])}",
    ]


def rare(play: Play) -> list[tuple[int, str]]:
    """Return lines that chance alone seldom puts into this order: who types which."""
    _, _, cat, dan, eve = play.users
    clear = [(0, f"/{name} @{user}") for user in (dan, eve) for name in ("unban", "uninvite")]
    away = [(who, f"/leave {play.code}") for who in (3, 4)]
    come = [(0, f"/{name} @{cat}") for name in ("unban", "invite")] + [(2, f"/join {play.code}")]
    heir = [*come, (0, "/heir off"), (0, f"/heir @{cat}"), (0, "/heir off")]
    modes = [(0, "/joinmode open"), (0, "/antiraid off"), (3, f"/join {play.code}"), (0, "/joinmode approval")]
    return [(0, "/joinmode open"), *clear, *away, *heir, *modes, (4, f"/join {play.code}")]


BY_THE_SERVICE = {e.RaidNoticed}


def tags(kinds: set[type[e.Event]]) -> set[str]:
    return {str(kind.__struct_config__.tag) for kind in kinds}


async def test_what_an_answer_offers_to_undo_an_act_restores_what_was(tmp_path: Path) -> None:
    settings = {"limits__acts_per_minute": 0, "limits__group_acts_per_minute": 0, "limits__requests_per_second": 0}
    more = {"policy__categories__music": "Music", "policy__categories__general": "General"}
    async with staged(tmp_path, **settings, **more) as stage:
        (ann, bob, cat), (dan, eve, _) = stage.seats[:2]
        seats = [ann, bob, cat, dan, eve]
        wires = [await stage.connect(seat) for seat in seats]
        play = Play(stage, wires, [seat.user for seat in seats], ann.code)
        play.seqs = [await wires[1].post(ann.code, f"entry {number}") for number in range(3)]
        chance = random.Random(7)
        for number in range(700):
            insider = 0 if number % 5 else chance.choice([1, 2])
            await play.step(insider, chance.choice(lines(chance, play)))
            if number % 9 == 0:
                await play.step(chance.choice([1, 2, 3, 4]), chance.choice([f"/join {ann.code}", f"/leave {ann.code}"]))
        for who, line in rare(play):
            await play.step(who, line)
        # In channels alone: see `test_comments`.
        missing = tags(UNDO.keys() - BY_THE_SERVICE - {e.CommentsSet}) - play.undone
        assert missing == set()
        assert play.helped <= tags(set(HELPS))


@given(st.text() | st.sampled_from(TEXTS) | st.text(st.sampled_from('" offOFＯ\u200b')))
def test_any_text_can_be_typed_so_that_it_is_read_as_it_is(text: str) -> None:
    assert read_text(write_text(text)) == text


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("off", ""),
        ("OFF", ""),
        ("ｏｆｆ", ""),
        (" off ", ""),
        ('"off"', "off"),
        ('"Tea" x', '"Tea" x'),
        ('"Tea"', '"Tea"'),
    ],
)
def test_off_takes_away_and_quotes_belong_to_a_text(typed: str, text: str) -> None:
    assert read_text(typed) == text
