"""How good the content rules are: precision and recall on labelled messages, and how they stand up to disguise.

    python bench/content_quality.py DATA_DIR [--shipped | --nested] [--json]

DATA_DIR has `spam-messages*.jsonl.gz` (`text`, `label`, `set`) and, for more ham, `irc-channels*`, `zh-room*`.
Without `--shipped`: 5-fold cross-validation. The score rule is learned on four folds, its threshold chosen on those
four alone (by cross-validation within them), and judged on the fifth together with the shipped lists. Ordinary talk
(`irc-ubuntu*`, the first half of `zh-room*`) is learned from in every fold, as ham, and never counted. With `--nested`
what else was chosen (`Choices`: which texts and patterns can count, the penalty, the weight of spam) is chosen among
`GRID` in the same way, within the four; it takes some ten minutes. With `--shipped`: the rule files as they are, on
all of DATA_DIR, which means something only where DATA_DIR is not what they were learned from.

A message is caught when the verdict is hold or refuse. A disguise is counted on messages that are caught without it.
"""

import argparse
import gzip
import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from content_disguise import DISGUISES
from content_learning import Choices, Message, choose_threshold, learn, load_messages, load_talk

from folkmoot_governance.content.fold import read
from folkmoot_governance.content.match import STRICTNESS, Matcher
from folkmoot_governance.content.rules import Action, Rule, Severity
from folkmoot_server.content.rule_files import load_rule_set, shipped

FOLDS, INNER_FOLDS = 5, 3
FALSE_POSITIVES = 0.0025
"""Share of ham that the threshold may let through on the folds that it is chosen on: half of what is promised."""

GRID = (
    Choices(),
    Choices(least_letters=4),
    Choices(penalty=5e-4),
    Choices(penalty=2e-3),
    Choices(spam_weight=1.0),
    Choices(patterns=()),
)
"""What `--nested` chooses from: the choices that hold, and others beside them."""

LISTS = ("domains", "terms")
ACTIONS = {Severity.LOW: Action.FLAG, Severity.MEDIUM: Action.HOLD, Severity.HIGH: Action.REFUSE}
GATES = {"recall": 0.85, "false_positive_rate": 0.003, "disguised": 0.95}

Judge = Callable[[str], bool]


def judge_of(rules: Sequence[Rule]) -> Judge:
    """Return the function that says whether a text is caught."""
    matcher = Matcher(rules, ACTIONS)

    def caught(text: str) -> bool:
        verdict = matcher.judge(read(text))
        return verdict is not None and STRICTNESS[verdict.action] >= STRICTNESS[Action.HOLD]

    return caught


def shipped_rules(names: Sequence[str]) -> list[Rule]:
    """Return the rules of shipped sets."""
    return [rule for name in names for rule in load_rule_set(shipped(name)).rules]


def split(messages: Sequence[Message], folds: int, seed: int) -> list[list[Message]]:
    """Return the messages in folds, each with its share of every source and label."""
    rng = random.Random(seed)
    parts: list[list[Message]] = [[] for _ in range(folds)]
    for kind in sorted({(one.source, one.is_spam) for one in messages}):
        mine = [one for one in messages if (one.source, one.is_spam) == kind]
        rng.shuffle(mine)
        for number, one in enumerate(mine):
            parts[number % folds].append(one)
    return parts


def others(parts: Sequence[list[Message]], left_out: int) -> list[Message]:
    """Return the messages of all folds but one."""
    return [one for number, part in enumerate(parts) if number != left_out for one in part]


def score_within(messages: Sequence[Message], talk: Sequence[Message], choices: Choices) -> list[tuple[float, bool]]:
    """Return what each message scores by a model that has not seen it; `talk` is ham to learn from."""
    parts = split(messages, INNER_FOLDS, seed=11)
    scored: list[tuple[float, bool]] = []
    for number, part in enumerate(parts):
        model = learn([(read(one.text), one.is_spam) for one in [*others(parts, number), *talk]], choices)
        matcher = Matcher([model.rule(0.0)], ACTIONS)
        # Biases differ between models; weights add up to odds only with them.
        scored += [(matcher.scores(read(one.text))[0][1] + model.bias, one.is_spam) for one in part]
    return scored


def learn_rule(messages: Sequence[Message], talk: Sequence[Message], grid: Sequence[Choices] = GRID[:1]) -> Rule:
    """Return a score rule. Its threshold and, where there are several, the choices come from cross-validation within
    `messages`: those with the best recall at `FALSE_POSITIVES`."""
    scored = {choices: score_within(messages, talk, choices) for choices in grid}
    thresholds = {choices: choose_threshold(found, FALSE_POSITIVES) for choices, found in scored.items()}
    caught = {
        choices: sum(is_spam and score >= thresholds[choices] for score, is_spam in found)
        for choices, found in scored.items()
    }
    best = max(grid, key=caught.__getitem__)
    if len(grid) > 1:
        print("chosen:", best._replace(patterns=()), f"{len(best.patterns)} patterns", file=sys.stderr)
    model = learn([(read(one.text), one.is_spam) for one in [*messages, *talk]], best)
    return model.rule(thresholds[best] - model.bias, id="spam-score")


def tally(judge: Judge, messages: Sequence[Message], counts: Counter[str]) -> None:
    """Count what the rules make of messages, and of the caught ones in each disguise."""
    rng = random.Random(17)
    for one in messages:
        label = "spam" if one.is_spam else "ham"
        caught = judge(one.text)
        counts[label] += 1
        counts[f"{one.source} {label}"] += 1
        counts[f"caught {label}"] += caught
        counts[f"{one.source} caught {label}"] += caught
        if not (caught and one.is_spam):
            continue
        for name, disguise in DISGUISES.items():
            worn = disguise(one.text, rng)
            if worn != one.text:
                counts[f"worn {name}"] += 1
                counts[f"seen through {name}"] += judge(worn)


def chat_messages(place: Path, name: str) -> list[str]:
    """Return the messages of a transcript, empty where there is none."""
    found: list[str] = []
    for path in sorted(place.glob(f"{name}*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            rows = map(json.loads, file)
            found += [row["text"] for row in rows if row["event"] == "message"]
    return found


def chinese_posts(place: Path) -> list[str]:
    """Return Chinese posts with an advertising or soliciting term in them: labelled ones there are none."""
    rng = random.Random(19)
    terms = [line for rule in shipped_rules(["terms"]) if rule.id.startswith("zh") for line in rule.lines()]
    talk = [text for text in chat_messages(place, "zh-room") if len(text) > 6]
    return [f"{rng.choice(talk)}{term}" for term in terms] if talk else terms


def report(counts: Counter[str], chat: dict[str, tuple[int, int]]) -> dict[str, object]:
    """Return the figures."""
    caught, wrong = counts["caught spam"], counts["caught ham"]
    sources = sorted({key.removesuffix(" spam") for key in counts if key.endswith(" spam") and "caught" not in key})
    return {
        "spam": counts["spam"],
        "ham": counts["ham"],
        "precision": round(caught / max(1, caught + wrong), 4),
        "recall": round(caught / max(1, counts["spam"]), 4),
        "false_positive_rate": round(wrong / max(1, counts["ham"]), 4),
        "by_source": {
            one: {
                "recall": round(counts[f"{one} caught spam"] / max(1, counts[f"{one} spam"]), 4),
                "false_positive_rate": round(counts[f"{one} caught ham"] / max(1, counts[f"{one} ham"]), 4),
            }
            for one in sources
        },
        "disguised": {
            name: {
                "posts": counts[f"worn {name}"],
                "caught": round(counts[f"seen through {name}"] / counts[f"worn {name}"], 4),
            }
            for name in DISGUISES
            if counts[f"worn {name}"]
        },
        "other_talk": {name: {"posts": posts, "caught": wrong} for name, (posts, wrong) in chat.items()},
    }


def main() -> int:
    """Print the figures; the exit code says whether they are good enough."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--shipped", action="store_true", help="judge with the rule files as they are shipped")
    parser.add_argument("--nested", action="store_true", help="choose among GRID too, within the folds learned from")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    messages = load_messages(arguments.data)
    counts: Counter[str] = Counter()
    lists = shipped_rules(LISTS)
    whole = judge_of([*lists, *shipped_rules(["spam"])])
    if arguments.shipped:
        tally(whole, messages, counts)
    else:
        parts, talk = split(messages, FOLDS, seed=3), load_talk(arguments.data)
        for number, part in enumerate(parts):
            grid = GRID if arguments.nested else GRID[:1]
            tally(judge_of([*lists, learn_rule(others(parts, number), talk, grid)]), part, counts)
            print(f"fold {number + 1} of {FOLDS} done", file=sys.stderr)
    chinese = [Message(text, True, "zh-terms") for text in chinese_posts(arguments.data)]
    inserted: Counter[str] = Counter()
    tally(whole, chinese, inserted)
    counts.update({key: value for key, value in inserted.items() if key.startswith(("worn", "seen"))})
    chat = {}
    for name in ("irc-channels", "zh-room"):
        texts = chat_messages(arguments.data, name)
        if name == "zh-room":
            # The first half is what was learned from.
            texts = texts[len(texts) // 2 + 1 :]
        chat[name] = (len(texts), sum(map(whole, texts)))
    figures = report(counts, chat)
    print(json.dumps(figures, ensure_ascii=False, indent=None if arguments.json else 1))
    disguised = figures["disguised"]
    assert isinstance(disguised, dict)
    good = (
        counts["caught spam"] >= GATES["recall"] * counts["spam"]
        and counts["caught ham"] <= GATES["false_positive_rate"] * counts["ham"]
        and all(one["caught"] >= GATES["disguised"] for one in disguised.values())
    )
    print("good enough" if good else "not good enough", file=sys.stderr)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
