"""What the content rules cost a post: 20,000 domains, 1,000 terms, 40 patterns and the score of the shipped set `spam`.

    python bench/content.py [--talk DATA_DIR] [--json]

The loop that matters runs on the event loop for every post. Times are the thread's own CPU time, the best of many
rounds, because others may use the machine; all posts take turns in each round. One post over and over finds the caches
warm and RE2's automata built. `--talk` judges real posts as well, each of them once (`irc-ubuntu*`, `zh-room*`,
`spam-messages*` in DATA_DIR): a set of patterns that no automaton of bounded size can hold shows there alone.
"""

import argparse
import gzip
import json
import random
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from folkmoot_governance.content.fold import read
from folkmoot_governance.content.match import Matcher
from folkmoot_governance.content.rules import Action, Kind, Rule, Severity
from folkmoot_server.content.rule_files import load_rule_set, shipped

ROUNDS, CALLS = 60, 200
TALK_POSTS = 40_000
BUDGET_US = 15.0

POSTS = {
    "ascii, 100 bytes": "Has anybody seen how the second part of our meeting went? I could not come, was late again.",
    "ascii, digits": "The train leaves at 17:45 from track 12, we meet at 17:30 and are there by 21:05 on the 4th!",
    "ascii, a link": "Look at https://docs.example.org/handbook/chapter-2 please, it explains all of it, step by step.",
    "chinese, 100 bytes": "大家早上好,昨天的会议记录我已经整理好了,请看一下有没有遗漏,谢谢",
    "russian, 100 bytes": "Всем привет, кто-нибудь видел второй доклад с той встречи?",
}


def made_up(rng: random.Random, least: int, most: int) -> str:
    """Return a word that no language has."""
    return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(least, most)))


def load() -> Matcher:
    """Return a matcher with the load that the budget is set for."""
    rng = random.Random(7)
    terms = [made_up(rng, 4, 14) for _ in range(800)] + [
        made_up(rng, 3, 7) + " " + made_up(rng, 3, 7) for _ in range(200)
    ]
    domains = [f"{made_up(rng, 6, 18)}.{rng.choice(('com', 'net', 'ru', 'xyz'))}" for _ in range(20_000)]
    patterns = [made_up(rng, 4, 8) + r"\s?\d{2,6}" for _ in range(40)]
    rules = [
        Rule(id="terms", kind=Kind.TERM, entries="\n".join(terms)),
        Rule(id="domains", kind=Kind.DOMAIN, entries="\n".join(domains)),
        Rule(id="patterns", kind=Kind.PATTERN, entries="\n".join(patterns)),
        *load_rule_set(shipped("spam")).rules,
    ]
    return Matcher(rules, dict.fromkeys(Severity, Action.HOLD))


def costs_us(works: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Return the CPU time of one call of each, in microseconds."""
    best = dict.fromkeys(works, float("inf"))
    for _ in range(ROUNDS):
        for name, work in works.items():
            start = time.thread_time_ns()
            for _ in range(CALLS):
                work()
            best[name] = min(best[name], (time.thread_time_ns() - start) / CALLS / 1000)
    return {name: round(one, 2) for name, one in best.items()}


def talk_us(matcher: Matcher, place: Path) -> dict[str, float]:
    """Return the mean length of real posts, and the CPU time of each when all are judged, and again."""
    posts: list[str] = []
    for name in ("irc-ubuntu", "zh-room", "spam-messages"):
        for path in sorted(place.glob(f"{name}*.jsonl.gz")):
            with gzip.open(path, "rt", encoding="utf-8") as file:
                rows = map(json.loads, file)
                posts += [row["text"] for row in rows if row.get("event", "message") == "message"]
    random.Random(7).shuffle(posts)
    del posts[TALK_POSTS:]
    found = {"posts": len(posts), "bytes": round(statistics.fmean(len(post.encode()) for post in posts), 1)}
    for name in ("first_us", "again_us"):
        start = time.thread_time_ns()
        for post in posts:
            matcher.judge(read(post))
        found[name] = round((time.thread_time_ns() - start) / len(posts) / 1000, 2)
    return found


def main() -> None:
    """Print the cost of each post, and of its parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--talk", type=Path, metavar="DATA_DIR", help="judge real posts too, each once")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    matcher = load()
    readings = {name: read(text) for name, text in POSTS.items()}
    steps: dict[str, dict[str, float]] = {
        "read_us": costs_us({name: lambda text=text: read(text) for name, text in POSTS.items()}),
        "judge_us": costs_us({name: lambda reading=one: matcher.judge(reading) for name, one in readings.items()}),
        "total_us": costs_us({name: lambda text=text: matcher.judge(read(text)) for name, text in POSTS.items()}),
    }
    figures = {name: {step: found[name] for step, found in steps.items()} for name in POSTS}
    talk = talk_us(matcher, arguments.talk) if arguments.talk else None
    if arguments.json:
        print(json.dumps(figures | ({"talk": talk} if talk else {}), ensure_ascii=False))
        return
    print(f"{'post':24}{'read':>8}{'judge':>8}{'total':>8}   µs of CPU")
    for name, one in figures.items():
        print(f"{name:24}{one['read_us']:8.2f}{one['judge_us']:8.2f}{one['total_us']:8.2f}")
    print(f"median {statistics.median(steps['total_us'].values()):.2f}, budget {BUDGET_US}")
    if talk:
        print(
            f"real talk, {talk['posts']} posts of {talk['bytes']} bytes on average: {talk['first_us']} µs each, "
            f"{talk['again_us']} the second time"
        )


if __name__ == "__main__":
    main()
