"""A year of credit, played through the rules: real talk with abuse put into it, reported, decided, appealed.

    python bench/credit_year.py TRANSCRIPT… --abuse FILE… [--seed N] [--svg docs/images/credit-year.svg]

TRANSCRIPT and FILE are JSON lines, gzipped or not; of a transcript `event` and `nick` count, of abuse `label`. Whoever
talks in a transcript is honest: their lines are spread over the year in their order. Now and then one of them is
reported for nothing, and a reviewer errs; or has written what a rule forbids. Abusers come on some day and write one
line after the other. Several people report the same line, and reviewers may decide on it twice.
"""

import argparse
import gzip
import heapq
import json
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from random import Random
from typing import NamedTuple

from folkmoot_governance import SERVICE, AccountState, Actor, Policy, Refusal, apply_account, decide_account, registered
from folkmoot_governance.account_commands import (
    AccountCommand,
    ChargeCredit,
    RecoverCredit,
    RegisterAccount,
    RestoreCredit,
)
from folkmoot_governance.account_events import AccountRegistered
from folkmoot_governance.content.kinds import Severity
from folkmoot_governance.credit import CreditRules, level_of
from folkmoot_governance.duration import DAY_MS, HOUR_MS
from folkmoot_server.config.policy import credit_of
from folkmoot_server.config.settings import Config

DAYS = 365
START = 1_700_000_000_000
POSTS = ("message", "action")

REPORTED_FOR_NOTHING = 1 / 400
"""Which part of honest lines somebody reports."""
WRONGLY_UPHELD = 1 / 20
"""Which part of these a reviewer upholds all the same."""
APPEALED = 0.9
"""Which part of those is appealed against, with success."""
SLIPS = 1 / 1500
"""Which part of honest lines breaks a rule indeed."""
NOTICED = 0.8
"""Which part of abusive lines somebody reports."""
REVIEW_H = (0.5, 8.0)
"""Between how many hours a reviewer takes."""
APPEAL_H = (12.0, 72.0)
ABUSERS = 60
LINES = (15, 40)
"""How many lines an abuser writes on the first day."""
SEVERITIES = {"spam": Severity.LOW, "offensive": Severity.MEDIUM, "fraud": Severity.HIGH}


class Year(NamedTuple):
    """What came of it: scores by day, `hours` from the first line of each abuser until it sank below `standard`."""

    honest: int
    abusers: int
    lowest_honest: int
    sunk_honest: int
    hours: list[float]
    offences: int
    penalties: int
    twice: int
    overturned: int
    days: list[tuple[float, float, float]]
    """For each day: the lowest honest score, the lowest 1 % of them, and the middle one of abusers so far."""


class Case(NamedTuple):
    """What is to be decided, or to be overturned, on an account."""

    user: str
    command: AccountCommand


class Play:
    """The year: what happens next is the earliest in the queue."""

    def __init__(self, rules: CreditRules, seed: int) -> None:
        self.policy = Policy(credit=rules)
        self.random = Random(seed)
        self.accounts: dict[str, AccountState] = {}
        self.first_line: dict[str, float] = {}
        self.sank: dict[str, float] = {}
        self.lowest: dict[str, int] = {}
        self.offences: set[str] = set()
        self.penalties: Counter[str] = Counter()
        self.overturned = 0
        self._queue: list[tuple[float, int, Case]] = []
        self._order = count()

    def do(self, user: str, command: AccountCommand, now: float) -> int:
        """Decide and apply; return how many events there were."""
        decision = decide_account(self.accounts[user], command, SERVICE, int(now), self.policy)
        assert not isinstance(decision, Refusal), decision
        for event in decision:
            apply_account(self.accounts[user], event)
        self._look(user, now)
        return len(decision)

    def _look(self, user: str, now: float) -> None:
        score = self.accounts[user].credit
        self.lowest[user] = min(score, self.lowest.get(user, score))
        if level_of(self.policy.credit, score).name != "standard":
            self.sank.setdefault(user, now)

    def register(self, user: str, now: float) -> None:
        """Make an account, unless there is one."""
        if user in self.accounts:
            return
        decision = decide_account(None, RegisterAccount(user, ""), Actor(user), int(now), self.policy)
        assert not isinstance(decision, Refusal)
        (event,) = decision
        assert isinstance(event, AccountRegistered)
        self.accounts[user] = registered(event)

    def report(self, user: str, case: str, severity: Severity, now: float, *, twice: bool = False) -> float:
        """Have a line reported and upheld, by some who report it and, it may be, by two reviewers; return when."""
        self.offences.add(case)
        at = now
        for _ in range(2 if twice else 1):
            at = now + self.random.uniform(*REVIEW_H) * HOUR_MS
            self._put(at, Case(user, ChargeCredit(case, severity, "upheld")))
        return at

    def _put(self, at: float, case: Case) -> None:
        heapq.heappush(self._queue, (at, next(self._order), case))

    def honest(self, user: str, case: str, now: float) -> None:
        """Let an honest line be written: mostly nothing comes of it."""
        chance = self.random.random()
        if chance < SLIPS:
            self.report(user, case, self.random.choice((Severity.LOW, Severity.MEDIUM)), now)
        elif chance < SLIPS + REPORTED_FOR_NOTHING * WRONGLY_UPHELD:
            at = self.report(user, case, self.random.choice((Severity.LOW, Severity.MEDIUM)), now)
            if self.random.random() < APPEALED:
                self._put(at + self.random.uniform(*APPEAL_H) * HOUR_MS, Case(user, RestoreCredit(case, "overturned")))

    def until(self, now: float) -> None:
        """Let happen what is due."""
        while self._queue and self._queue[0][0] <= now:
            at, _, case = heapq.heappop(self._queue)
            done = self.do(case.user, case.command, at)
            if isinstance(case.command, ChargeCredit):
                self.penalties[case.command.case] += done
            else:
                self.overturned += done

    def recover(self, now: float) -> None:
        """Give each account back what the day has earned."""
        for user, account in self.accounts.items():
            if account.credit < self.policy.credit.start:
                self.do(user, RecoverCredit(), now)


def read(path: Path) -> Iterator[dict[str, str]]:
    """Return the rows of a file, gzipped or not."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def play(
    transcripts: Sequence[Path],
    abuse: Sequence[Path],
    seed: int = 1,
    rules: CreditRules | None = None,
    abusers: int = ABUSERS,
) -> Year:
    """Play the year."""
    rules = rules or credit_of(Config().policy)
    game, length = Play(rules, seed), DAYS * DAY_MS
    random = game.random
    lines: list[tuple[float, str, str]] = []
    for number, path in enumerate(transcripts):
        talk = [f"{row['nick']} {number}" for row in read(path) if row["event"] in POSTS]
        lines += [(START + (at + 0.5) * length / len(talk), user, "") for at, user in enumerate(talk)]
    labels = [row["label"] for path in abuse for row in read(path) if row["label"] in SEVERITIES]
    assert labels, "there is something that is abuse"
    bad = {f"abuser {number}" for number in range(abusers)}
    for user in bad:
        day = START + random.uniform(0, length - DAY_MS)
        hits = sorted(random.uniform(0, 12 * HOUR_MS) for _ in range(random.randint(*LINES)))
        lines += [(day + after, user, random.choice(labels)) for after in hits]
    return _run(game, sorted(lines), bad)


def _run(game: Play, lines: Sequence[tuple[float, str, str]], bad: set[str]) -> Year:
    days, next_day = [], START + DAY_MS
    for number, (at, user, label) in enumerate([*lines, (START + DAYS * DAY_MS + 1.0, "", "")]):
        while at > next_day:
            game.until(next_day)
            game.recover(next_day)
            days.append(_day(game, bad))
            next_day += DAY_MS
        game.until(at)
        if not user:
            break
        game.register(user, at)
        case = f"r-{number}"
        if user not in bad:
            game.honest(user, case, at)
            continue
        game.first_line.setdefault(user, at)
        if game.random.random() < NOTICED:
            game.report(user, case, SEVERITIES[label], at, twice=game.random.random() < 0.3)
    good = [user for user in game.accounts if user not in bad]
    hours = [
        (game.sank[user] - first) / HOUR_MS if user in game.sank else float("inf")
        for user, first in game.first_line.items()
    ]
    return Year(
        honest=len(good),
        abusers=len(game.first_line),
        lowest_honest=min((game.lowest.get(user, game.policy.credit.start) for user in good), default=0),
        sunk_honest=sum(user in game.sank for user in good),
        hours=sorted(hours),
        offences=len(game.offences),
        penalties=game.penalties.total(),
        twice=sum(times > 1 for times in game.penalties.values()),
        overturned=game.overturned,
        days=days,
    )


def _day(game: Play, bad: set[str]) -> tuple[float, float, float]:
    start = game.policy.credit.start
    good = sorted(state.credit for user, state in game.accounts.items() if user not in bad) or [start]
    theirs = [game.accounts[user].credit for user in game.first_line]
    return good[0], good[len(good) // 100], statistics.median(theirs) if theirs else start


LEFT, TOP, WIDTH, HEIGHT = 50, 50, 730, 260
CURVES = (
    ("lowest honest account", "#4c78a8"),
    ("lowest 1 % of honest accounts", "#54a24b"),
    ("abusers, median", "#e4572e"),
)
STYLE = """<style>
text { fill: #24292f; } .grid { stroke: #d0d7de; } .paper { fill: #ffffff; }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3; } .grid { stroke: #30363d; } .paper { fill: #0d1117; } }
</style>"""


def draw(year: Year, rules: CreditRules) -> str:
    """Return the scores of the year as SVG, with a line where each level begins."""
    size = f'width="{LEFT + WIDTH + 20}" height="{TOP + HEIGHT + 40}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="13">',
        STYLE,
        '<rect class="paper" width="100%" height="100%"/>',
        '<text x="10" y="20" font-weight="bold">Credit over a year, by day</text>',
    ]

    def up(score: float) -> float:
        return TOP + HEIGHT - HEIGHT * score / rules.start

    for level in rules.levels:
        y = up(level.least)
        lines.append(f'<line class="grid" x1="{LEFT}" y1="{y:.0f}" x2="{LEFT + WIDTH}" y2="{y:.0f}"/>')
        lines.append(f'<text x="{LEFT - 8}" y="{y + 4:.0f}" text-anchor="end">{level.least}</text>')
        lines.append(
            f'<text x="{LEFT + WIDTH - 4}" y="{y - 4:.0f}" text-anchor="end" font-size="11">{level.name}</text>'
        )
    for index, (label, colour) in enumerate(CURVES):
        step = WIDTH / len(year.days)
        path = " ".join(f"{LEFT + (day + 0.5) * step:.1f},{up(one[index]):.1f}" for day, one in enumerate(year.days))
        lines.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        x = LEFT + index * 240
        lines.append(f'<rect x="{x}" y="30" width="12" height="12" fill="{colour}"/>')
        lines.append(f'<text x="{x + 18}" y="40">{label}</text>')
    for month in range(0, 13, 3):
        x = LEFT + WIDTH * month / 12
        lines.append(f'<text x="{x:.0f}" y="{TOP + HEIGHT + 20}" text-anchor="middle">month {month}</text>')
    return "\n".join([*lines, "</svg>", ""])


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("transcripts", nargs="+", type=Path)
    parser.add_argument("--abuse", nargs="+", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--svg", type=Path)
    given = parser.parse_args()
    rules = credit_of(Config().policy)
    year = play(given.transcripts, given.abuse, given.seed, rules)
    print(f"{year.honest} honest accounts: the lowest score was {year.lowest_honest}; {year.sunk_honest} left standard")
    print(
        f"{year.abusers} abusers: below standard after {statistics.median(year.hours):.1f} h, "
        f"{max(year.hours):.1f} h at most"
    )
    print(
        f"{year.offences} offences upheld, {year.penalties} penalties (what is at 0 loses no more), {year.twice} twice"
    )
    print(f"{year.overturned} given back on appeal")
    if given.svg:
        given.svg.write_text(draw(year, rules), encoding="utf-8")


if __name__ == "__main__":
    main()
