"""What the content rules cost a post: 20,000 domains, 1,000 terms, 40 patterns and a score of 3,000 texts.

    python bench/content.py [--json]

The loop that matters runs on the event loop for every post. Times are the thread's own CPU time, the best of many
rounds, because others may use the machine.
"""

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable

from folkmoot_governance.content.fold import read
from folkmoot_governance.content.match import Matcher
from folkmoot_governance.content.rules import Action, Kind, Rule, Severity

ROUNDS, CALLS = 60, 500
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
    common = [made_up(rng, 3, 9) for _ in range(2_700)]
    common += [
        text[at : at + size] for text in POSTS.values() for size in (4, 6) for at in range(0, len(text) - size, 7)
    ]
    rules = [
        Rule(id="terms", kind=Kind.TERM, entries="\n".join(terms)),
        Rule(id="domains", kind=Kind.DOMAIN, entries="\n".join(domains)),
        Rule(id="patterns", kind=Kind.PATTERN, entries="\n".join(patterns)),
        Rule(
            id="score",
            kind=Kind.SCORE,
            threshold=99.0,
            entries="\n".join(f"0.1 {one}" for one in common if one.strip()),
        ),
    ]
    return Matcher(rules, dict.fromkeys(Severity, Action.HOLD))


def cost_us(work: Callable[[], object]) -> float:
    """Return the CPU time of one call, in microseconds."""
    times = []
    for _ in range(ROUNDS):
        start = time.thread_time_ns()
        for _ in range(CALLS):
            work()
        times.append((time.thread_time_ns() - start) / CALLS / 1000)
    return min(times)


def main() -> None:
    """Print the cost of each post, and of its parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    matcher = load()
    figures = {}
    for name, text in POSTS.items():
        reading = read(text)
        figures[name] = {
            "read_us": round(cost_us(lambda text=text: read(text)), 2),
            "judge_us": round(cost_us(lambda reading=reading: matcher.judge(reading)), 2),
            "total_us": round(cost_us(lambda text=text: matcher.judge(read(text))), 2),
        }
    if arguments.json:
        print(json.dumps(figures, ensure_ascii=False))
        return
    print(f"{'post':24}{'read':>8}{'judge':>8}{'total':>8}   µs of CPU")
    for name, one in figures.items():
        print(f"{name:24}{one['read_us']:8.2f}{one['judge_us']:8.2f}{one['total_us']:8.2f}")
    print(f"median {statistics.median(one['total_us'] for one in figures.values()):.2f}, budget {BUDGET_US}")


if __name__ == "__main__":
    main()
