"""Learning a score rule from labelled messages: which texts and patterns speak for spam, and how much.

The result is a rule that a person can read and mend, `weight text` a line, not a black box: logistic regression over
words and pairs of words, folded as the server folds posts, so that what is learned of one spelling holds for all.
"""

import gzip
import json
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import ahocorasick
import re2

from folkmoot_governance.content.fold import Reading, is_spaceless, squeeze
from folkmoot_governance.content.match import Matcher
from folkmoot_governance.content.rules import Action, Kind, Rule, Severity

PATTERNS = (
    r"\d(?:\W{0,2}\d){4,}",
    r"\d(?:\W{0,2}\d){9,}",
    r"[£$€₽]\W{0,2}\d|\d\W{0,2}(?:[£$€₽]|usd|usdt|руб)",
    r"https?\W|www\W",
    r"t\W{0,2}me\W{0,2}/",
    r"(?:^|\W)@\w{4,}",
    r"\d\W{0,2}%",
    r"\d\W{0,2}p(?:\W|$)",
    r"[\x{1F300}-\x{1FAFF}].*[\x{1F300}-\x{1FAFF}].*[\x{1F300}-\x{1FAFF}]",
    r"!.*!.*!",
    r".{120}",
    r".{300}",
)
"""What no word says: long numbers, sums of money, links, addresses, many emoji, much text."""

EDGES = "\"'()[]{}<>,;:!?*_~`|.…«»“”‘’–—-+=/\\#&^"
LEAST_SEEN = 12
SPAM_COUNTS = 5
"""A text must be seen in 12 messages, or in 3 of spam, or in some of each."""
MAX_WORD = 24
TALK = ("irc-ubuntu", "irc-channels", "zh-room")
SHARE, ROUNDS, NEAR = 0.03, 2, -2.0
"""Of talk this share is learned from; then, so many times, all that comes as near to spam (log odds) by then."""
EPOCHS = 10
LEAST_WEIGHT = 0.05


class Choices(NamedTuple):
    """What must be chosen before anything is learned. These were chosen looking at figures over all the data;
    `content_quality.GRID` has others beside them, to choose from within the data that is learned from."""

    least_letters: int = 3
    penalty: float = 1e-3
    spam_weight: float = 1.5
    patterns: tuple[str, ...] = PATTERNS


class Message(NamedTuple):
    """A labelled message."""

    text: str
    is_spam: bool
    source: str


def load_messages(place: Path) -> list[Message]:
    """Return the labelled messages of a data directory."""
    found = []
    for path in sorted(place.glob("spam-messages*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            rows = map(json.loads, file)
            found += [Message(row["text"], row["label"] == "spam", row["set"]) for row in rows]
    return found


def load_talk(place: Path) -> list[Message]:
    """Return ordinary talk, as ham; `source` is its room: a channel, a day of #ubuntu, a topic of zh-room."""
    found: list[Message] = []
    for name in TALK:
        for path in sorted(place.glob(f"{name}*.jsonl.gz")):
            with gzip.open(path, "rt", encoding="utf-8") as file:
                rows = [row for row in map(json.loads, file) if row["event"] in ("message", "action")]
            found += [Message(row["text"], False, room_of(name, row)) for row in rows]
    return found


def room_of(name: str, row: dict[str, str]) -> str:
    """Return the room of a line of talk, as far as rooms have their bots, their people and their matters in common."""
    if name == "irc-channels":
        return row["room"].partition("/")[0]
    return row["nick"][:2] if name == "zh-room" else row["room"]


def candidates(reading: Reading, least_letters: int) -> Iterator[str]:
    """Yield the texts that a message could teach, as written: words and pairs of words, or pieces where words have no
    borders."""
    words = [word for word in (one.strip(EDGES) for one in reading.plain.split()) if 0 < len(word) <= MAX_WORD]
    for word, following in zip_longest(words, words[1:], fillvalue=""):
        if is_spaceless(word):
            pieces = (word[at : at + size] for size in (2, 3, 4) for at in range(len(word) - size + 1))
            # An emoji beside a letter or two leaves these alone, once squeezed, and they stand in every text.
            yield from (one for one in pieces if is_spaceless(squeeze(one)) or len(squeeze(one)) >= least_letters)
        elif len(squeeze(word)) >= least_letters:
            yield word
        if following and len(squeeze(word + following)) > 4:
            yield f"{word} {following}"


class Features:
    """The texts and patterns that a model knows, and which of them a message has."""

    def __init__(self, messages: Sequence[tuple[Reading, bool]], choices: Choices) -> None:
        seen: Counter[str] = Counter()
        for reading, is_spam in messages:
            for name in set(candidates(reading, choices.least_letters)):
                seen[name] += SPAM_COUNTS if is_spam else 1
        spellings: dict[str, list[str]] = defaultdict(list)
        for name in seen:
            spellings[squeeze(name)].append(name)
        # Of the spellings that fold alike the commonest stands for all.
        chosen = {
            squeezed: max(names, key=lambda name: (seen[name], name))
            for squeezed, names in spellings.items()
            if sum(seen[name] for name in names) >= LEAST_SEEN
        }
        self.names = [*chosen.values(), *(f"/{pattern}/" for pattern in choices.patterns)]
        self._texts = len(chosen)
        self._automaton = ahocorasick.Automaton(ahocorasick.STORE_INTS)
        for number, squeezed in enumerate(chosen):
            self._automaton.add_word(squeezed, number)
        self._automaton.make_automaton()
        options = re2.Options()
        options.case_sensitive = False
        self._patterns = [re2.compile(pattern, options) for pattern in choices.patterns]

    def of(self, reading: Reading) -> list[int]:
        """Return the numbers of what a message has."""
        found = {number for _, number in self._automaton.iter(reading.squeezed)}
        patterns = enumerate(self._patterns, self._texts)
        return [*found, *(number for number, pattern in patterns if pattern.search(reading.plain))]


class Model(NamedTuple):
    """Weights by name, and the bias."""

    names: list[str]
    weights: list[float]
    bias: float

    def scores(self, readings: Iterable[Reading]) -> list[float]:
        """Return the log odds of texts to be spam. Biases differ between models; weights mean odds only with them."""
        matcher = Matcher([self.rule(1.0)], dict.fromkeys(Severity, Action.HOLD))
        return [matcher.scores(reading)[0][1] + self.bias for reading in readings]

    def rule(self, threshold: float, id: str = "score") -> Rule:
        """Return the model as a rule that is broken from `threshold` on, the bias not counted."""
        kept = [
            (weight, name) for weight, name in zip(self.weights, self.names, strict=True) if abs(weight) >= LEAST_WEIGHT
        ]
        lines = [f"{weight:.2f} {name}" for weight, name in sorted(kept, key=lambda one: (-one[0], one[1]))]
        return Rule(
            id=id, kind=Kind.SCORE, severity=Severity.MEDIUM, threshold=round(threshold, 2), entries="\n".join(lines)
        )


def learn(messages: Sequence[tuple[Reading, bool]], choices: Choices) -> Model:
    """Fit logistic regression with an L1 penalty by stochastic gradient descent (AdaGrad steps)."""
    features = Features(messages, choices)
    rows = [(features.of(reading), is_spam) for reading, is_spam in messages]
    size = len(features.names)
    weights, squares = [0.0] * size, [1e-8] * size
    bias, bias_squares = 0.0, 1e-8
    rng = random.Random(5)
    for _ in range(EPOCHS):
        rng.shuffle(rows)
        for found, is_spam in rows:
            z = bias + sum([weights[one] for one in found])
            error = 1 / (1 + math.exp(-max(-30.0, min(30.0, z)))) - is_spam
            if is_spam:
                error *= choices.spam_weight
            bias_squares += error * error
            bias -= 0.2 * error / math.sqrt(bias_squares)
            for one in found:
                squares[one] += error * error
                step = 0.2 / math.sqrt(squares[one])
                weight = weights[one] - step * error
                shrink = step * choices.penalty
                weights[one] = max(0.0, weight - shrink) if weight > 0 else min(0.0, weight + shrink)
    return Model(features.names, weights, bias)


def hard_talk(messages: Sequence[tuple[Reading, bool]], talk: Sequence[Reading], choices: Choices) -> list[Reading]:
    """Return which of much talk to learn from beside labelled messages: some of it, and what looks most like spam.

    There is so much that is like nothing else in it that all of it would teach hardly more.
    """
    rng = random.Random(23)
    chosen = {number for number in range(len(talk)) if rng.random() < SHARE}
    for _ in range(ROUNDS):
        model = learn([*messages, *((talk[number], False) for number in sorted(chosen))], choices)
        chosen |= {number for number, score in enumerate(model.scores(talk)) if score > NEAR}
    return [talk[number] for number in sorted(chosen)]


def choose_threshold(scored: Iterable[tuple[float, bool]], false_positives: float, talk: Iterable[float]) -> float:
    """Return the lowest score that at most this share of the ham reaches, and no line of the talk."""
    ham = sorted((score for score, is_spam in scored if not is_spam), reverse=True)
    allowed = int(len(ham) * false_positives)
    return max(ham[allowed], *talk) + 0.01
